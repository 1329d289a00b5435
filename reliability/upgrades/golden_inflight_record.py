"""Makes refunds in flight with whichever release stands first on PYTHONPATH, in PostgreSQL.

    golden_inflight_record.py DSN > rows.json

A database that a newer release has migrated already is taken as it is. One refund a scene,
each on a payment of its own; then every row of the ledger is written
down, and beside it the truth that the store and the rail know. Nothing here may need what
the first release did not have.
"""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import structlog

from engine_world import Killed, World
from pef_adapters.core.money import Money
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.ports import Boundary, RailStatus, Refusal
from pef_adapters.storage.migrations import current_revision, migrate
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.testing.hostile_rail import LOST_ANSWER, LOST_REQUEST, REFUSED_CONNECTION

HOUSE_SECRET = "A" * 43 + "="
_MINOR = 5000
_OPEN = "SELECT id FROM received WHERE outcome IS NULL ORDER BY id"
_NOT_OURS = ("alembic_version", "queue_migrations", "refund_moves")
Scene = Callable[["Old", str], Awaitable[None]]


class Old:
    """The world of one release on PostgreSQL: no worker runs, we say who wakes up."""

    def __init__(self, world: World, dsn: str) -> None:
        self.world, self.dsn = world, dsn

    async def press(self, number: str, *, days_old: int = 1) -> None:
        """A payment of its own, its refund pressed and registered, not decided yet."""
        world, cip = self.world, f"3000{number}"
        world.rail.pay(cip, Money(_MINOR, "PEN"), world.clock.now() - timedelta(days=days_old))
        await world.press(number, _MINOR, order_id=f"9{number}", transaction_id=cip)
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            rows = await (await conn.execute(_OPEN)).fetchall()
        for (received,) in rows:
            await digest(world.ports, received)

    async def go(self, number: str, die_at: Boundary | None = None) -> None:
        """Wake the refund up; its process may die at a boundary."""
        self.world.die_at = die_at
        refund = await self.world.refund(number)
        with contextlib.suppress(Killed):
            await advance(self.world.ports, refund.id)
        self.world.die_at = None

    async def turn(self, number: str, status: RailStatus, word: str) -> None:
        """The rail goes on; we have not heard of it yet."""
        refund, book = await self.world.refund(number), self.world.rail.book
        keep = {key: each for key, each in book.items() if not key.startswith(refund.id)}
        self.world.rail.settle(status, word)
        book.update(keep)


async def _received(old: Old, number: str) -> None:
    await old.press(number)


