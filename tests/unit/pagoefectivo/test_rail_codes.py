"""Each code of the fact sheet, 1.6 and 7.5, has a meaning."""

import pytest

from pef_adapters.core.errors import AnsweredNo, AnsweredNonsense, MaybeSent
from pef_adapters.engine.ports import Refusal
from pef_adapters.pagoefectivo.codes import REFUSALS, refusal_of
from pef_adapters.pagoefectivo.evidence import Answer
from pef_adapters.pagoefectivo.sandbox.answers import REFUSAL_TEXTS
from pef_adapters.pagoefectivo.transport import judge

FACT_SHEET = {
    "111": Refusal.FINAL,
    "112": Refusal.FINAL,
    "113": Refusal.FINAL,
    "508": Refusal.NEEDS_OWNER,
    "511": Refusal.FINAL,
    "INVALID_AMOUNT": Refusal.FINAL,
    "REFUND_EXPIRED": Refusal.FINAL,
    "AMOUNT_EXCEEDED": Refusal.FINAL,
    "CURRENCY_MISMATCH": Refusal.FINAL,
    "TRANSACTION_NOT_FOUND": Refusal.FINAL,
    "INVALID_TRANSACTION_STATE": Refusal.FINAL,
    "ALREADY_REFUNDED": Refusal.FINAL,
    "DUPLICATE_REFUND_ID": Refusal.DISPUTED_ID,
    "REFUND_IN_PROGRESS": Refusal.BUSY,
    "BENEFICIARY_REQUIRED": Refusal.NEEDS_BENEFICIARY,
    "BENEFICIARY_INVALID": Refusal.NEEDS_BENEFICIARY,
    "ACCOUNT_OWNER_MISMATCH": Refusal.NEEDS_BENEFICIARY,
    "MERCHANT_KYC_EXPIRED": Refusal.NEEDS_OWNER,
    "MERCHANT_BLOCKED": Refusal.NEEDS_OWNER,
    "INSUFFICIENT_FUNDS": Refusal.BUSY,
    "LIMIT_EXCEEDED": Refusal.BUSY,
    "INVALID_SIGNATURE": Refusal.NEEDS_OWNER,
    "TOKEN_EXPIRED": Refusal.NEEDS_OWNER,
    "RATE_LIMITED": Refusal.BUSY,
}


def test_the_table_is_the_fact_sheets() -> None:
    """No code is missing and none was made up."""
    assert dict(REFUSALS) == FACT_SHEET


def test_every_refusal_of_the_sandbox_is_understood() -> None:
    """The sandbox says nothing that the client would have to guess; 166 is no refusal."""
    assert set(REFUSAL_TEXTS) - {"166"} <= set(REFUSALS)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (400, Refusal.FINAL),
        (401, Refusal.NEEDS_OWNER),
        (402, Refusal.BUSY),
        (409, Refusal.DISPUTED_ID),
        (403, Refusal.NEEDS_OWNER),
        (422, Refusal.FINAL),
        (429, Refusal.BUSY),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(status: int, refusal: Refusal) -> None:
    """The rail may have codes that no public page lists."""
    assert refusal_of("9999", status) is refusal


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, b'{"code":"111","message":"no"}', AnsweredNo),
        (400, b'{"code":111}', AnsweredNo),
        (400, b'{"code":"166"}', MaybeSent),
        (400, b'{"code":"100"}', AnsweredNonsense),
        (400, b"<html>", AnsweredNonsense),
        (408, b'{"code":"111"}', MaybeSent),
        (500, b'{"code":"166"}', MaybeSent),
        (502, b"<html>", MaybeSent),
        (200, b'{"code":"111"}', AnsweredNonsense),
        (200, b"", AnsweredNonsense),
        (201, b'["code"]', AnsweredNonsense),
        (204, b"", AnsweredNonsense),
        (302, b'{"code":"100"}', AnsweredNonsense),
        (200, b'{"code":"100","x":"' + b"a" * 1024 * 1024 + b'"}', AnsweredNonsense),
    ],
)
def test_answers_are_sorted_by_what_they_prove(
    status: int, body: bytes, fault: type[Exception]
) -> None:
    """Only a readable 4xx refusal proves that nothing was booked."""
    with pytest.raises(fault):
        judge(Answer(status, body))


def test_a_success_has_its_evidence_pair() -> None:
    """response_id and timestamp come with the envelope."""
    body = b'{"code":"100","response_id":"RSP-1","timestamp":"2026-11-22T10:00:00-05:00"}'
    envelope = judge(Answer(200, body))
    assert (envelope.response_id, envelope.timestamp) == ("RSP-1", "2026-11-22T10:00:00-05:00")
