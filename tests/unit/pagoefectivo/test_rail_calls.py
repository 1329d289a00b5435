"""The calls about refunds as they leave, and what their answers mean."""

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo_bench import attempt
from pef_adapters.core.errors import (
    AnsweredNonsense,
    InvalidInput,
)
from pef_adapters.engine.ports import RailRefund, RailRefusal, RailStatus, Refusal
from pef_adapters.pagoefectivo.wire import Beneficiary
from rail_line import REFUND, client_of, lined


async def test_a_refund_leaves_with_its_id_as_key_in_header_and_body() -> None:
    """Amount, currency, transaction and reason, under one idempotency key."""
    made, line, _ = lined(REFUND)
    answer = await made.rail.send(attempt("RF-1", "10000001"))
    assert line.last() == (
        "POST",
        "/api/v1/refunds",
        {
            "original_transaction_id": "10000001",
            "refund_amount": 22.05,
            "currency": "PEN",
            "merchant_refund_id": "RF-1",
            "reason": "Producto agotado",
        },
    )
    sent = line.requests[0].headers
    assert sent["X-Idempotency-Key"] == "RF-1"
    assert sent["Content-Type"] == "application/json"
    assert sent["Authorization"] == "Bearer token-1"
    assert (sent["Origin"], sent["Accept-Language"]) == ("web", "es-PE")
    assert (sent["Accept"], sent["Accept-Encoding"]) == ("application/json", "identity")
    assert answer == RailRefund(
        merchant_refund_id="RF-1",
        rail_refund_id="RFD-1",
        status=RailStatus.ACCEPTED,
        status_word="PROCESSING",
        expected_on="2026-12-02",
    )


async def test_a_reason_is_cut_where_the_rail_cuts_it() -> None:
    """A long reason must not make a refund unsendable."""
    made, line, _ = lined(REFUND)
    await made.rail.send(attempt("RF-1", "10000001", reason="x" * 500))
    assert line.last()[2]["reason"] == "x" * 200


async def test_what_the_contract_rules_out_is_refused_without_a_call() -> None:
    """The refusal names the field, and nothing left the house."""
    made, line, _ = lined(REFUND)
    answer = await made.rail.send(attempt("an id with blanks", "10000001"))
    assert answer == RailRefusal(refusal=Refusal.FINAL, code="113", text="merchant_refund_id")
    assert line.requests == []


async def test_a_refund_is_asked_for_by_our_id() -> None:
    """A GET with the id, without a body and without an idempotency key."""
    made, line, _ = lined([REFUND])
    found = await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert line.last() == ("GET", "/api/v1/refunds?merchant_refund_id=RF-1", None)
    assert "X-Idempotency-Key" not in line.requests[0].headers
    assert "Content-Type" not in line.requests[0].headers
    assert found is not None
    assert found.rail_refund_id == "RFD-1"
    assert made.witness.exchanges[-1].merchant_refund_id == "RF-1"


async def test_a_refund_that_the_rail_does_not_know_is_none() -> None:
    """An empty list is an answer: no refund under this id."""
    made, _, _ = lined([])
    assert await made.rail.find_refund(attempt("RF-1", "10000001")) is None


async def test_two_refunds_under_one_id_are_nonsense() -> None:
    """Nobody may guess which of the two counts."""
    made, _, _ = lined([REFUND, REFUND])
    with pytest.raises(AnsweredNonsense):
        await made.rail.find_refund(attempt("RF-1", "10000001"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("RECEIVED", RailStatus.ACCEPTED),
        ("AWAITING_BENEFICIARY", RailStatus.ACCEPTED),
        ("PENDING_APPROVAL", RailStatus.ACCEPTED),
        ("MANUAL_REQUIRED", RailStatus.ACCEPTED),
        ("PROCESSING", RailStatus.ACCEPTED),
        ("REFUNDED", RailStatus.REFUNDED),
        ("REJECTED", RailStatus.REFUSED),
        ("EXPIRED", RailStatus.REFUSED),
        ("CANCELLED", RailStatus.REFUSED),
        ("RETURNED", RailStatus.RETURNED),
    ],
)
async def test_each_state_of_the_rail_has_its_meaning(word: str, status: RailStatus) -> None:
    """As the contract names them."""
    made, _, _ = lined([{**REFUND, "status": word}])
    found = await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert found is not None
    assert (found.status, found.status_word) == (status, word)


_WHO = Beneficiary(
    first_name="Rosa",
    last_name="Quispe",
    document_type="DNI",
    document_number="45671234",
    cci="00219100123456789012",
    account_type="SAVINGS",
)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: c.refund("RFD-1"), ("GET", "/api/v1/refunds/RFD-1", None)),
        (lambda c: c.cancel_refund("RFD-1"), ("DELETE", "/api/v1/refunds/RFD-1", None)),
        (lambda c: c.refund("RFD/../1"), ("GET", "/api/v1/refunds/RFD%2F..%2F1", None)),
        (
            lambda c: c.give_beneficiary("RFD-1", _WHO),
            ("PUT", "/api/v1/refunds/RFD-1/beneficiary", _WHO.model_dump(exclude_none=True)),
        ),
    ],
    ids=["read", "cancel", "an odd id", "beneficiary"],
)
async def test_a_call_about_one_refund_names_it_in_its_path(
    call: Callable[[Any], Any], said: tuple[str, str, Any]
) -> None:
    """One path segment, whatever stands in the id."""
    made, line, _ = lined(REFUND)
    assert (await call(client_of(made.rail))).refund_id == "RFD-1"
    assert line.last() == said


async def test_the_refunds_of_a_payment_are_listed_by_its_number() -> None:
    """All refunds that were ever booked on it."""
    made, line, _ = lined([REFUND])
    (found,) = await client_of(made.rail).refunds_of("10000001")
    assert found.refund_id == "RFD-1"
    assert line.last()[:2] == ("GET", "/api/v1/transactions/10000001/refunds")


async def test_a_cip_is_given_more_time() -> None:
    """A PATCH with the new end."""
    made, line, _ = lined(None)
    await client_of(made.rail).patch_cip("10000001", "2026-11-30T10:00:00-05:00")
    expected = {"dateExpiry": "2026-11-30T10:00:00-05:00"}
    assert line.last() == ("PATCH", "/v1/cips/10000001", expected)


@pytest.mark.parametrize("number", ["", ".", ".."])
async def test_an_id_that_would_climb_out_of_its_path_is_refused(number: str) -> None:
    """An empty id or dots would name another place."""
    made, line, _ = lined(REFUND)
    with pytest.raises(InvalidInput):
        await client_of(made.rail).refund(number)
    assert line.requests == []


async def test_an_unreadable_answer_names_its_place() -> None:
    """Whoever reads the log knows which field was odd."""
    made, _, _ = lined({**REFUND, "refund_amount": "much"})
    with pytest.raises(AnsweredNonsense, match="refund_amount"):
        await made.rail.send(attempt("RF-1", "10000001"))
    made, _, _ = lined("nothing")
    with pytest.raises(AnsweredNonsense, match="answer's data"):
        await made.rail.send(attempt("RF-1", "10000001"))
