"""Session tokens: who is looking at the app inside a store's admin, proved by Shopify.

A token is good for a minute and says two things: which store's admin sent it, and which
of its people. Facts: `platforms/shopify.md`, section 3. Must never be logged or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from jwt.types import Options

from pef_adapters.core.errors import (
    SettingInvalid,
    SignatureInvalid,
    SignatureMissing,
    WebhookRejected,
)
from pef_shopify.app import AppSettings
from pef_shopify.install import shop_domain

# Clocks differ; Shopify's own libraries allow as much.
_LEEWAY: Final = timedelta(seconds=10)
_OPTIONS: Final[Options] = {
    "require": ["aud", "dest", "exp", "iss", "nbf", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
}
_MISSING: Final = "open the app in the store's admin, which proves who asks"
_NOT_OURS: Final = "this is no session of our app; open the app again in the store's admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person of a store who has our app open. `shop` is like tienda.myshopify.com.

    `token` is the proof itself, which can be exchanged for the store's tokens.
    """

    shop: str
    user_id: str
    token: str = field(repr=False)


def read_session(token: str, app: AppSettings, now: datetime) -> Session:
    """The session that a token proves.

    Raises:
        SignatureMissing: there is no token.
        SignatureInvalid: forged, another app's, too old, not good yet, or of no store.
    """
    claims = _claims(token, app)
    if not _in_time(claims, now):
        raise SignatureInvalid("this session is over; reload the page in the store's admin")
    shop = _host(claims["dest"])
    if shop != _host(claims["iss"]):
        raise SignatureInvalid(_NOT_OURS)
    return Session(shop=shop, user_id=str(claims["sub"]), token=token)


def is_over(token: str, app: AppSettings, now: datetime) -> bool:
    """Whether a token really was one of our app's, and only its time is not now."""
    try:
        return not _in_time(_claims(token, app), now)
    except WebhookRejected:
        return False


def claimed_shop(token: str) -> str:
    """The shop that a token names; it proves nothing, but says which app must have signed it.

    Raises:
        SignatureMissing: there is no token.
        SignatureInvalid: it names no shop.
    """
    if not token:
        raise SignatureMissing(_MISSING)
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise SignatureInvalid(_NOT_OURS) from None
    return _host(claims.get("dest", ""))


def _claims(token: str, app: AppSettings) -> Mapping[str, Any]:
    """What the token says; time is compared by `_in_time`, by the clock we were given."""
    if not token:
        raise SignatureMissing(_MISSING)
    for secret in app.client_secrets:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, secret, algorithms=["HS256"], audience=app.client_id, options=_OPTIONS
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError:
            raise SignatureInvalid(_NOT_OURS) from None
        else:
            return claims
    raise SignatureInvalid(_NOT_OURS)


def _in_time(claims: Mapping[str, Any], now: datetime) -> bool:
    at, leeway = now.timestamp(), _LEEWAY.total_seconds()
    try:
        return float(claims["nbf"]) - leeway <= at < float(claims["exp"]) + leeway
    except (TypeError, ValueError):
        raise SignatureInvalid(_NOT_OURS) from None


def _host(address: object) -> str:
    """The shop in an address that may lack its scheme (`dest` of some extensions does)."""
    text = str(address)
    try:
        return shop_domain(urlsplit(text if "://" in text else f"https://{text}").netloc)
    except (SettingInvalid, ValueError):
        raise SignatureInvalid(_NOT_OURS) from None
