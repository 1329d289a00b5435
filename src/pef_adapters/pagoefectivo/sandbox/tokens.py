"""The sandbox's bearer tokens: signed, without storage, so they survive a restart."""

import base64
import hmac
import secrets
from datetime import datetime, timedelta

from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox.answers import Refused
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings

CODE_SERVICE = "SBX"


def issue(settings: SandboxSettings, now: datetime) -> dict[str, object]:
    """The data of an authorization (fact sheet 1.2)."""
    expires = now + timedelta(seconds=settings.token_life)
    claims = {
        "sub": CODE_SERVICE,
        "jti": secrets.token_hex(8),
        "nameid": settings.service_id,
        "exp": int(expires.timestamp()),
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return {
        "token": f"{signed}.{_signature(signed, settings)}",
        "codeService": CODE_SERVICE,
        "tokenStart": now.isoformat(timespec="seconds"),
        "tokenExpires": expires.isoformat(timespec="seconds"),
    }


def check(authorization: str, settings: SandboxSettings, now: datetime) -> None:
    """Check an `Authorization` header.

    Raises:
        Refused: 401, for a forged, foreign or expired token.
    """
    scheme, _, token = authorization.partition(" ")
    signed, _, signature = token.rpartition(".")
    genuine = hmac.compare_digest(_signature(signed, settings).encode(), signature.encode())
    if scheme.lower() != "bearer" or not genuine:
        raise Refused("INVALID_SIGNATURE")
    if _claimed_expiry(signed) <= int(now.timestamp()):
        raise Refused("TOKEN_EXPIRED")


def _claimed_expiry(signed: str) -> int:
    payload = signed.partition(".")[2]
    claims = exact_json.read(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(str(claims["exp"])) if isinstance(claims, dict) else 0


def _part(value: dict[str, object] | dict[str, str]) -> str:
    return _unpadded(exact_json.write(value))


def _signature(signed: str, settings: SandboxSettings) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return _unpadded(hmac.digest(key, signed.encode(), "sha256"))


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
