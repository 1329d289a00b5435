"""Keeps who did what: one entry for each change that was asked for, refused ones too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import PefError
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import AuditEntry


@dataclass(slots=True, kw_only=True)
class Deed:
    """What is being done; whoever does it may add where it belongs and details of it.

    `what` has a text `audit.<what>`. No secret and no bank detail goes into `detail`.
    """

    what: str
    subject: str
    store_id: str | None = None
    agency: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


_MOST_LETTERS = 300


@asynccontextmanager
async def audited(ports: Ports, actor: Actor, deed: Deed) -> AsyncIterator[Deed]:
    """Run the body, then keep that it was done, or the code of what refused it.

    The entry is written in a transaction of its own, so that a refusal leaves one too.
    """
    outcome = "done"
    try:
        yield deed
    except PefError as refused:
        outcome = refused.code
        raise
    except BaseException:
        outcome = "broken"
        raise
    finally:
        await keep_deed(ports, actor, deed, outcome)


@asynccontextmanager
async def audited_refusals(ports: Ports, actor: Actor, deed: Deed) -> AsyncIterator[Deed]:
    """Run the body; only if it is refused is an entry kept."""
    try:
        yield deed
    except PefError as refused:
        await keep_deed(ports, actor, deed, refused.code)
        raise


async def keep_deed(ports: Ports, actor: Actor, deed: Deed, outcome: str = "done") -> None:
    """Write one entry."""
    async with ports.book.begin() as ledger:
        await ledger.add_audit(
            AuditEntry(
                at=ports.clock.now(),
                actor=actor.name,
                what=deed.what,
                subject=_plain(deed.subject),
                store_id=deed.store_id,
                agency=deed.agency,
                outcome=outcome,
                origin=actor.origin,
                detail=deed.detail,
            )
        )


def _plain(subject: str) -> str:
    """Short, and without letters that would draw on a terminal: people type subjects, too."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in subject)[
        :_MOST_LETTERS
    ]
