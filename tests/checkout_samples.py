"""A payment that a store asked us to take, for tests of the rail."""

from datetime import UTC, datetime
from typing import Any

from pef_adapters.core.money import Money
from pef_adapters.engine.records import Checkout
from pef_adapters.platforms.asked import CheckoutState

EMAIL = "ana@example.com"
EXPIRES_AT = datetime(2999, 1, 1, 17, tzinfo=UTC)


def checkout(amount: str = "129.80", currency: str = "PEN", **changes: Any) -> Checkout:
    """S/ 129.80 of order 1014, kept a moment ago and without a CIP so far."""
    at = datetime(2026, 11, 22, 15, tzinfo=UTC)
    given: dict[str, Any] = {
        "id": "CK7Q2M4X9B",
        "store_id": "tienda-pe",
        "account_id": "account-1",
        "payment_id": "F5C1A4E20D3B4E07",
        "order_id": "1014-01",
        "order_number": "1014",
        "amount": Money.parse(amount, currency),
        "test": True,
        "state": CheckoutState.ASKED,
        "return_url": "https://tienda.pe/gracias",
        "private": {},
        "created_at": at,
        "updated_at": at,
        "expires_at": EXPIRES_AT,
    }
    return Checkout(**{**given, **changes})
