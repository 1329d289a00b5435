"""Refunds, cancellations and settlements: one answer for each state, as VTEX allows it."""

from decimal import Decimal

import pytest

from pef_adapters.core.errors import (
    BodyUnreadable,
    InvalidInput,
    NotThere,
    PefError,
    RailError,
    RequestIdReused,
    SignatureInvalid,
    WebhookRejected,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import AskedRefund, AskedSettlement, CheckoutState, Operation
from pef_adapters.platforms.provider import Plain
from vtex_samples import (
    PAYMENT,
    REQUEST,
    asked_refund,
    call,
    checkout,
    connection,
    example_requests,
    provider,
    refund_body,
    said,
    specification,
    standing,
)

REFUNDS = "/payments/{paymentId}/refunds"
CANCELLATIONS = "/payments/{paymentId}/cancellations"
SETTLEMENTS = "/payments/{paymentId}/settlements"
INBOUND = "/payments/{paymentId}/inbound/{action}"
OPEN = [None, *(state for state in State if state is not State.REFUNDED)]


def at(route: str) -> str:
    """The route's path for the payment of these tests."""
    return route.replace("{paymentId}", PAYMENT).replace("{action}", "hook")


def asked_cancellation() -> AskedRefund:
    """What the adapter understands of a call to cancel."""
    return asked_refund(at(CANCELLATIONS))


def test_a_refund_is_named_by_payment_operation_and_request() -> None:
    """A dated request id repeats between payments, and between operations of one."""
    refund, cancellation = asked_refund(requestId="2020-06-22T21:50:11-250"), asked_cancellation()
    assert refund.refund_id == f"{PAYMENT}/refund/2020-06-22T21:50:11-250"
    assert cancellation.refund_id == f"{PAYMENT}/cancel/{REQUEST}"
    assert (refund.amount, refund.currency) == (Decimal("20.0"), None)
    assert (cancellation.operation, cancellation.amount) == (Operation.CANCEL, None)


def test_a_refund_without_its_tid_is_read() -> None:
    """VTEX's guides leave out what its specification requires."""
    body = {"requestId": REQUEST, "value": 20, "settleId": None}
    found = provider().read(call(at(REFUNDS), body), connection())
    assert isinstance(found, AskedRefund)


@pytest.mark.parametrize(
    "change",
    [{"requestId": ""}, {"requestId": "a b"}, {"requestId": None}, {"value": 0}, {"value": None}],
)
def test_a_refund_without_a_name_or_amount_is_refused(change: dict[str, object]) -> None:
    """Nothing is refunded that could not be recognised when it comes again."""
    with pytest.raises(BodyUnreadable):
        asked_refund(**change)


def test_two_payments_in_one_call_are_refused() -> None:
    """Address and body must mean the same payment."""
    with pytest.raises(BodyUnreadable):
        asked_refund(paymentId="ANOTHER")


@pytest.mark.parametrize("route", [REFUNDS, CANCELLATIONS, SETTLEMENTS, INBOUND])
def test_every_example_request_is_read(route: str) -> None:
    """What VTEX shows as a request is one that we take."""
    for example in example_requests(route):
        path = at(route).replace(PAYMENT, example["paymentId"])
        assert provider().read(call(path, example), connection()) is not None


def test_a_refunded_refund_is_200_with_our_id_and_its_value() -> None:
    """VTEX closes the refund, and keeps our name of it."""
    answer = provider().answer(asked_refund(), standing(State.REFUNDED), connection())
    body = said(answer, REFUNDS)
    assert (answer.status, body["refundId"], body["value"]) == (200, "RF4K2M", Decimal("20.00"))
    assert (body["code"], body["requestId"]) == (None, REQUEST)
    assert body["connectorMetadata"] == [{"name": "pefRefundId", "value": "RF4K2M"}]


def test_less_than_asked_is_said_as_it_is() -> None:
    """The value is what went back, not what was asked for."""
    less = standing(State.REFUNDED, amount=Money(1999, "PEN"))
    body = said(provider().answer(asked_refund(value=20.5), less, connection()), REFUNDS)
    assert body["value"] == Decimal("19.99")


@pytest.mark.parametrize("state", OPEN)
def test_no_refund_that_is_not_refunded_says_200(state: State | None) -> None:
    """500 with null and 0 is all that VTEX hears before the money is back."""
    answer = provider().answer(asked_refund(), standing(state), connection())
    body = said(answer, REFUNDS)
    assert (answer.status, body["refundId"], body["value"]) == (500, None, 0)
    assert body["code"] == "refund-in-progress"


def test_a_refusal_carries_the_policys_code_and_words() -> None:
    """VTEX's log says why nothing will be paid."""
    rejected = standing(State.REJECTED, code="WINDOW_CLOSED", text="It is too late.")
    body = said(provider().answer(asked_refund(), rejected, connection()), REFUNDS)
    assert (body["code"], body["message"]) == ("WINDOW_CLOSED", "It is too late.")


def test_a_held_refund_is_in_progress() -> None:
    """A person may still say yes: the refund is not denied."""
    held = standing(State.HELD, code="OVER_LIMIT", text="A person looks at it.")
    body = said(provider().answer(asked_refund(), held, connection()), REFUNDS)
    assert (body["code"], body["message"]) == ("refund-in-progress", "A person looks at it.")


def test_what_the_store_pays_by_hand_is_501_refund_manually() -> None:
    """Then VTEX mails the merchant and makes its task."""
    left = standing(State.REJECTED, left_to_store=True, code="LEFT_TO_STORE", text="By hand.")
    answer = provider().answer(asked_refund(), left, connection())
    body = said(answer, REFUNDS)
    assert (answer.status, body["code"], body["refundId"]) == (501, "refund-manually", None)


@pytest.mark.parametrize(("setting", "left"), [("ours", False), ("vtex", True)])
def test_the_store_decides_who_pays_by_hand(*, setting: str, left: bool) -> None:
    """The manual lane is ours unless the store wants VTEX's."""
    store = connection(settings={"manual_refunds": setting})
    assert provider().leaves_payouts_to_store(store) is left


# --- cancellations ----------------------------------------------------------------


def test_cancelling_an_unpaid_cip_is_done_at_once() -> None:
    """No money came in, so none goes back."""
    unpaid = standing(None, not_paid=True)
    body = said(provider().answer(asked_cancellation(), unpaid, connection()), CANCELLATIONS)
    assert (body["cancellationId"], body["code"]) == ("RF4K2M", None)


def test_cancelling_a_paid_cip_is_done_when_the_money_is_back() -> None:
    """To cancel what was paid is to refund it."""
    done = standing(State.REFUNDED)
    body = said(provider().answer(asked_cancellation(), done, connection()), CANCELLATIONS)
    assert body["cancellationId"] == "RF4K2M"


@pytest.mark.parametrize("state", OPEN)
def test_no_cancellation_ends_before_the_money_is_back(state: State | None) -> None:
    """500 with null is all that VTEX hears before that."""
    answer = provider().answer(asked_cancellation(), standing(state), connection())
    assert answer.status == 500
    assert said(answer, CANCELLATIONS)["cancellationId"] is None


def test_a_cancellation_left_to_the_store_says_cancel_manually() -> None:
    """Never `refund-manually` outside a refund's answer: there it would be paid twice."""
    left = standing(State.REJECTED, left_to_store=True)
    answer = provider().answer(asked_cancellation(), left, connection())
    assert answer.status == 501
    assert said(answer, CANCELLATIONS)["code"] == "cancel-manually"


# --- settlements ------------------------------------------------------------------


def asked_settlement(value: float = 129.8) -> AskedSettlement:
    """What the adapter understands of a call to settle."""
    body = {"requestId": REQUEST, "paymentId": PAYMENT, "value": value, "authorizationId": "A"}
    found = provider().read(call(at(SETTLEMENTS), body), connection())
    assert isinstance(found, AskedSettlement)
    return found


@pytest.mark.parametrize("value", [129.8, 100.0])
def test_a_paid_payment_settles(value: float) -> None:
    """The money is in; the id is the same for the same request."""
    paid = checkout(CheckoutState.PAID)
    answers = [provider().answer(asked_settlement(value), paid, connection()) for _ in range(2)]
    body = said(answers[0], SETTLEMENTS)
    assert body["settleId"] == f"CO1A2B3C/{REQUEST}"
    assert body["value"] == Decimal(str(value))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("state", "value", "code"),
    [
        (CheckoutState.WAITING, 129.8, "not-paid"),
        (CheckoutState.EXPIRED, 129.8, "not-paid"),
        (CheckoutState.PAID, 129.81, "more-than-paid"),
    ],
)
def test_what_was_not_paid_is_not_settled(state: CheckoutState, value: float, code: str) -> None:
    """Denied, and never with `refund-manually`."""
    answer = provider().answer(asked_settlement(value), checkout(state), connection())
    body = said(answer, SETTLEMENTS)
    assert (answer.status, body["settleId"], body["value"], body["code"]) == (500, None, 0, code)


