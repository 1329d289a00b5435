"""How a refund and its story are shown: plain data for machines, sentences for people."""

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from pef_adapters.cli import moments, output
from pef_adapters.core.states import CARE
from pef_adapters.engine.records import Payout, Refund, ReviewAct
from pef_adapters.engine.story import Line, PaidTo, Reviewed, Story

COLUMNS = ("refund", "order", "amount", "state", "who acts", "deadline (Lima)", "attention")


def answer(refund: Refund, *, json_wanted: bool) -> None:
    """What a command answers that moved one refund."""
    if json_wanted:
        output.as_json(record(refund))
    else:
        output.out.print(Text.assemble(f"refund {refund.id} is ", output.coloured(refund.state)))


def row(refund: Refund) -> tuple[object, ...]:
    """The refund's line in a list."""
    return (
        refund.id,
        f"#{refund.order_number}",
        refund.amount,
        output.coloured(refund.state),
        CARE[refund.state].owner,
        moments.shown(refund.deadline_at),
        (refund.attention or "").partition(".")[2],
    )


def record(refund: Refund) -> dict[str, Any]:
    """The refund as plain data."""
    return {
        "id": refund.id,
        "platform": refund.platform,
        "store": refund.store_id,
        "order": refund.order_number,
        "platform_refund_id": refund.platform_refund_id,
        "amount": str(refund.amount.decimal),
        "currency": refund.amount.currency,
        "state": refund.state,
        "owner": CARE[refund.state].owner,
        "lane": refund.lane,
        "deadline_at": moments.record(refund.deadline_at),
        "attention": refund.attention,
        "expected_on": refund.expected_on,
        "written_back": refund.revision > 0 and refund.written_revision == refund.revision,
        "created_at": refund.created_at.isoformat(),
    }


def story_record(told: Story) -> dict[str, Any]:
    """The whole story as plain data."""
    return {
        "refund": record(told.refund),
        "means": told.means,
        "why": told.why,
        "next": told.next_step,
        "decision": told.refund.decision,
        "paid_to": paid_to_record(told.paid_to),
        "reviews": [_reviewed_record(reviewed) for reviewed in told.reviews],
        "payouts": [_payout_record(payout) for payout in told.payouts],
        "timeline": [
            {"at": line.at.isoformat(), "what": line.what, "actor": line.actor, **line.detail}
            for line in told.lines
        ],
    }


def print_story(told: Story) -> None:
    """Where the refund stands, who said what about it, and all that happened."""
    refund = told.refund
    headline = f"  {refund.amount}  order #{refund.order_number}  "
    output.out.print(
        Text.assemble((refund.id, "bold"), headline, output.coloured(refund.state)),
    )
    where = f"Store {refund.store_id}, its refund {refund.platform_refund_id}."
    for sentence in filter(None, (told.means, told.why, where, *_terms(refund))):
        output.say(sentence)
    if told.next_step:
        output.say(f"→ {told.next_step}")
    if told.paid_to:
        output.say(paid_to_words(told.paid_to))
    if told.reviews:
        print_said(said for reviewed in told.reviews for said in reviewed.acts)
    if told.payouts:
        columns = ("line", "batch", "paid out", "bank's answer", "bank reference", "on")
        output.table("Payouts by hand", columns, map(_payout_row, told.payouts))
    output.table("Timeline (UTC)", ("when", "what", "who", "detail"), map(_line_row, told.lines))


def paid_to_words(paid_to: PaidTo) -> str:
    """Where the money goes, masked, and what there is to know about that account."""
    masked = paid_to.masked
    seen = output.counted(paid_to.other_refunds, "other refund")
    rests = f"; it rests until {moments.shown(paid_to.good_from)} in Lima" if paid_to.rests else ""
    return (
        f"Paid to {masked['name']}, {masked['document']}, {masked['account']}: "
        f"details from {paid_to.given_by}, account given for {seen}{rests}."
    )


def paid_to_record(paid_to: PaidTo | None) -> dict[str, Any] | None:
    """The same as plain data."""
    if paid_to is None:
        return None
    return {
        **paid_to.masked,
        "given_by": paid_to.given_by,
        "given_at": paid_to.given_at.isoformat(),
        "good_from": paid_to.good_from.isoformat(),
        "other_refunds": paid_to.other_refunds,
    }


def said_record(said: ReviewAct) -> dict[str, Any]:
    """What one person said, as plain data."""
    return {
        "at": said.at.isoformat(),
        "person": said.person,
        "act": said.act,
        "comment": said.comment,
        "digest": said.digest,
    }


def print_said(said: Iterable[ReviewAct]) -> None:
    """What people said, oldest first."""
    rows = ((moments.shown(act.at), act.person, act.act, act.comment) for act in said)
    output.table("What was said (Lima)", ("when", "who", "what", "comment"), rows)


def _terms(refund: Refund) -> list[str]:
    lane = {"original": "the original route", "payout": "bank transfer, by hand"}[refund.lane]
    return [
        f"Lane: {lane}.",
        f"Deadline: {moments.shown(refund.deadline_at)} in Lima." if refund.deadline_at else "",
        f"Expected on {refund.expected_on}." if refund.expected_on else "",
    ]


def _reviewed_record(reviewed: Reviewed) -> dict[str, Any]:
    review = reviewed.review
    return {
        "opened_at": review.opened_at.isoformat(),
        "expires_at": review.expires_at.isoformat(),
        "needed": review.needed,
        "covers": list(review.covers),
        "digest": review.digest,
        "ended_as": review.ended_as,
        "said": [said_record(said) for said in reviewed.acts],
    }


def _payout_record(payout: Payout) -> dict[str, Any]:
    return {
        "line": payout.line_id,
        "batch": payout.batch_id,
        "paid_out": str(payout.paid_out.decimal),
        "currency": payout.paid_out.currency,
        "exchange": dict(payout.exchange),
        "exported_at": payout.exported_at.isoformat(),
        "answer": payout.ended_as,
        "bank_reference": payout.bank_reference,
        "paid_on": payout.paid_on,
        "reason": payout.reason,
        "reason_code": payout.reason_code,
    }


def _payout_row(payout: Payout) -> tuple[object, ...]:
    answered = payout.ended_as or "not yet"
    why = f": {payout.reason}" if payout.reason else ""
    return (
        payout.line_id,
        payout.batch_id,
        payout.paid_out,
        f"{answered}{why}",
        payout.bank_reference,
        payout.paid_on or "",
    )


def _line_row(line: Line) -> tuple[object, ...]:
    detail = "  ".join(f"{key}={value}" for key, value in line.detail.items())
    return f"{line.at:%Y-%m-%d %H:%M:%S}", line.what, line.actor, detail
