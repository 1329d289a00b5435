"""What a shop hears about its sessions, over real HTTP: words, dates, renewals, dead ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Outcome
from pef_adapters.testing.provider_harness import (
    KeptInMemory,
    asked_payment,
    asked_refund,
    moved,
    paid_payment,
    provider_of,
    report_of,
    tell,
)
from shopify_bench import PAYMENTS_ID
from shopify_payments_bench import PaymentsHarness, connection


def payment_of(harness: PaymentsHarness, payment_id: str) -> Any:
    """A payment session as the shop keeps it."""
    return harness.shop.sessions()["payments"][payment_id]


def refund_of(harness: PaymentsHarness, refund_id: str) -> Any:
    """A refund session as the shop keeps it."""
    return harness.shop.sessions()["refunds"][refund_id]


async def test_a_waiting_payment_lasts_longer_than_its_cip(harness: PaymentsHarness) -> None:
    """Shopify waits until a little after the CIP's end, and for three days at most."""
    waiting = await tell(harness, await asked_payment(harness), CheckoutState.WAITING)
    assert waiting.expires_at is not None
    held = payment_of(harness, waiting.payment_id)
    until = datetime.fromisoformat(held["pending_expires"])
    assert waiting.expires_at < until <= waiting.created_at + timedelta(days=3)
    assert held["reason"] == "BUYER_ACTION_REQUIRED"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (CheckoutState.EXPIRED, "El comprador no pagó el CIP a tiempo"),
        (CheckoutState.CANCELLED, "El pago se canceló antes"),
    ],
)
async def test_the_merchant_reads_why_nothing_was_paid(
    harness: PaymentsHarness, state: CheckoutState, said: str
) -> None:
    """A payment that came to nothing says why, in the store's language."""
    ended = await tell(harness, await asked_payment(harness), state)
    held = payment_of(harness, ended.payment_id)
    assert held["reason"] == "CANCELLED_PAYMENT"
    assert held["merchant_message"].startswith(said)


async def test_the_merchant_reads_why_a_refund_failed(harness: PaymentsHarness) -> None:
    """The line's note reaches the order's transaction, shortened where it is long."""
    kept = await asked_refund(harness)
    long = "El banco devolvió el dinero porque la cuenta está cerrada. " * 20
    report = report_of(kept, Outcome.FAILED, note=long)
    await harness.platform.write_back(report, harness.store)
    message = refund_of(harness, kept.refund_id)["merchant_message"]
    assert message.startswith("El banco devolvió el dinero")
    assert len(message) <= 250
    assert message.endswith("…")


async def test_a_failed_refund_without_a_note_is_told_too(harness: PaymentsHarness) -> None:
    """The reason's code suffices; a message is only for people."""
    kept = await asked_refund(harness)
    report = report_of(kept, Outcome.FAILED, note=None)
    await harness.platform.write_back(report, harness.store)
    assert refund_of(harness, kept.refund_id)["state"] == "rejected"


async def test_what_is_left_to_the_store_has_failed_for_shopify(harness: PaymentsHarness) -> None:
    """A refund that a person pays by hand moved no money on its way through Shopify."""
    kept = await asked_refund(harness)
    await harness.platform.write_back(report_of(kept, Outcome.LEFT_TO_STORE), harness.store)
    assert refund_of(harness, kept.refund_id)["state"] == "rejected"


async def test_a_lost_answer_resolves_the_refund_once(harness: PaymentsHarness) -> None:
    """The first try took effect unseen; the repeat succeeds, and one success stands there."""
    kept = await asked_refund(harness)
    report = report_of(kept, Outcome.REFUNDED)
    harness.shop.moods(lose_answers=1, lose_operation="refundSessionResolve")
    with pytest.raises(Exception, match="did not answer"):
        await harness.platform.write_back(report, harness.store)
    await harness.platform.write_back(report, harness.store)
    order_id = str(payment_of(harness, kept.payment_id or "")["order_id"])
    order = harness.shop.order(order_id)
    refunds = [each for each in order["transactions"] if each["kind"] == "refund"]
    assert [each["status"] for each in refunds] == ["success"]
    assert order["refunded"] == "59.90"


@pytest.mark.parametrize(
    ("first", "other", "mend"),
    [
        (Outcome.REFUNDED, Outcome.FAILED, "pay the buyer another way"),
        (Outcome.FAILED, Outcome.REFUNDED, "don't press the refund again"),
    ],
)
async def test_the_other_end_says_what_to_do(
    harness: PaymentsHarness, first: Outcome, other: Outcome, mend: str
) -> None:
    """An end that Shopify holds otherwise is told to a person, with what is left to do."""
    kept = await asked_refund(harness)
    await harness.platform.write_back(report_of(kept, first), harness.store)
    with pytest.raises(PlatformRefused, match=mend):
        await harness.platform.write_back(report_of(kept, other), harness.store)


async def test_erased_records_can_still_be_told(harness: PaymentsHarness) -> None:
    """What privacy erased is not needed: the session's name follows from its id."""
    kept = await asked_refund(harness)
    harness.records.refunds.clear()
    await harness.platform.write_back(report_of(kept, Outcome.REFUNDED), harness.store)
    assert refund_of(harness, kept.refund_id)["state"] == "resolved"


async def test_an_unknown_session_is_for_a_person(harness: PaymentsHarness) -> None:
    """Shopify knowing nothing of a refund or payment is no success, and says so."""
    kept = await asked_refund(harness)
    report = report_of(kept, Outcome.REFUNDED, refund_id="nobody-asked-for-this")
    with pytest.raises(PlatformRefused, match="not found"):
        await harness.platform.write_back(report, harness.store)


async def test_throttled_telling_waits_and_succeeds(harness: PaymentsHarness) -> None:
    """Asked to slow down, the same mutation is sent again."""
    kept = await asked_refund(harness)
    harness.shop.moods(throttle_answers=2)
    await harness.platform.write_back(report_of(kept, Outcome.REFUNDED), harness.store)
    assert refund_of(harness, kept.refund_id)["state"] == "resolved"


async def test_an_expired_token_is_renewed_by_the_payments_app(harness: PaymentsHarness) -> None:
    """The payments app's own keys renew its token, and the new pair is kept."""
    pair = harness.shop.install(PAYMENTS_ID)
    records = KeptInMemory(pair, harness.records.refunds, harness.records.checkouts)
    harness.store = connection(secrets=pair, records=records)
    harness.shop.do("POST", "/tokens/expire", {"client_id": PAYMENTS_ID})
    payment = await paid_payment(harness)
    assert payment_of(harness, payment.payment_id)["state"] == "resolved"
    assert records.secrets["access_token"] != pair["access_token"]


async def test_a_payment_that_is_only_kept_is_not_told(harness: PaymentsHarness) -> None:
    """Without a CIP there is nothing to tell, and nobody is called."""
    kept = moved(harness, await asked_payment(harness), CheckoutState.ASKED)
    await provider_of(harness).tell_payment(kept, harness.unreachable())
