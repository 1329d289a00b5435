"""`/payments` and the manifest: what is kept, and what VTEX hears of a CIP."""

from datetime import timedelta

import pytest

from pef_adapters.core.errors import AnsweredNo, BodyUnreadable, KeysMixed, MaybeSent
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedPayment, CheckoutState
from pef_adapters.platforms.provider import Plain
from vtex_samples import (
    CALLBACK,
    CIP,
    PAYMENT,
    call,
    checkout,
    connection,
    example_requests,
    payment_body,
    provider,
    said,
)


def asked(**changes: object) -> AskedPayment:
    """What the adapter understands of a call for a payment."""
    found = provider().read(call("/payments", payment_body(**changes)), connection())
    assert isinstance(found, AskedPayment)
    return found


def test_a_payment_is_read_whole_and_exactly() -> None:
    """Order group, currency and value are kept, because refunds carry none of them."""
    found = asked()
    assert (found.payment_id, found.order_id) == (PAYMENT, "1172452900788")
    assert found.amount == Money(12980, "PEN")
    assert found.email == "ana@example.com"
    assert found.test is False


@pytest.mark.parametrize(
    ("written", "minor"), [("0.1", 10), ("4307.23", 430723), ("1e2", 10000), ("59.90", 5990)]
)
def test_amounts_are_never_floats(written: str, minor: int) -> None:
    """A JSON number is the decimal that is written there."""
    body = call("/payments", payment_body(value=77)).body.replace(b"77", written.encode())
    found = provider().read(call("/payments", body), connection())
    assert isinstance(found, AskedPayment)
    assert found.amount.minor == minor


@pytest.mark.parametrize("value", [0, -1, None, True, "a", 10.001, 1e40, [], "NaN"])
def test_an_amount_that_is_none_is_refused(value: object) -> None:
    """No payment begins with an amount that can't be paid."""
    with pytest.raises(BodyUnreadable):
        asked(value=value)


def test_the_callback_address_is_kept_to_the_letter() -> None:
    """Its signature would not fit any other spelling."""
    assert asked().private["callback_url"] == CALLBACK


@pytest.mark.parametrize("example", list(example_requests("/payments")))
def test_every_example_of_the_specification_is_read(example: dict[str, object]) -> None:
    """What VTEX shows as a request is one that we take."""
    found = provider().read(call("/payments", example), connection())
    assert isinstance(found, AskedPayment)


@pytest.mark.parametrize(
    ("field", "given", "mode", "test"),
    [
        ("sandBoxMode", True, Mode.SANDBOX, True),
        ("sandboxMode", True, Mode.LIVE, True),
        ("sandboxMode", False, Mode.SANDBOX, False),
        (None, None, Mode.SANDBOX, True),
        (None, None, Mode.LIVE, False),
    ],
)
def test_a_test_payment_says_so(*, field: str | None, given: bool, mode: Mode, test: bool) -> None:
    """VTEX's sandbox flag counts in either spelling; a silent call is what its store is."""
    body = payment_body()
    del body["sandBoxMode"]
    if field is not None:
        body[field] = given
    found = provider().read(call("/payments", body), connection(mode=mode))
    assert isinstance(found, AskedPayment)
    assert found.test is test


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (CheckoutState.ASKED, "undefined"),
        (CheckoutState.WAITING, "undefined"),
        (CheckoutState.PAID, "approved"),
        (CheckoutState.EXPIRED, "denied"),
        (CheckoutState.CANCELLED, "denied"),
    ],
)
def test_a_payment_is_answered_by_how_it_stands(state: CheckoutState, status: str) -> None:
    """Each state has its answer, which the specification allows."""
    answer = provider().answer(asked(), checkout(state), connection())
    body = said(answer, "/payments")
    assert body["status"] == status
    assert ("paymentUrl" in body) is (state is CheckoutState.WAITING)
    assert bool(body["authorizationId"]) is (state is CheckoutState.PAID)
    assert body["nsu"] == (None if state is CheckoutState.ASKED else CIP)


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        (timedelta(minutes=1), 600),
        (timedelta(days=2), 172_800),
        (timedelta(days=90), 2_592_000),
        (None, 3600),
    ],
)
def test_the_gateway_waits_as_long_as_the_cip_lives(life: timedelta | None, seconds: int) -> None:
    """The delay to cancel is the CIP's life, within VTEX's bounds of ten minutes and 30 days."""
    waiting = checkout(CheckoutState.WAITING)
    waiting = checkout(
        CheckoutState.WAITING, expires_at=None if life is None else waiting.created_at + life
    )
    body = said(provider().answer(asked(), waiting, connection()), "/payments")
    assert body["delayToCancel"] == seconds
    # Left out, both would count as a day.
    assert body["delayToAutoSettle"] == body["delayToAutoSettleAfterAntifraud"] == 120


def test_a_payment_without_a_cip_is_a_failure() -> None:
    """There is nothing that the buyer could be shown; asked again, there may be."""
    answer = provider().refused(call("/payments", payment_body()), MaybeSent())
    assert answer.status == 500
    assert said(answer, "/payments")["code"] == "RAIL_MAYBE_SENT"


@pytest.mark.parametrize("fault", [AnsweredNo(rail_code="113"), KeysMixed()])
def test_a_payment_that_nobody_can_take_is_a_bad_request(fault: AnsweredNo | KeysMixed) -> None:
    """What a person has to mend is said in the specification's own shape."""
    answer = provider().refused(call("/payments", payment_body()), fault)
    assert answer.status == 400
    assert said(answer, "/payments")["code"] == fault.code


def test_the_manifest_needs_no_keys_and_fits_the_specification() -> None:
    """VTEX reads it before any merchant exists."""
    answer = provider().greet(call("/manifest", method="GET", headers={}))
    assert answer is not None
    body = said(answer, "/manifest", "get")
    assert [each["name"] for each in body["paymentMethods"]] == ["Promissories"]
    assert all(len(name) <= 20 for name in body["metadataFields"])


def test_a_store_can_have_a_manifest_of_its_own() -> None:
    """A connector for one merchant names that merchant's methods."""
    store = connection(settings={"methods": ["PagoEfectivo"]})
    asks = call(f"/{store.store_id}/manifest", method="GET", headers={})
    assert provider().greet(asks) is None
    found = provider().read(asks, store)
    assert isinstance(found, Plain)
    body = said(found.answer, "/manifest", "get")
    assert [each["name"] for each in body["paymentMethods"]] == ["PagoEfectivo"]
