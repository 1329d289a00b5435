"""One refund's coherent story: what happened, what was sent, what was answered.

Shows bank details masked only: whole ones leave by the bank file alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pef_adapters.core.states import CARE
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.attention import why
from pef_adapters.engine.facts import editors
from pef_adapters.engine.known import known_refund
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import (
    Exchange,
    Payout,
    Refund,
    Review,
    ReviewAct,
    TimelineEntry,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story; `detail` is plain data."""

    at: datetime
    what: str
    actor: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PaidTo:
    """The newest bank details, masked, and for how many other refunds that account was given.

    Nothing is paid there before `good_from`.
    """

    masked: Mapping[str, str]
    given_by: str
    given_at: datetime
    good_from: datetime
    other_refunds: int

    @property
    def rests(self) -> bool:
        """Whether it replaced other details and had, or has, to cool off."""
        return self.good_from > self.given_at


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One wait for approval, and what was said in it, oldest first."""

    review: Review
    acts: tuple[ReviewAct, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A refund with its lines, oldest first; its `editors` can't approve it."""

    refund: Refund
    owner: str
    means: str
    why: str
    next_step: str
    lines: tuple[Line, ...]
    paid_to: PaidTo | None
    reviews: tuple[Reviewed, ...]
    payouts: tuple[Payout, ...]
    editors: tuple[str, ...]


async def tell(ports: Ports, refund_id: str, language: str) -> Story:
    """The story of one refund.

    Raises:
        NotThere: no such refund.
    """
    async with ports.book.begin() as ledger:
        refund = await known_refund(ledger, refund_id)
        attempts = await ledger.attempts(refund_id)
        exchanges = await ledger.exchanges([a.merchant_refund_id for a in attempts])
        entries = await ledger.timeline(refund_id)
        store = await ledger.store(refund.store_id)
        paid_to = await _paid_to(ledger, refund_id)
        reviews = await _reviewed(ledger, refund_id)
        payouts = await ledger.payouts_of_refund(refund_id)
    lines = [_entry_line(entry) for entry in entries] + [_exchange_line(x) for x in exchanges]
    state, (key, figures) = f"state.{refund.state}", why(refund, refund.attention)
    return Story(
        refund=refund,
        owner=CARE[refund.state].owner.value,
        means=explain(state, language),
        why=explain(key, language, figures) if key else "",
        next_step=(advise(key, language, figures) if key else "") or advise(state, language),
        lines=tuple(sorted(lines, key=lambda line: line.at)),
        paid_to=paid_to,
        reviews=reviews,
        payouts=tuple(payouts),
        editors=tuple(sorted(editors(refund, store))) if store else (),
    )


async def _paid_to(ledger: Ledger, refund_id: str) -> PaidTo | None:
    newest = await ledger.newest_destination(refund_id)
    if newest is None:
        return None
    others = set(await ledger.refunds_to(newest.account)) - {refund_id}
    return PaidTo(newest.masked, newest.given_by, newest.given_at, newest.good_from, len(others))


async def _reviewed(ledger: Ledger, refund_id: str) -> tuple[Reviewed, ...]:
    acts = await ledger.acts(refund_id)
    return tuple(
        Reviewed(review, tuple(act for act in acts if act.review_id == review.id))
        for review in await ledger.reviews(refund_id)
    )


def _entry_line(entry: TimelineEntry) -> Line:
    moved = entry.from_state != entry.to_state
    detail = {"state": f"{entry.from_state or '·'} → {entry.to_state}"} if moved else {}
    return Line(entry.at, entry.what, entry.actor, {**detail, **entry.detail})


def _exchange_line(exchange: Exchange) -> Line:
    detail = {
        "request": exchange.request,
        "id": exchange.merchant_refund_id,
        "status": exchange.status,
        "response_id": exchange.response_id,
        "rail_timestamp": exchange.rail_timestamp,
        "fault": exchange.fault,
    }
    said = {key: value for key, value in detail.items() if value is not None}
    return Line(exchange.started_at, exchange.purpose, "rail", said)
