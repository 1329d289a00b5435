"""Way C: what the webhook that a merchant made by hand tells, where nothing can be asked back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pef_adapters.core.errors import (
    BodyUnreadable,
    PlatformRefused,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedRefund, KeptRefund, Operation
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, OrderReport
from pef_shopify import platform
from shopify_connected import Records
from shopify_samples import (
    CIP,
    ORDER_ID,
    REFUND_ID,
    WEBHOOK_SECRET,
    by_hand,
    payment_body,
    refund_body,
    signed,
)

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def delivery(*payments: dict[str, Any], **changes: Any) -> Delivery:
    """refunds/create as the store's own webhook sends it."""
    return signed(refund_body(*payments, **changes), "refunds/create", WEBHOOK_SECRET)


def receive(given: Delivery, **changes: Any) -> tuple[Hint, ...]:
    """What the adapter makes of a delivery."""
    return platform().receive(given, by_hand(**changes))


def asked(*payments: dict[str, Any], **changes: Any) -> AskedRefund:
    """The refund that is kept of a delivery."""
    (hint,) = receive(delivery(*payments), **changes)
    assert hint.asked is not None
    return hint.asked


def test_the_body_is_kept_as_what_was_asked() -> None:
    """All that can be known comes from the signed body: ids, amount, reason, who, the CIP."""
    (hint,) = receive(delivery())
    assert (hint.kind, hint.order_id, hint.refund_id) == (
        HintKind.REFUND_CREATED,
        str(ORDER_ID),
        str(REFUND_ID),
    )
    kept = hint.asked
    assert kept is not None
    assert (kept.refund_id, kept.order_id, kept.operation) == (
        str(REFUND_ID),
        str(ORDER_ID),
        Operation.REFUND,
    )
    assert (kept.amount, kept.currency, kept.payment_id) == (Decimal("59.90"), "PEN", None)
    assert (kept.reason, kept.requested_by) == ("Talla equivocada", "548380009")
    assert (kept.payment_method, kept.payment_reference) == ("PagoEfectivo", CIP)


def test_lines_and_adjustments_count_nothing() -> None:
    """The official sample's lines exceed its money; only its transactions are added."""
    payments = payment_body(amount="75.00"), payment_body(amount="10.00")
    assert asked(*payments).amount == Decimal("85.00")


def test_a_missing_currency_is_the_one_of_the_settings() -> None:
    """The official sample names no currency; PagoEfectivo's is soles unless the store says so."""
    assert asked(payment_body(currency=None)).currency == "PEN"
    assert asked(payment_body(currency=None), settings={"currency": "USD"}).currency == "USD"


def test_an_amount_that_is_a_number_stays_exact() -> None:
    """A number in the body never passes through a float."""
    assert asked(payment_body(amount=1)).amount == Decimal(1)
    body = delivery().body.replace(b'"59.90"', b"59.90")
    (hint,) = receive(signed(body, "refunds/create", WEBHOOK_SECRET))
    assert hint.asked is not None
    assert hint.asked.amount == Decimal("59.90")


def test_several_currencies_are_refused() -> None:
    """A sum over two currencies is nobody's amount."""
    with pytest.raises(BodyUnreadable):
        receive(delivery(payment_body(), payment_body(currency="USD")))


@pytest.mark.parametrize(
    "changes",
    [
        {"gateway": "paypal"},
        {"kind": "sale"},
        {"status": "failure"},
        {"status": "error"},
        {"message": "Manually refunded from PayPal"},
        {"manual_payment_gateway": False},
        {"test": True},
    ],
    ids=str,
)
def test_what_is_not_ours_to_pay_is_not_kept(changes: dict[str, Any]) -> None:
    """Another method's, a failure, a test at a live store, or what the provider paid itself."""
    assert receive(delivery(payment_body(**changes))) == ()


def test_a_test_is_kept_in_the_sandbox() -> None:
    """A store that only tries things out has nothing but tests."""
    assert asked(payment_body(test=True), mode=Mode.SANDBOX).test


def test_a_pending_refund_is_kept_too() -> None:
    """Shopify moves no money of a manual method, whether it says pending or success."""
    assert asked(payment_body(status="pending")).amount == Decimal("59.90")


def test_a_restock_is_not_kept() -> None:
    """A refund without transactions gives no money back."""
    assert receive(delivery(transactions=[])) == ()
    assert receive(delivery(transactions=None)) == ()


@pytest.mark.parametrize("gateway", [None, "", "manual"])
def test_a_nameless_payment_is_trouble(gateway: str | None) -> None:
    """Where the body does not say whose money it is, a person has to look: it is not lost."""
    (hint,) = receive(delivery(payment_body(gateway=gateway)))
    assert (hint.kind, hint.asked) == (HintKind.STORE_TROUBLE, None)
    assert str(REFUND_ID) in hint.detail


def test_the_order_can_be_the_reference() -> None:
    """Where payments are made under the order's id, that is what the rail finds them by."""
    settings = {"transaction_reference": "order_id"}
    assert asked(payment_body(), settings=settings).payment_reference == str(ORDER_ID)


