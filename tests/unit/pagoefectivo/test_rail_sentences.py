"""What the rail's client says when it can't go on: whole sentences, as people read them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from checkout_samples import EMAIL, checkout
from pagoefectivo_bench import attempt
from pef_adapters.core.errors import (
    AnsweredNo,
    AnsweredNonsense,
    InvalidInput,
    MaybeSent,
    NotSent,
    PefError,
)
from pef_adapters.pagoefectivo.evidence import Answer
from pef_adapters.pagoefectivo.transport import judge, sort_failure
from rail_line import CIP, REFUND, client_of, lined

CREATED = {
    "cip": 2523136,
    "currency": "PEN",
    "amount": 129.8,
    "transactionCode": "CK7Q2M4X9B",
    "dateExpiry": "2999-01-01T12:00:00-05:00",
    "cipUrl": "https://pay.example/AB803C1C.html",
}


@pytest.mark.parametrize(
    ("asked", "email", "said"),
    [
        (checkout("100", "CLP"), EMAIL, "PagoEfectivo takes PEN and USD, not CLP"),
        (checkout(), "", "the buyer's e-mail is missing: let the store ask for it"),
        (
            checkout("0"),
            EMAIL,
            "the payment's amount can't be used: Input should be greater than 0",
        ),
    ],
    ids=["another currency", "no address", "nothing to pay"],
)
async def test_a_cip_that_can_not_be_asked_for_says_what_to_mend(
    asked: Any, email: str, said: str
) -> None:
    """The merchant reads this sentence, and nothing of what was given."""
    made, line, _ = lined(CREATED)
    with pytest.raises(InvalidInput) as refused:
        await made.rail.create_payment(asked, email)
    assert str(refused.value) == said
    assert line.requests == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"cip": "0"}, "cip"),
        ({"currency": "USD"}, "currency"),
        ({"amount": 129.79}, "amount"),
        ({"transactionCode": "CK1"}, "transactionCode"),
        ({"cipUrl": "ftp://pay.example"}, "cipUrl"),
        ({"dateExpiry": None}, "dateExpiry"),
        ({"amount": 1, "currency": "USD"}, "currency, amount"),
    ],
)
async def test_a_cip_of_somebody_else_is_named_by_what_differs(
    wrong: dict[str, object], named: str
) -> None:
    """All fields that differ are named, in the order of the contract."""
    made, _, _ = lined({**CREATED, **wrong})
    with pytest.raises(AnsweredNonsense) as refused:
        await made.rail.create_payment(checkout(), EMAIL)
    assert str(refused.value) == f"the new CIP's {named} is not what was asked"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"merchant_refund_id": "RF-2"}, "merchant_refund_id"),
        ({"original_transaction_id": "1"}, "original_transaction_id"),
        ({"currency": "USD"}, "currency"),
        ({"refund_amount": 22.04}, "refund_amount"),
        ({"status": "DONE"}, "status"),
        ({"status": "DONE", "currency": "USD"}, "currency, status"),
    ],
)
async def test_a_refund_of_somebody_else_is_named_by_what_differs(
    wrong: dict[str, object], named: str
) -> None:
    """Whoever looks into it sees at once where the answer went astray."""
    made, _, _ = lined([{**REFUND, **wrong}])
    with pytest.raises(AnsweredNonsense) as refused:
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert str(refused.value) == f"the answer's {named} is not what was asked"


async def test_two_refunds_under_one_id_are_told_as_such() -> None:
    """The sentence says why no refund was taken for ours."""
    made, _, _ = lined([REFUND, REFUND])
    with pytest.raises(AnsweredNonsense) as refused:
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert str(refused.value) == "the rail has several refunds under one id"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cip": 10000002}, "the answer's cip is not what was asked"),
        ({"cip": "~10000001"}, "the answer's cip is not what was asked"),
        ({"amount": None}, "the answer names no amount"),
        ({"currency": None}, "the answer names no amount"),
        ({"datePayment": None}, "a paid CIP without its payment date"),
        ({"currency": ""}, "the answer's amount can't be read"),
        ({"amount": 1.005}, "the answer's amount can't be read"),
    ],
)
async def test_a_payment_that_can_not_be_read_says_why(wrong: dict[str, object], said: str) -> None:
    """One sentence for each way in which an answer is not about the payment."""
    made, _, _ = lined([{**CIP, **wrong}])
    with pytest.raises(AnsweredNonsense) as refused:
        await made.rail.find_payment("10000001")
    assert str(refused.value) == said


async def test_a_payment_under_another_code_is_named_by_its_code() -> None:
    """Where stores know payments by code, the code is what differs."""
    made, _, _ = lined([{**CIP, "transactionCode": "77"}], transaction_reference="transaction_code")
    with pytest.raises(AnsweredNonsense) as refused:
        await made.rail.find_payment("78")
    assert str(refused.value) == "the answer's transaction_code is not what was asked"


@pytest.mark.parametrize("length", [40, 41])
async def test_a_text_that_is_no_cip_is_shown_by_its_first_forty_letters(length: int) -> None:
    """A sentence stays a sentence, whatever was given for a number."""
    made, line, _ = lined({})
    with pytest.raises(AnsweredNo) as refused:
        await made.rail.cancel_payment("x" * length)
    assert str(refused.value) == "PagoEfectivo knows no CIP " + "x" * 40
    assert line.requests == []


@pytest.mark.parametrize(
    ("call", "data", "place"),
    [
        (lambda c: c.refund("R"), {**REFUND, "refund_amount": -1}, "refund_amount"),
        (lambda c: c.refunds_of("1"), [REFUND, {**REFUND, "currency": 1}], "1.currency"),
        (lambda c: c.search_cips(["1"]), [{"dateExpiry": "soon"}], "0.dateExpiry"),
        (lambda c: c.refund("R"), "nothing", "data"),
        (lambda c: c.refunds_named("RF-1"), {}, "data"),
    ],
)
async def test_an_unreadable_answer_is_named_by_its_place(
    call: Callable[[Any], Any], data: object, place: str
) -> None:
    """Down to the field of one item of a list; the value itself is not repeated."""
    made, _, _ = lined(data)
    with pytest.raises(AnsweredNonsense) as refused:
        await call(client_of(made.rail))
    assert str(refused.value) == f"the answer's {place} can't be read"


@pytest.mark.parametrize("number", ["", ".", "..", "....."])
async def test_an_id_of_dots_is_refused_in_a_sentence(number: str) -> None:
    """It would name another place than the one that is meant."""
    made, _, _ = lined(REFUND)
    with pytest.raises(InvalidInput) as refused:
        await client_of(made.rail).cancel_refund(number)
    assert str(refused.value) == "an id can't be empty or only dots"


@pytest.mark.parametrize(
    ("error", "fault", "said"),
    [
        (httpx.ConnectError("x"), NotSent, "PagoEfectivo was not reached (ConnectError)"),
        (httpx.PoolTimeout("x"), NotSent, "PagoEfectivo was not reached (PoolTimeout)"),
        (
            httpx.ReadError("x"),
            MaybeSent,
            "the connection to PagoEfectivo failed midway (ReadError)",
        ),
        (
            TimeoutError("x"),
            MaybeSent,
            "the connection to PagoEfectivo failed midway (TimeoutError)",
        ),
    ],
    ids=["not connected", "no free connection", "broken off", "too slow"],
)
def test_a_failure_of_the_line_says_how_far_the_call_came(
    error: Exception, fault: type[PefError], said: str
) -> None:
    """The kind of the failure is named, its own text is not."""
    sorted_failure = sort_failure(error)
    assert (type(sorted_failure), str(sorted_failure)) == (fault, said)


_LONG = "a" * 301


@pytest.mark.parametrize(
    ("status", "body", "fault", "said"),
    [
        (500, '{"code":"111"}', MaybeSent, "PagoEfectivo answered HTTP 500"),
        (503, "<html>", MaybeSent, "PagoEfectivo answered HTTP 503"),
        (408, '{"code":"111"}', MaybeSent, "PagoEfectivo answered HTTP 408"),
        (499, '{"code":"111"}', AnsweredNo, "PagoEfectivo refused: 111"),
        (
            422,
            '{"code":"166"}',
            MaybeSent,
            "PagoEfectivo reported an internal error with HTTP 422",
        ),
        (302, '{"code":"100"}', AnsweredNonsense, "PagoEfectivo answered HTTP 302"),
        (199, '{"code":"100"}', AnsweredNonsense, "PagoEfectivo answered HTTP 199"),
        (200, '{"code":"111"}', AnsweredNonsense, "HTTP 200 contradicts code 111"),
        (400, '{"code":"100"}', AnsweredNonsense, "HTTP 400 contradicts code 100"),
        (200, '{"code":["100"]}', AnsweredNonsense, "HTTP 200 without a readable envelope"),
        (404, "<html>", AnsweredNonsense, "HTTP 404 without a readable envelope"),
        (400, '{"code":"111","message":"No."}', AnsweredNo, "PagoEfectivo refused: 111 No."),
        (
            400,
            f'{{"code":"111","message":"{_LONG}"}}',
            AnsweredNo,
            f"PagoEfectivo refused: 111 {_LONG[:300]}",
        ),
        (
            400,
            '{"code":"111","message":"cuenta 00219100123456789012"}',
            AnsweredNo,
            "PagoEfectivo refused: 111 cuenta ***9012",
        ),
        (
            200,
            " " * (1024 * 1024 + 1),
            AnsweredNonsense,
            "the answer is larger than 1048576 bytes",
        ),
    ],
)
def test_an_answer_that_is_no_success_says_what_it_was(
    status: int, body: str, fault: type[PefError], said: str
) -> None:
    """With the rail's code and its own words, cut and masked."""
    with pytest.raises(fault) as raised:
        judge(Answer(status, body.encode()))
    assert (type(raised.value), str(raised.value)) == (fault, said)


def test_a_refusal_carries_code_status_and_words() -> None:
    """Each by itself, for whoever decides upon it."""
    with pytest.raises(AnsweredNo) as refused:
        judge(Answer(422, b'{"code":"REFUND_EXPIRED","message":"Plazo vencido."}'))
    no = refused.value
    assert (no.rail_code, no.status, no.rail_text) == ("REFUND_EXPIRED", 422, "Plazo vencido.")
