"""Refunds in flight that an older release left behind, carried to their end by this one.

The rows are loaded into the older schema, migrated, and worked on: store and rail behave
well from now on, people do what they are asked, and every refund has one right end.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from desk_world import DeskWorld
from golden_inflight_record import HOUSE_SECRET
from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.engine import beneficiary, payouts, people
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.janitor import sweep
from pef_adapters.engine.ports import RailRefund, RailStatus
from pef_adapters.engine.records import Refund
from pef_adapters.storage.migrations import by_alembic, migrate
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from upgrade_releases import Code

FOLDER = Path(__file__).parents[2] / "tests" / "golden_histories" / "in_flight"
_PROGRAM = Path(__file__).parent / "golden_inflight_record.py"
_OPEN = "SELECT id FROM received WHERE outcome IS NULL ORDER BY id"
_ROUNDS, _STEP = 40, {"hours": 7}
_FAILED = ("pending, refused meanwhile", "refused")
Dump = dict[str, Any]


def dumps(folder: Path = FOLDER) -> dict[str, Dump]:
    """The rows that each release left, by its schema."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def recorded(code: Code, dsn: str) -> str:
    """What a release leaves behind in the empty database at `dsn`."""
    path = f"{code.environment['PYTHONPATH']}:{code.root / 'tests'}"
    done = subprocess.run(
        (sys.executable, str(_PROGRAM), dsn),
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def load(dump: Dump, dsn: str) -> None:
    """The older schema with the rows as they were."""
    by_alembic.upgrade(lambda: psycopg.connect(dsn), to=dump["schema"])
    with psycopg.connect(dsn, autocommit=True) as conn:
        apply_queue_schema(conn)
        with conn.transaction():
            # Rows come in the order of the alphabet, not of their references.
            conn.execute("SET LOCAL session_replication_role = replica")
            for table, rows in dump["rows"].items():
                _fill(conn, table, rows)


def _fill(conn: psycopg.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    name = Identifier(table)
    columns = SQL(", ").join(map(Identifier, rows[0]))
    conn.execute(
        SQL(
            "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE"
            " SELECT {1} FROM jsonb_populate_recordset(NULL::{0}, %s)"
        ).format(name, columns),
        (Jsonb(rows),),
    )
    for column in {"id", "seq"} & set(rows[0]):
        found = conn.execute("SELECT pg_get_serial_sequence(%s, %s)", (table, column)).fetchone()
        if found is not None and found[0] is not None:
            conn.execute("SELECT setval(%s, %s)", (found[0], max(row[column] for row in rows)))


class Heir(DeskWorld):
    """A world of today on rows of an older release."""

    @classmethod
    def of(cls, dump: Dump, book: PostgresBook, dsn: str) -> Self:
        """Store, rail and clock as they stood."""
        world = cls(book)
        world.dsn, world.scenes = dsn, dump["scenes"]
        now = datetime.fromisoformat(dump["now"])
        world.clock.advance(seconds=(now - world.clock.now()).total_seconds())
        world._restore(dump["truth"])
        return world

    dsn: str
    scenes: Mapping[str, Mapping[str, str]]

    def _restore(self, truth: Mapping[str, Any]) -> None:
        for pressed in truth["pressed"]:
            at, amount = datetime.fromisoformat(pressed["at"]), Money(pressed["minor"], "PEN")
            self.platform.press(
                pressed["refund_id"],
                amount,
                at=at,
                order_id=pressed["order_id"],
                transaction_id=pressed["transaction_id"],
            )
        for cip, paid in truth["payments"].items():
            at = datetime.fromisoformat(paid["paid_at"])
            self.rail.pay(cip, Money(paid["minor"], "PEN"), at)
        for key, booked in truth["book"].items():
            self.rail.book[key] = RailRefund(
                merchant_refund_id=key,
                rail_refund_id=booked["rail_refund_id"],
                status=RailStatus(booked["status"]),
                status_word=booked["word"],
                expected_on=booked["expected_on"],
            )
        self.rail.bookings += [(key, Money(minor, "PEN")) for key, minor in truth["bookings"]]

    async def run(self) -> None:
        """What wake-ups do, without a queue: digest what is open, advance what is known."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            heard = await (await conn.execute(_OPEN)).fetchall()
        for (received,) in heard:
            await digest(self.ports, received)
        for refund in await self.known():
            if refund.due_at is not None and refund.due_at <= self.clock.now():
                await advance(self.ports, refund.id)

    async def known(self) -> list[Refund]:
        """Every refund."""
        async with self.book.begin() as ledger:
            return await ledger.list_refunds()

    async def carry(self, rounds: int = _ROUNDS, **step: float) -> None:
        """Time goes by; the rail pays what it accepted, people do what is theirs."""
        for _ in range(rounds):
            self.clock.advance(**(step or _STEP))
            await sweep(self.ports)
            await self.run()
            self._rail_pays()
            for refund in await self.known():
                await self._person(refund)
            if all(CARE[each.state].final for each in await self.known()):
                break
        await self.run()

    def _rail_pays(self) -> None:
        refused = {k: v for k, v in self.rail.book.items() if v.status is RailStatus.REFUSED}
        self.rail.settle()
        self.rail.book.update(refused)

    async def _person(self, refund: Refund) -> None:
        """What somebody at the desk, or the buyer, does about a refund that waits."""
        number = refund.platform_refund_id
        try:
            if refund.state is State.AWAITING_BENEFICIARY:
                await self._ask_and_give(refund, number)
            elif refund.state is State.HELD:
                await self._decide(refund, number)
            elif refund.state is State.PAYOUT_DUE:
                await self._pay_out(refund)
            elif refund.state is State.PENDING and refund.lane is Route.PAYOUT:
                lines = await self.payouts(number)
                exported = await payouts.file_again(self.ports, lines[-1].batch_id)
                await self.answer(exported, "confirmed")
        except PefError:
            return  # not yet, or not this way

    async def _pay_out(self, refund: Refund) -> None:
        """Into a bank file; a release without the desk knew no account to pay to."""
        async with self.book.begin() as ledger:
            destination = await ledger.newest_destination(refund.id)
        if destination is None:
            await people.retry(self.ports, refund.id, "Rosa")
        else:
            await self.export()

    async def _ask_and_give(self, refund: Refund, number: str) -> None:
        async with self.book.begin() as ledger:
            link = await ledger.open_link(refund.id)
        if link is None:
            await beneficiary.ask(self.ports, refund.id, "Rosa")
        await self.give(number)

    async def _decide(self, refund: Refund, number: str) -> None:
        async with self.book.begin() as ledger:
            review = await ledger.open_review(refund.id)
        if review is None:
            await people.retry(self.ports, refund.id, "Rosa")
        else:
            await self.approve("Rosa", "Marta", refund_id=number)


async def carried(dump: Dump, dsn: str) -> list[str]:
    """Migrate the rows and carry all refunds on; answers what did not end as it should."""
    load(dump, dsn)
    migrate(dsn)
    return await carried_here(dump, dsn)


async def carried_here(dump: Dump, dsn: str) -> list[str]:
    """The same in a database of today where the rows stand already."""
    async with open_pool(dsn, size=4) as pool:
        book = PostgresBook(pool, SecretBox(HOUSE_SECRET), make_queue(pool))
        world = Heir.of(dump, book, dsn)
        begun = [f"{name} began {state}" for name, state in await _otherwise(world)]
        await world.carry()
        return [*begun, *await _wrong_ends(world)]


async def _otherwise(world: Heir) -> list[tuple[str, str]]:
    """Refunds that the migration has put into another state."""
    stands = {each.platform_refund_id: each.state.value for each in await world.known()}
    return [
        (scene["name"], stands[number])
        for number, scene in world.scenes.items()
        if stands[number] != scene["state"]
    ]


async def _wrong_ends(world: Heir) -> list[str]:
    wrong, booked = [], Counter(key.rsplit("-", 1)[0] for key in world.rail.paid_out())
    refunds = {each.platform_refund_id: each for each in await world.known()}
    for number, scene in world.scenes.items():
        refund, name = refunds[number], scene["name"]
        end = State.FAILED if name in _FAILED else State.REFUNDED
        if refund.state is not end:
            wrong.append(f"{name} ends {refund.state} ({refund.attention}), not {end}")
        by_bank = [each.ended_as for each in await world.payouts(number)].count("confirmed")
        ways = booked[refund.id] + by_bank
        due = 0 if name == "refused" else 1
        if ways != due:
            wrong.append(f"{name} was paid {ways} times")
        told = world.platform.order(refund.order_id).lines.get(number)
        heard = refund.written_revision == refund.revision
        if not heard or (told is not None and told.state is not end):
            wrong.append(f"the order of {name} says {told and told.state}")
        wrong += await _wrong_payment(world, refund, name)
    return wrong


async def _wrong_payment(world: Heir, refund: Refund, name: str) -> list[str]:
    async with world.book.begin() as ledger:
        payment = await ledger.payment(refund.account_id, refund.transaction_id or "")
    due = refund.amount.minor if refund.state is State.REFUNDED else 0
    stands = (payment.reserved.minor, payment.refunded.minor) if payment else (0, 0)
    return [] if stands == (0, due) else [f"the payment of {name} holds {stands}"]
