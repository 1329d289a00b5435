"""Refunds read back from what was kept, and a poll whose cursor needs no clock."""

from datetime import timedelta

import pytest

from checkout_samples import checkout
from pef_adapters.core.money import Money
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Hint, HintKind, StoreConnection
from pef_adapters.testing.provider_harness import CIP, KeptInMemory
from pef_shopify.payments import ShopifyPayments
from pef_shopify.payments.provider import ShopifyProvider
from shopify_payments_bench import NOW, REFUND, SESSION, call, connection, refund_body

PLATFORM = ShopifyPayments()
PAYMENT = checkout(
    payment_id=SESSION,
    order_id=SESSION,
    state=CheckoutState.PAID,
    transaction_id=CIP,
    paid_at=NOW - timedelta(days=2),
)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> StoreConnection:
    """A shop with a custom payments app, and one refund that was asked for just now."""
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", "custom")
    made = connection()
    keep(made, REFUND)
    return made


def keep(store: StoreConnection, refund_id: str, ago: timedelta = timedelta()) -> None:
    """A refund that was asked for some time ago."""
    asked = ShopifyProvider().read(call("/refund", refund_body(id=refund_id)), store)
    assert isinstance(store.records, KeptInMemory)
    store.records.keep_refund(asked, PAYMENT, NOW - ago)


@pytest.mark.parametrize(
    "hint",
    [
        Hint(kind=HintKind.REFUND_CREATED, refund_id=REFUND),
        Hint(kind=HintKind.ORDER_CHANGED, order_id=SESSION),
    ],
)
async def test_a_refund_is_read_with_its_payment(hint: Hint, store: StoreConnection) -> None:
    """By its id or its payment's, the refund comes with the CIP, what was paid and when."""
    (refund,) = await PLATFORM.read(hint, store)
    assert (refund.refund_id, refund.order_id, refund.transaction_id) == (REFUND, SESSION, CIP)
    assert (refund.amount, refund.order_total) == (Money(5990, "PEN"), PAYMENT.amount)
    assert refund.order_paid_at == PAYMENT.paid_at
    assert refund.payout_barred is None


async def test_an_app_store_app_bars_payouts_of_each_refund(
    store: StoreConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refund read says why nobody may pay it by hand."""
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", "app_store")
    hint = Hint(kind=HintKind.REFUND_CREATED, refund_id=REFUND)
    (refund,) = await PLATFORM.read(hint, store)
    assert refund.payout_barred == "code.PAYOUT_BARRED_BY_APP_STORE"


async def test_the_cursor_follows_the_newest_refund(store: StoreConnection) -> None:
    """It moves with what was asked, a little behind it, so that nothing is listed for ever."""
    keep(store, "older", timedelta(hours=5))
    changes = await PLATFORM.find_changes(NOW - timedelta(days=1), store)
    assert [hint.refund_id for hint in changes.hints] == [REFUND, "older"]
    assert changes.cursor == NOW - timedelta(minutes=10)
    again = await PLATFORM.find_changes(changes.cursor, store)
    assert [hint.refund_id for hint in again.hints] == [REFUND]
    assert again.cursor == changes.cursor


async def test_the_cursor_stays_where_nothing_is_newer(store: StoreConnection) -> None:
    """Without news there is no moment to move to, and what comes next is not passed over."""
    since = NOW + timedelta(minutes=1)
    changes = await PLATFORM.find_changes(since, store)
    assert (changes.hints, changes.cursor) == ((), since)
