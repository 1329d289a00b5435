"""What one secret of this house does: hash accounts and buyers, and sign buyers' links.

The key is random, made once and kept sealed in the database, so that it outlives a
rotation of PEF_SECRET_KEY: the same account is still found, and no sent link dies.
"""

import hmac
import secrets
from hashlib import sha256

from itsdangerous import BadSignature, Signer

from pef_adapters.core.errors import LinkTampered
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.storage.storable import text as kept

_FINGERPRINT, _LINKS = b"pef.fingerprint", "pef.links"
_ID_BYTES = 18


def new_house_key() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


async def house_key_of(book: LedgerBook) -> str:
    """The key of the ledger's house; made at the first call."""
    async with book.begin() as ledger:
        return await ledger.house_key(new_house_key())


class KeyedHash:
    """Implements `engine.ports.Fingerprint`: HMAC-SHA256 in hex, of text as it is kept."""

    def __init__(self, key: str) -> None:
        self._key = hmac.digest(key.encode(), _FINGERPRINT, sha256)

    def __call__(self, text: str) -> str:
        return hmac.new(self._key, kept(text).encode(), sha256).hexdigest()


class SignedLinks:
    """Implements `engine.ports.LinkSigner` with itsdangerous; the id alone is 144 bits."""

    def __init__(self, key: str) -> None:
        self._signer = Signer(key, salt=_LINKS, digest_method=sha256, sep=".")

    def new(self) -> tuple[str, str]:
        link_id = secrets.token_urlsafe(_ID_BYTES)
        return link_id, self.token(link_id)

    def token(self, link_id: str) -> str:
        return self._signer.sign(link_id).decode()

    def read(self, token: str) -> str:
        try:
            link_id = self._signer.unsign(token).decode()
        except (BadSignature, UnicodeError):
            # `from None`: the cause carries what was sent.
            raise LinkTampered from None
        # Base64 has several spellings of one signature; only the one we wrote is ours.
        if token != self.token(link_id):
            raise LinkTampered
        return link_id