# --- others' requests and faults -----------------------------------------------------


@pytest.mark.parametrize("word", ["inbound", "inbound-request"])
def test_a_forwarded_request_is_answered_in_either_spelling(word: str) -> None:
    """VTEX is answered; whoever called it hears that nothing is there."""
    body = {"requestId": REQUEST, "paymentId": PAYMENT, "requestData": {"body": "{}"}}
    found = provider().read(call(f"/payments/{PAYMENT}/{word}/hook", body), connection())
    assert isinstance(found, Plain)
    assert said(found.answer, INBOUND)["responseData"]["statusCode"] == 404


@pytest.mark.parametrize("route", [REFUNDS, CANCELLATIONS, SETTLEMENTS])
@pytest.mark.parametrize("fault", [NotThere(), RequestIdReused(), InvalidInput(), RailError()])
def test_a_fault_has_the_routes_own_shape(route: str, fault: PefError) -> None:
    """An operation that could not be done is the specification's 500, with its request's id."""
    answer = provider().refused(call(at(route), refund_body()), fault)
    assert answer.status == 500
    assert said(answer, route)["requestId"] == REQUEST


@pytest.mark.parametrize("route", [REFUNDS, CANCELLATIONS, SETTLEMENTS])
@pytest.mark.parametrize("fault", [SignatureInvalid(), BodyUnreadable()])
def test_a_call_that_is_refused_keeps_its_status(route: str, fault: WebhookRejected) -> None:
    """Wrong keys are 401 and an unreadable body 400, in the shape of a failure."""
    answer = provider().refused(call(at(route), b"{"), fault)
    schema = specification()["paths"][route]["post"]["responses"]["500"]
    assert answer.status == fault.http_status
    assert schema is not None
    assert PAYMENT.encode() in answer.body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/payments/{PAYMENT}/refunds"),
        ("POST", "/manifest"),
        ("POST", f"/payments/{PAYMENT}/voids"),
        ("POST", "/"),
        ("GET", "/authorization/redirect"),
    ],
)
def test_a_route_that_is_none_is_404(method: str, path: str) -> None:
    """Whatever else is called is not there."""
    with pytest.raises(NotThere):
        provider().read(call(path, method=method), connection())
    assert provider().refused(call(path, method=method), NotThere()).status == 404
