"""What the adapter concludes from a store's answers, and what it must not."""

import httpx
import pytest

from pef_adapters.core.errors import PlatformNonsense
from pef_woocommerce.client import Answer
from pef_woocommerce.reading import _canonical, read_order
from pef_woocommerce.settings import Settings
from pef_woocommerce.wire import Order, Refund

_SETTINGS = Settings(payment_methods=("pagoefectivo",))


def _refund_in(currency: str, method: str) -> tuple[Refund, Order]:
    order = Order.model_validate(
        {"id": 1, "number": "1", "currency": currency, "total": "0.01", "payment_method": method}
    )
    refund = Refund.model_validate(
        {"id": 2, "date_created_gmt": "2026-11-23T00:00:00", "amount": "0.01"}
    )
    return refund, order


def test_others_order_in_an_odd_currency_is_passed_over() -> None:
    """An order of another method, in points or crypto, is none of our business."""
    assert _canonical(*_refund_in("BTC", "btcpay"), _SETTINGS, {}) is None


def test_own_order_in_an_odd_currency_is_an_error() -> None:
    """An order of ours that can't be read is not passed over in silence."""
    with pytest.raises(PlatformNonsense):
        _canonical(*_refund_in("BTC", "pagoefectivo"), _SETTINGS, {})


class _Proxy:
    """Something before the store that answers 404 in a JSON of its own."""

    async def get(self, path: str, params: object = None) -> Answer:
        """Any path is missing."""
        del path, params
        return Answer(b"", httpx.Headers(), missing="site_suspended")


async def test_404_of_somebody_else_is_no_erased_order() -> None:
    """Only WooCommerce's own code proves that an order is gone."""
    with pytest.raises(PlatformNonsense):
        await read_order(_Proxy(), "14")  # type: ignore[arg-type]