async def _ready(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.fail_sends(REFUSED_CONNECTION)
    await old.go(number)


async def _dead_before_send(old: Old, number: str) -> None:
    await old.press(number)
    await old.go(number, Boundary.INTENDED)


async def _dead_after_send(old: Old, number: str) -> None:
    await old.press(number)
    await old.go(number, Boundary.ANSWERED)


async def _answer_lost(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.fail_sends(LOST_ANSWER)
    await old.go(number)


async def _request_lost(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.fail_sends(LOST_REQUEST)
    await old.go(number)


async def _pending(old: Old, number: str) -> None:
    await old.press(number)
    await old.go(number)


async def _pending_refused_meanwhile(old: Old, number: str) -> None:
    await _pending(old, number)
    await old.turn(number, RailStatus.REFUSED, "REJECTED")


async def _returned(old: Old, number: str) -> None:
    await _pending(old, number)
    await old.turn(number, RailStatus.RETURNED, "RETURNED")
    old.world.clock.advance(minutes=2)
    await old.go(number)


async def _refunded_untold(old: Old, number: str) -> None:
    await _pending(old, number)
    await old.turn(number, RailStatus.REFUNDED, "REFUNDED")
    old.world.clock.advance(minutes=2)
    await old.go(number, Boundary.WRITING_BACK)


async def _refused(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await old.go(number)


async def _held(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.refuse((Refusal.NEEDS_OWNER, "ACCOUNT_SUSPENDED"))
    await old.go(number)


async def _awaiting(old: Old, number: str) -> None:
    await old.press(number)
    old.world.rail.refuse((Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"))
    await old.go(number)


async def _by_hand(old: Old, number: str) -> None:
    await old.press(number, days_old=40)
    await old.go(number)


async def _at_the_bank(old: Old, number: str) -> None:
    await _payout_due(old, number)
    from pef_adapters.engine import payouts  # noqa: PLC0415 -- the first release had no desk

    await payouts.export(old.world.ports, "main", "csv", "Rosa")


async def _payout_due(old: Old, number: str) -> None:
    from desk_world import ANA  # noqa: PLC0415
    from pef_adapters.engine import approvals, beneficiary  # noqa: PLC0415

    await _by_hand(old, number)
    ports, refund = old.world.ports, await old.world.refund(number)
    async with ports.book.begin() as ledger:
        link = await ledger.open_link(refund.id)
    await beneficiary.give(ports, ports.links.token(link.id), ANA)
    await old.go(number)
    for person in ("Rosa", "Marta"):
        await approvals.approve(ports, refund.id, person)
    await old.go(number)


def scenes() -> dict[str, Scene]:
    """All that this release can play; the first one had no payout desk."""
    try:
        import desk_world  # noqa: F401, PLC0415
    except ImportError:
        return dict(SCENES)
    return {**SCENES, "at the bank": _at_the_bank, "payout due": _payout_due}


SCENES: Mapping[str, Scene] = {
    "received": _received,
    "ready": _ready,
    "dead before send": _dead_before_send,
    "dead after send": _dead_after_send,
    "answer lost": _answer_lost,
    "request lost": _request_lost,
    "pending": _pending,
    "pending, refused meanwhile": _pending_refused_meanwhile,
    "returned": _returned,
    "refunded, order untold": _refunded_untold,
    "refused": _refused,
    "held": _held,
    "awaiting beneficiary": _awaiting,
    "old payment": _by_hand,
}


async def played(dsn: str) -> dict[str, Any]:
    """Every scene, and then all rows and truths."""
    async with open_pool(dsn, size=4) as pool:
        book = PostgresBook(pool, SecretBox(HOUSE_SECRET), make_queue(pool))
        world = await World(book).open()
        numbers = {}
        for number, (name, scene) in enumerate(scenes().items(), start=100):
            await scene(Old(world, dsn), str(number))
            numbers[str(number)] = (name, (await world.refund(str(number))).state.value)
        return {
            "schema": current_revision(dsn),
            "now": world.clock.now().isoformat(),
            "scenes": {
                key: {"name": name, "state": state} for key, (name, state) in numbers.items()
            },
            "truth": _truth(world),
            "rows": _rows(dsn),
        }


def _truth(world: World) -> dict[str, Any]:
    rail = world.rail
    return {
        "pressed": [
            {
                "refund_id": each.refund_id,
                "order_id": each.order_id,
                "transaction_id": each.transaction_id,
                "minor": each.amount.minor,
                "at": each.requested_at.isoformat(),
            }
            for each in world.platform.refunds.values()
        ],
        "payments": {
            cip: {"minor": each.amount.minor, "paid_at": each.paid_at.isoformat()}
            for cip, each in rail.payments.items()
        },
        "book": {
            key: {
                "rail_refund_id": each.rail_refund_id,
                "status": each.status.value,
                "word": each.status_word,
                "expected_on": each.expected_on,
            }
            for key, each in rail.book.items()
        },
        "bookings": [[key, amount.minor] for key, amount in rail.bookings],
    }


def _rows(dsn: str) -> dict[str, list[Any]]:
    """Every row of our own tables, as PostgreSQL writes it as JSON."""
    with psycopg.connect(dsn) as conn:
        named = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT LIKE 'procrastinate%' ORDER BY 1"
        )
        tables = [row[0] for row in named if row[0] not in _NOT_OURS]
        found = {each: conn.execute(f"SELECT to_jsonb(t) FROM {each} t") for each in tables}  # noqa: S608 -- our own names
        return {name: kept for name, rows in found.items() if (kept := [r[0] for r in rows])}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if current_revision(sys.argv[1]) is None:  # else a newer release has migrated it already
        migrate(sys.argv[1])
    sys.stdout.write(json.dumps(asyncio.run(played(sys.argv[1]))))
