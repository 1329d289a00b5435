"""What PagoEfectivo's answers say to a second reader, and whether the client says the same."""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fuzz_answers import Answers, Unreadable, differing, exactly, number
from pagoefectivo_bench import attempt
from pef_adapters.engine.ports import RailCip, RailPayment, RailRefund, RailRefusal, RailStatus
from pef_adapters.pagoefectivo.wire import RefundRecord
from pef_adapters.platforms.asked import CheckoutState
from vtex_samples import checkout

REFUND, CIP = "RF-2026-000123-1", "11546901"
OURS: Final = attempt(REFUND, CIP)
CHECKOUT: Final = checkout(CheckoutState.ASKED, transaction_id=None)
MEANS: Final[Mapping[str, RailStatus]] = {
    **dict.fromkeys(
        ("RECEIVED", "AWAITING_BENEFICIARY", "PENDING_APPROVAL", "MANUAL_REQUIRED", "PROCESSING"),
        RailStatus.ACCEPTED,
    ),
    **dict.fromkeys(("REJECTED", "EXPIRED", "CANCELLED"), RailStatus.REFUSED),
    "REFUNDED": RailStatus.REFUNDED,
    "RETURNED": RailStatus.RETURNED,
}
"""Written out once more, from the contract: the product's own table is on trial."""


PAID: Final = 23


# --- what is true ----------------------------------------------------------------------------


def _data(answers: Answers) -> Any:
    """The answer's data, where it is a success in every respect.

    Raises:
        Unreadable: it is none.
    """
    answer = answers["answer"]
    said = exactly(answer.body, once=True)
    if not (
        200 <= answer.status < 300 and isinstance(said, dict) and str(said.get("code")) == "100"
    ):
        raise Unreadable("not a success")
    if answer.breaks_off:
        raise Unreadable("the answer broke off")
    return said.get("data")


Judge = Callable[[Answers, Any], str | None]


def _strict(judge: Callable[[Any, Any], str | None]) -> Judge:
    """A judge of successes: one that stands on an unreadable answer is wrong already."""

    @functools.wraps(judge)
    def judged(answers: Answers, came: Any) -> str | None:
        try:
            return judge(_data(answers), came)
        except (Unreadable, LookupError, TypeError, ValueError) as error:
            return f"a success on an answer that is none ({type(error).__name__}: {error})"

    return judged


def sent(answers: Answers, came: Any) -> str | None:
    """A refund that was sent is ours in every respect; a refusal is none of a success."""
    if isinstance(came, RailRefusal):
        return no_success(answers)
    return _is_ours(answers, came)


def no_success(answers: Answers) -> str | None:
    """A refusal is never made of a success."""
    try:
        _data(answers)
    except Unreadable:
        return None
    return "a refusal made of a success"


@_strict
def _is_ours(data: Any, came: RailRefund) -> str | None:
    return _about(data, came)


def _about(data: Mapping[str, Any], came: RailRefund) -> str | None:
    return differing(
        {
            "our id": (came.merchant_refund_id, data["merchant_refund_id"]),
            "the id asked": (data["merchant_refund_id"], REFUND),
            "transaction": (str(data["original_transaction_id"]), CIP),
            "amount": (number(data["refund_amount"]), OURS.amount.decimal),
            "currency": (data["currency"], "PEN"),
            "rail id": (came.rail_refund_id, str(data["refund_id"])),
            "word": (came.status_word, data["status"]),
            "status": (came.status, MEANS.get(data["status"])),
        }
    )


@_strict
def found(data: Any, came: RailRefund | None) -> str | None:
    """The one refund under our id, or none where the rail shows none."""
    if came is None:
        return None if data == [] else "unknown, although the rail shows something"
    return _about(data[0], came) if len(data) == 1 else "one of several"


@_strict
def payment(data: Any, came: RailPayment | None) -> str | None:
    """The payment behind a CIP, as the rail shows it."""
    known = [cip for cip in data if str(cip.get("cip") or "0") != "0"]
    if came is None:
        return "unknown, although the rail shows it" if known else None
    (cip,) = known
    status = int(number(cip.get("status")) or 0)
    paid = datetime.fromisoformat(cip["datePayment"]) if status == PAID else None
    return differing(
        {
            "cip": (came.transaction_id.lstrip("0"), CIP),
            "the cip told": (str(cip["cip"]), came.transaction_id),
            "amount": (came.amount.decimal, number(cip["amount"])),
            "currency": (came.amount.currency, cip["currency"]),
            "paid": (came.paid_at, paid),
            "over": (came.over, status in {21, 25}),
        }
    )


@_strict
def created(data: Any, came: RailCip) -> str | None:
    """A new CIP for this checkout and no other."""
    return differing(
        {
            "cip": (came.transaction_id, str(data["cip"])),
            "amount": (number(data["amount"]), CHECKOUT.amount.decimal),
            "currency": (data["currency"], "PEN"),
            "code": (data["transactionCode"], CHECKOUT.id),
            "page": (came.pay_url, data["cipUrl"]),
        }
    )


@_strict
def said_yes(_: Any, __: None) -> None:
    """That the rail said yes is all there is."""


@_strict
def record(data: Any, came: RefundRecord) -> str | None:
    """One refund as it was told."""
    return _same_record(data, came)


@_strict
def records(data: Any, came: list[RefundRecord]) -> str | None:
    """All refunds as they were told."""
    faults = [_same_record(each, record) for each, record in zip(data, came, strict=True)]
    return "; ".join(filter(None, faults)) or None


def _same_record(data: Mapping[str, Any], came: RefundRecord) -> str | None:
    return differing(
        {
            "rail id": (came.refund_id, str(data["refund_id"])),
            "our id": (came.merchant_refund_id, data["merchant_refund_id"]),
            "transaction": (came.original_transaction_id, str(data["original_transaction_id"])),
            "amount": (came.refund_amount, number(data["refund_amount"])),
            "currency": (came.currency, data["currency"]),
            "word": (came.status, data["status"]),
        }
    )
