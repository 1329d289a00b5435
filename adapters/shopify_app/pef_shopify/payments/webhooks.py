"""The few webhooks of a payments app: it was removed, and what privacy laws ask.

Payments and refunds never come this way: those are sessions (`provider`).
"""

from dataclasses import replace
from typing import Final

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreConnection
from pef_shopify import inbound
from pef_shopify.payments.settings import payments_app_of

_TOLD: Final = frozenset({HintKind.UNINSTALLED, HintKind.PRIVACY})
# What an app that reads orders must be told, and this one has no use for.
_NO_ORDERS: Final = {"gateways": ("PagoEfectivo",)}


def receive(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    """See `platforms.contract.Platform.receive`."""
    hints = inbound.receive(delivery, _signed_by_payments_app(store))
    return tuple(hint for hint in hints if hint.kind in _TOLD)


def _signed_by_payments_app(store: StoreConnection) -> StoreConnection:
    """The store as one whose own app is the payments app: its secret signs."""
    app = payments_app_of(store)
    if not app.client_secrets:
        raise SettingInvalid(
            "the payments app has no secret; set PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET"
        )
    own = {"client_id": app.client_id, "client_secret": app.client_secret.get_secret_value()}
    return replace(store, settings=_NO_ORDERS, secrets={**store.secrets, **own})
