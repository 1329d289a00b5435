"""How a store installs our app: the address where it approves, and the proof of its return.

Knows no token; `tokens` gets those. The one-time state is the engine's. Facts:
`platforms/shopify.md`, section 3.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from pef_adapters.core.errors import SettingInvalid, SignatureInvalid, SignatureMissing
from pef_shopify.app import AppSettings
from pef_shopify.settings import is_shop

APP, PAYMENTS = "shopify", "shopify_payments"
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    APP: ("read_orders", "write_orders"),
    PAYMENTS: ("write_payment_gateways", "write_payment_sessions"),
}
"""The rights each of our two apps asks for: no product, no customer, no personal data."""

# As long as Shopify's JavaScript library lets a signed query live, into both directions.
_SIGNED_LASTS: Final = timedelta(seconds=90)
_HMAC: Final = "hmac"
_FORGED: Final = "these are not Shopify's words about this app; start at the app's link again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A store's owner approved: the shop, our own one-time state, and the code for tokens."""

    shop: str
    state: str
    code: str = field(repr=False)


def shop_domain(text: str) -> str:
    """The shop as Shopify names it, from what a person or a query says.

    Raises:
        SettingInvalid: it is no shop's own address at Shopify.
    """
    shop = text.strip().lower().removeprefix("https://").rstrip("/")
    if not is_shop(shop):
        raise SettingInvalid(
            f"{text[:80]!r} is no shop; give its address at Shopify, like tienda.myshopify.com"
        )
    return shop


def app_for(platform: str, app: AppSettings) -> AppSettings:
    """The app of this process as the one that a platform's stores install."""
    if platform == APP:
        return app
    own = {"client_id": app.payments_client_id, "client_secret": app.payments_client_secret}
    return app.model_copy(update=own)


def authorize_url(
    app: AppSettings, shop: str, *, platform: str = APP, state: str, return_url: str
) -> str:
    """Where the owner approves; Shopify sends him to `return_url` with `state` and a code.

    Raises:
        SettingInvalid: the app has no client id, or `return_url` is no https address.
    """
    if not app.client_id:
        raise SettingInvalid("the app has no client id; set PEF_SHOPIFY_CLIENT_ID")
    if not return_url.startswith("https://") and not app.api_url:
        raise SettingInvalid("Shopify returns to an https address only: set PEF_PUBLIC_URL to one")
    query = {
        "client_id": app.client_id,
        "scope": ",".join(SCOPES[platform]),
        "redirect_uri": return_url,
        "state": state,
    }
    return f"{app.address_of(shop)}/admin/oauth/authorize?{urlencode(query)}"


def app_page(app: AppSettings, shop: str, *, platform: str = APP) -> str:
    """Where the owner goes on: our page in the store's admin, or the payment method's."""
    if platform == APP:
        return f"{app.address_of(shop)}/admin/apps/{app.client_id}"
    return f"https://{shop}/services/payments_partners/gateways/{app.client_id}/settings"


def is_signed(query: str) -> bool:
    """Whether a query claims to be Shopify's; it proves nothing."""
    return any(name == _HMAC for name, _ in parse_qsl(query, keep_blank_values=True))


def read_query(query: str, app: AppSettings, now: datetime) -> Mapping[str, str]:
    """What Shopify says in a signed query, as it stands in the address.

    The signature is hex HMAC-SHA256 over the sorted query without `hmac`.

    Raises:
        SignatureMissing: nobody signed it.
        SignatureInvalid: not Shopify, older than 90 s, or a name stands there twice.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    told = dict(pairs)
    if _HMAC not in told:
        raise SignatureMissing(_FORGED)
    if len(told) != len(pairs) or not _is_signed_by(query, told[_HMAC], app):
        raise SignatureInvalid(_FORGED)
    if not _is_fresh(told.get("timestamp", ""), now):
        raise SignatureInvalid("this link is too old; start at the app's link again")
    return {name: value for name, value in told.items() if name != _HMAC}


def read_return(query: str, app: AppSettings, now: datetime) -> Approved:
    """The owner's return from Shopify.

    Raises:
        SignatureMissing, SignatureInvalid: as `read_query`, or there is no code or state.
        SettingInvalid: it names no shop.
    """
    told = read_query(query, app, now)
    if not told.get("code") or not told.get("state"):
        raise SignatureInvalid(_FORGED)
    return Approved(shop=shop_domain(told.get("shop", "")), state=told["state"], code=told["code"])


def _is_signed_by(query: str, signature: str, app: AppSettings) -> bool:
    # As it was sent: decoding and encoding it again could change what was signed.
    parts = (part for part in query.split("&") if part and part.partition("=")[0] != _HMAC)
    message = "&".join(sorted(parts, key=lambda part: part.partition("=")[0])).encode()
    right = [hmac.new(key.encode(), message, hashlib.sha256) for key in app.client_secrets]
    given = signature.encode()
    return any(hmac.compare_digest(each.hexdigest().encode(), given) for each in right)


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not timestamp.isascii() or not timestamp.isdecimal():
        return False
    return abs(now.timestamp() - int(timestamp)) <= _SIGNED_LASTS.total_seconds()
