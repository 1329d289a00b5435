"""Mistakes of the database: locks, transactions, wake-ups."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from typing import Any
from unittest.mock import patch

from pef_adapters.core.errors import PefError
from pef_adapters.core.states import CARE
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Payment, Refund, TimelineEntry
from pef_adapters.engine.waiting import put_off
from pef_adapters.storage.memory import MemoryBook
from pef_adapters.storage.memory.ledger import MemoryLedger
from pef_adapters.storage.memory.tables import Tables
from planted_kit import Patches, everywhere, mistake


@mistake(known="read-modify-write without 'select for update', the lost update of every textbook")
def no_lock() -> Patches:
    """No row is locked: two workers read the same refund, and the last to write wins."""
    return [
        patch.object(MemoryBook, "begin", _begin_without_lock),
        patch.object(MemoryLedger, "lock_refund", _read_refund_slowly),
        patch.object(MemoryLedger, "lock_payment", _read_payment_slowly),
    ]


@asynccontextmanager
async def _begin_without_lock(self: Any) -> AsyncIterator[MemoryLedger]:
    base = self._tables.copy()
    draft = base.copy()
    yield MemoryLedger(draft)
    for field in fields(Tables):
        _merge(
            getattr(self._tables, field.name), getattr(base, field.name), getattr(draft, field.name)
        )


def _merge(into: dict[Any, Any], base: dict[Any, Any], draft: dict[Any, Any]) -> None:
    """Row by row, as a database without locks: whatever was written is written over."""
    into.update({key: row for key, row in draft.items() if base.get(key) is not row})
    for key in base.keys() - draft.keys():
        into.pop(key, None)


async def _read_refund_slowly(self: MemoryLedger, refund_id: str) -> Refund | None:
    row = await self.refund(refund_id)
    await asyncio.sleep(0)
    return row


async def _read_payment_slowly(
    self: MemoryLedger, account_id: str, transaction_id: str
) -> Payment | None:
    row = await self.payment(account_id, transaction_id)
    await asyncio.sleep(0)
    return row


@mistake(known="balances kept in another service or another session than the order")
def reservation_survives_rollback() -> Patches:
    """The reservation is written by a connection of its own: a rollback does not undo it."""
    begin = MemoryBook.begin

    @asynccontextmanager
    async def half_rolled_back(self: Any) -> AsyncIterator[Any]:
        async with begin(self) as ledger:
            try:
                yield ledger
            except BaseException:
                self._tables.payments = ledger._tables.payments  # type: ignore[attr-defined]
                raise

    return [patch.object(MemoryBook, "begin", half_rolled_back)]


@mistake(known="systems whose only memory of work to do is the queue")
def nobody_sweeps() -> Patches:
    """Nobody looks for what is due: a wake-up that the queue loses is lost for good."""

    async def nothing(_: MemoryLedger, *_asked: object) -> list[Any]:
        return []

    return [patch.object(MemoryLedger, "due_refunds", nothing)]


@mistake(known="rows whose next_run_at is null and that no query finds")
def put_off_for_ever() -> Patches:
    """A step that failed is put off without saying until when."""

    async def forgotten(ports: Ports, refund_id: str, fault: PefError) -> None:
        await put_off(ports, refund_id, fault)
        async with ports.book.begin() as ledger:
            refund = await ledger.lock_refund(refund_id)
            if refund is not None:
                await ledger.save_refund(replace(refund, next_action_at=None))

    return everywhere(put_off, forgotten)


@mistake(known="privacy jobs that overwrite names in tables of evidence")
def names_taken_from_the_timeline() -> Patches:
    """Once a refund is at its end, its timeline no longer says who did what."""
    add = MemoryLedger.add_entry

    async def added(self: MemoryLedger, entry: TimelineEntry) -> None:
        await add(self, entry)
        if entry.to_state is not None and CARE[entry.to_state].final:
            _take_names(self._tables, entry.refund_id)

    return [patch.object(MemoryLedger, "add_entry", added)]


def _take_names(tables: Tables, refund_id: str) -> None:
    for key, kept in tables.timeline.items():
        if kept.refund_id == refund_id:
            tables.timeline[key] = replace(kept, actor="somebody")
