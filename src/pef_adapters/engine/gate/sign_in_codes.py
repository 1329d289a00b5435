"""One-time codes of an app on the phone (RFC 6238): six figures, thirty seconds, SHA-1."""

import base64
import hmac
import secrets
from datetime import datetime

from pyotp import TOTP

STEP_SECONDS = 30
# Clocks of phones differ: one step before and one after ours are taken too (RFC 6238, 5.2).
_NEAR = (0, -1, 1)
_SECRET_BYTES = 20
_ISSUER = "PagoEfectivo refunds"


def new_secret() -> str:
    """A shared secret of 160 bits, in base 32."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_secret(secret: str) -> bool:
    """Whether it is one as `new_secret` makes them."""
    try:
        return len(base64.b32decode(secret)) == _SECRET_BYTES
    except ValueError:
        return False


def address_of(secret: str, email: str) -> str:
    """The otpauth:// address that an app reads from a QR code."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def step_of(secret: str, code: str, now: datetime, used: int) -> int | None:
    """The time step whose code this is; None where it fits none after the last one `used`."""
    typed = "".join(code.split()).encode(errors="replace")
    present, app = int(now.timestamp()) // STEP_SECONDS, TOTP(secret)
    for step in (present + near for near in _NEAR):
        fits = hmac.compare_digest(app.generate_otp(step).encode(), typed)
        if fits and step > used:
            return step
    return None
