"""On PostgreSQL: sealing beside writers, and an owner who switches the triggers off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from engine_world import World
from pef_adapters.engine.evidence import newest_heads, seal, verify
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import EvidenceBook, Wrong
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from people_samples import audit
from storage_samples import entry, exchange, refund, settle_in

AT_ONCE = 12
NO_PAUSE = timedelta(0)
ROWS_EACH = 8
SEALINGS = 12
BEFORE_THE_FIRST = (
    "INSERT INTO audit (id, at, actor, what, subject, outcome, origin, detail)"
    " OVERRIDING SYSTEM VALUE VALUES (-1, now(), 'a', 'b', 'c', 'done', '', '{}')"
)


@pytest.fixture
async def ports(database: str, secret_box: SecretBox) -> AsyncIterator[Ports]:
    """A ledger on PostgreSQL with a refund, for many transactions at once."""
    async with open_pool(database, size=AT_ONCE + 2) as pool:
        book = PostgresBook(pool, secret_box, make_queue(pool))
        async with book.begin() as ledger:
            await settle_in(ledger)
            await ledger.add_refund(refund())
        yield World(book).ports


async def filled(ports: Ports, rows: int = 6) -> None:
    """Rows in each book, under two seals each."""
    for half in range(2):
        for number in range(rows):
            async with ports.book.begin() as ledger:
                await ledger.add_exchange(exchange(status=number))
                await ledger.add_entry(entry(what=f"step {half} {number}"))
                await ledger.add_audit(audit())
        await seal(ports, NO_PAUSE)


async def broken(ports: Ports) -> dict[EvidenceBook, Wrong]:
    """What is wrong first in each book."""
    heads = await newest_heads(ports)
    return {each.book: each.broken.wrong for each in await verify(ports, heads) if each.broken}


async def test_writers_that_commit_out_of_order_stay_inside(ports: Ports) -> None:
    """Whoever writes while sealing goes on is sealed in the end, and the chain is whole."""

    async def write(writer: int) -> None:
        for number in range(ROWS_EACH):
            async with ports.book.begin() as ledger:
                await ledger.add_entry(entry(what=f"{writer}/{number}"))
                await asyncio.sleep(0.001 * ((writer * 7 + number * 3) % 11))

    async def seal_on() -> None:
        for _ in range(SEALINGS):
            await seal(ports, NO_PAUSE)
            await asyncio.sleep(0.005)

    await asyncio.gather(seal_on(), *map(write, range(AT_ONCE)))
    await seal(ports, NO_PAUSE)
    found = {each.book: each for each in await verify(ports)}[EvidenceBook.TIMELINE]
    assert found.broken is None
    assert (found.rows, found.unsealed) == (AT_ONCE * ROWS_EACH, 0)
    assert found.seals > 1


async def test_a_smaller_number_that_commits_later_is_waited_for(ports: Ports) -> None:
    """While it is under way nothing is sealed; once it is there, both rows are."""
    async with ports.book.begin() as slow:
        await slow.add_entry(entry(what="slow"))
        async with ports.book.begin() as quick:
            await quick.add_entry(entry(what="quick"))
        assert await seal(ports, NO_PAUSE) == []
    (made,) = await seal(ports, NO_PAUSE)
    assert (made.book, made.rows) == (EvidenceBook.TIMELINE, 2)
    assert await broken(ports) == {}


async def test_two_that_seal_at_once_make_one_chain(ports: Ports) -> None:
    """Each number is made once, whoever comes first."""
    async with ports.book.begin() as ledger:
        await ledger.add_entry(entry())
    await asyncio.gather(*(seal(ports, NO_PAUSE) for _ in range(4)))
    found = {each.book: each for each in await verify(ports)}[EvidenceBook.TIMELINE]
    assert (found.seals, found.rows, found.broken) == (1, 1, None)


@pytest.mark.parametrize(
    ("table", "change", "wrong"),
    [
        ("exchanges", "UPDATE exchanges SET status = 500 WHERE seq = 2", Wrong.CHANGED),
        ("exchanges", "UPDATE exchanges SET fault = '' WHERE seq = 9", Wrong.CHANGED),
        ("timeline", "DELETE FROM timeline WHERE seq = 3", Wrong.ROWS_MISSING),
        ("timeline", "DELETE FROM timeline WHERE seq > 10", Wrong.ROWS_MISSING),
        ("timeline", "UPDATE timeline SET detail = '{\"rules\": []}'", Wrong.CHANGED),
        ("timeline", "UPDATE timeline SET at = at + interval '1 us'", Wrong.CHANGED),
        (
            "audit",
            BEFORE_THE_FIRST,
            Wrong.ROWS_ADDED,
        ),
        ("seals", "UPDATE seals SET mark = 'x' WHERE number = 1", Wrong.MARK),
        ("seals", "UPDATE seals SET sealed_at = now() WHERE number = 1", Wrong.CHANGED),
        ("seals", "DELETE FROM seals WHERE number = 1", Wrong.SEAL_MISSING),
    ],
)
async def test_an_owner_who_switches_triggers_off_is_seen(
    ports: Ports, database: str, table: str, change: str, wrong: Wrong
) -> None:
    """Whatever he changes under a seal, the chain says what, in the book that he changed."""
    await filled(ports)
    assert await broken(ports) == {}
    with psycopg.connect(database) as conn:
        conn.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(table)))
        conn.execute(change.encode())
    found = await broken(ports)
    assert set(found.values()) == {wrong}
    assert table == "seals" or found.keys() == {EvidenceBook(table)}


async def test_a_tail_that_was_cut_is_seen_by_a_kept_head(ports: Ports, database: str) -> None:
    """Rows and seals of the end are gone, and what is left fits together."""
    await filled(ports)
    heads = await newest_heads(ports)
    with psycopg.connect(database) as conn:
        for statement in (
            "ALTER TABLE seals DISABLE TRIGGER USER",
            "ALTER TABLE timeline DISABLE TRIGGER USER",
            "DELETE FROM seals WHERE book = 'timeline' AND number = 2",
            "DELETE FROM timeline WHERE seq > 6",
        ):
            conn.execute(statement.encode())
    assert await broken(ports) == {}
    found = {each.book: each.broken for each in await verify(ports, heads)}
    cut = found[EvidenceBook.TIMELINE]
    assert cut is not None
    assert (cut.number, cut.wrong) == (2, Wrong.HEAD)


async def test_the_seals_themselves_can_only_be_added(ports: Ports, database: str) -> None:
    """The same trigger guards them."""
    await filled(ports)
    for change in ("UPDATE seals SET rows = 0", "DELETE FROM seals", "TRUNCATE seals"):
        with (
            psycopg.connect(database) as conn,
            pytest.raises(psycopg.errors.CheckViolation, match="append-only"),
        ):
            conn.execute(change.encode())


async def test_every_column_is_sealed(ports: Ports, database: str) -> None:
    """A column that a later release adds has to be sealed as well, or named here."""
    await filled(ports, 1)
    with psycopg.connect(database) as conn:
        kept = conn.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ).fetchall()
    for kind in EvidenceBook:
        async with ports.book.begin() as ledger:
            row = (await ledger.evidence(kind, 0, 9, 1))[0]
        columns = {column for table, column in kept if table == kind}
        assert row.keys() == {"seq" if name == "id" else name for name in columns}