@pytest.mark.parametrize("payments", [(None,), ("1", "2"), (" ",)])
def test_an_unclear_payment_is_no_reference(payments: tuple[str | None, ...]) -> None:
    """None or several payment ids name no payment."""
    given = [payment_body(payment_id=each) for each in payments]
    assert asked(*given).payment_reference is None


def test_a_trial_notification_is_a_ping() -> None:
    """Shopify's button that sends a sample refunds nothing."""
    trial = signed(refund_body(), "refunds/create", WEBHOOK_SECRET, test="true")
    (hint,) = receive(trial)
    assert hint.kind is HintKind.PING


def test_other_webhooks_of_the_merchant_say_nothing() -> None:
    """The same secret signs all that the merchant made; only refunds are of use."""
    assert receive(signed({"id": 5}, "orders/create", WEBHOOK_SECRET)) == ()


def test_only_the_stores_own_secret_opens() -> None:
    """Forged, unsigned and swapped deliveries are refused as an app's are."""
    with pytest.raises(SignatureInvalid):
        receive(signed(refund_body(), "refunds/create"))
    with pytest.raises(SignatureMissing):
        receive(signed(refund_body(), "refunds/create", WEBHOOK_SECRET, hmac_sha256=""))
    other = "otra-tienda.myshopify.com"
    with pytest.raises(SourceMismatch):
        receive(signed(refund_body(), "refunds/create", WEBHOOK_SECRET, shop_domain=other))


# --- reading what was kept ---


def kept(refund_id: str, minutes: int) -> KeptRefund:
    """A refund as the engine keeps it, asked for so many minutes after midnight."""
    return KeptRefund(
        store_id="tienda-myshopify-com",
        refund_id=refund_id,
        operation=Operation.REFUND,
        payment_id=None,
        order_id=str(ORDER_ID),
        order_number="",
        amount=Money(5990, "PEN"),
        reason="",
        requested_by=None,
        payment_method="PagoEfectivo",
        transaction_id=CIP,
        paid=None,
        paid_at=None,
        asked_at=MIDNIGHT + timedelta(minutes=minutes),
    )


async def test_what_was_kept_is_read() -> None:
    """Nothing can be asked back, so that a refund reads as its webhook told it."""
    records = Records(refunds=[kept("17", 0), kept("18", 5)])
    hint = Hint(kind=HintKind.REFUND_CREATED, order_id=str(ORDER_ID), refund_id="17")
    (found,) = await platform().read(hint, by_hand(records=records))
    assert (found.refund_id, found.amount, found.ours) == ("17", Money(5990, "PEN"), True)
    assert (found.transaction_id, found.payout_barred) == (CIP, None)
    barred = by_hand(records=records, settings={"payouts": "barred"})
    (found,) = await platform().read(hint, barred)
    assert found.payout_barred == "code.PAYOUT_BARRED_BY_STORE"


async def test_the_poll_moves_on_with_what_was_kept() -> None:
    """Without a clock the newest refund is the present; the cursor never goes back."""
    store = by_hand(records=Records(refunds=[kept("17", 0), kept("18", 60)]))
    changes = await platform().find_changes(MIDNIGHT, store)
    assert {hint.refund_id for hint in changes.hints} == {"17", "18"}
    assert changes.cursor == MIDNIGHT + timedelta(minutes=50)
    later = MIDNIGHT + timedelta(minutes=55)
    assert (await platform().find_changes(later, store)).cursor == later
    empty = by_hand(records=Records())
    assert (await platform().find_changes(later, empty)).cursor == later


async def test_nothing_is_written_without_an_app() -> None:
    """A report about such a store is done with at once: nobody could be told."""
    await platform().write_back(OrderReport(str(ORDER_ID), ()), by_hand())


# --- what the owner is told ---


async def test_connecting_tells_the_owner_what_to_type() -> None:
    """Nothing can be made at such a store; the check says where to type which address."""
    (check,) = await platform().connect(by_hand())
    assert by_hand().callback_url in check.detail
    assert "Notifications" in check.detail


async def test_checking_says_that_nothing_is_written() -> None:
    """The owner learns that orders of this store never say how their refunds stand."""
    checks = {check.name: check for check in await platform().check(by_hand())}
    assert all(check.passed for check in checks.values())
    assert "nothing can be written back" in checks["write-back"].detail


async def test_a_missing_secret_fails_the_check() -> None:
    """Without its secret no delivery of the store could be believed."""
    checks = await platform().check(by_hand(secrets={"webhook_secret": ""}))
    assert [check.passed for check in checks] == [False]
    assert "webhook_secret" in checks[0].detail


@pytest.mark.parametrize("refund_id", [None, "17"])
async def test_what_the_app_told_before_is_not_taken_for_gone(refund_id: str | None) -> None:
    """A store that changes to its own webhook loses no refund that our app told us of."""
    hint = Hint(kind=HintKind.ORDER_CHANGED, order_id=str(ORDER_ID), refund_id=refund_id)
    with pytest.raises(PlatformRefused, match="settle it by hand"):
        await platform().read(hint, by_hand(records=Records()))
