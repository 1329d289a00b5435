"""One refund's coherent story: what happened, what was sent, what was answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import NotThere
from pef_adapters.core.states import CARE
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.attention import why
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Exchange, Refund, TimelineEntry


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story; `detail` is plain data."""

    at: datetime
    what: str
    actor: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """A refund with its lines, oldest first."""

    refund: Refund
    owner: str
    means: str
    why: str
    next_step: str
    lines: tuple[Line, ...]


async def tell(ports: Ports, refund_id: str, language: str) -> Story:
    """The story of one refund.

    Raises:
        NotThere: no such refund.
    """
    async with ports.book.begin() as ledger:
        refund = await ledger.refund(refund_id)
        if refund is None:
            raise NotThere(f"there is no refund {refund_id}")
        attempts = await ledger.attempts(refund_id)
        exchanges = await ledger.exchanges([a.merchant_refund_id for a in attempts])
        entries = await ledger.timeline(refund_id)
    lines = [_entry_line(entry) for entry in entries] + [_exchange_line(x) for x in exchanges]
    state, (key, figures) = f"state.{refund.state}", why(refund, refund.attention)
    return Story(
        refund=refund,
        owner=CARE[refund.state].owner.value,
        means=explain(state, language),
        why=explain(key, language, figures) if key else "",
        next_step=(advise(key, language, figures) if key else "") or advise(state, language),
        lines=tuple(sorted(lines, key=lambda line: line.at)),
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
