"""A device with passkeys in software (WebAuthn Level 3; ES256), honest or not as a test likes."""

import hashlib
import json
import secrets
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

SITE = "https://refunds.example"
_PRESENT, _VERIFIED, _NEW_KEY = 0x01, 0x04, 0x40


class Device:
    """Holds one passkey; each attribute may be made wrong by a test."""

    def __init__(self, origin: str = SITE, host: str = "refunds.example") -> None:
        self.origin, self.host = origin, host
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.handle = b""
        self.count = 0
        self.is_verified = True

    def twin(self) -> Self:
        """A copy of the passkey with its present count."""
        other = type(self)(self.origin, self.host)
        other.key, other.id, other.handle, other.count = self.key, self.id, self.handle, self.count
        return other

    def make(self, options: str, **response: Any) -> str:
        """The answer to PublicKeyCredentialCreationOptions."""
        asked = json.loads(options)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        key = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(_NEW_KEY) + key
        plain = {
            "clientDataJSON": self._client("webauthn.create", asked["challenge"]),
            "attestationObject": encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}),
        }
        return self._answer(plain, {"transports": ["internal"], **response})

    def sign(self, options: str) -> str:
        """The answer to PublicKeyCredentialRequestOptions; the count grows."""
        asked = json.loads(options)
        self.count += 1
        client, data = self._client("webauthn.get", asked["challenge"]), self._data()
        signed = data + hashlib.sha256(client).digest()
        plain = {
            "clientDataJSON": client,
            "authenticatorData": data,
            "signature": self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            "userHandle": self.handle,
        }
        return self._answer(plain, {})

    def _data(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.is_verified else 0)
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, plain: dict[str, bytes], more: dict[str, Any]) -> str:
        name = bytes_to_base64url(self.id)
        response = {part: bytes_to_base64url(value) for part, value in plain.items()}
        whole = {"id": name, "rawId": name, "type": "public-key", "response": response | more}
        return json.dumps(whole)
