"""What the database itself refuses and hides, whoever writes to it."""

import psycopg
import pytest

from pef_adapters.core.errors import SecretUnreadable
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue
from pef_adapters.storage.secrets import SecretBox
from storage_samples import CANARY, NOON, entry, exchange, refund, settle_in


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """A ledger with a bit of everything in it."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        await ledger.add_exchange(exchange())
        await ledger.add_entry(entry())
        await ledger.add_invitation("t1", f'{{"key": "{CANARY}"}}', NOON)
    return postgres_book


async def whole_database(pool: Pool) -> str:
    """Every row of every table, as text."""
    async with pool.connection() as conn:
        names = await conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in await names.fetchall()]
        dumps = [await conn.execute(f"SELECT t::text FROM {name} t") for name in tables]  # noqa: S608 -- our own names
        return "\n".join([str(row[0]) for dump in dumps for row in await dump.fetchall()])


async def test_no_secret_is_readable_in_any_table(book: PostgresBook, pool: Pool) -> None:
    """Keys of stores, accounts and invitations lie sealed, not even hex or base64 encoded."""
    text = await whole_database(pool)
    assert "shop.example" in text
    for plain in (CANARY, CANARY.encode().hex()):
        assert plain not in text
    async with book.begin() as ledger:
        kept = await ledger.store("shop")
    assert kept is not None
    assert kept.secrets["consumer_secret"] == CANARY


async def test_another_key_opens_nothing(book: PostgresBook, pool: Pool, queue: Queue) -> None:
    """With another secret key the stored secrets are unreadable, and said to be."""
    assert book is not None
    other = PostgresBook(pool, SecretBox.from_setting("A" * 43 + "="), queue)
    with pytest.raises(SecretUnreadable):
        async with other.begin() as ledger:
            await ledger.store("shop")


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("table", ["exchanges", "timeline"])
@pytest.mark.parametrize("change", ["UPDATE {} SET seq = DEFAULT", "DELETE FROM {}", "TRUNCATE {}"])
async def test_evidence_can_only_be_added(pool: Pool, table: str, change: str) -> None:
    """Exchanges and timeline entries can't be changed or removed, not even by SQL."""
    async with pool.connection() as conn:
        with pytest.raises(psycopg.errors.CheckViolation, match="append-only"):
            await conn.execute(change.format(table))


@pytest.mark.usefixtures("book")
async def test_the_guard_holds_for_plain_sql(pool: Pool) -> None:
    """A state change outside the core's table is refused whoever asks."""
    async with pool.connection() as conn:
        with pytest.raises(psycopg.errors.CheckViolation, match="received can't become unknown"):
            await conn.execute("UPDATE refunds SET state = 'unknown'")


@pytest.mark.usefixtures("book")
async def test_the_money_check_holds_for_plain_sql(pool: Pool) -> None:
    """No SQL gives back more than was paid."""
    async with pool.connection() as conn:
        with pytest.raises(psycopg.errors.CheckViolation, match="payment_within_paid"):
            await conn.execute("UPDATE payments SET refunded = 1, reserved = paid")


async def test_a_locked_refund_still_takes_timeline_entries(book: PostgresBook) -> None:
    """Referring to a locked refund does not wait for its lock."""
    async with book.begin() as holder, book.begin() as other:
        assert await holder.lock_refund("rf-1") == refund()
        await other.add_entry(entry())


async def test_a_lock_that_is_not_had_surfaces_as_it_is(book: PostgresBook) -> None:
    """Whoever waits too long for a payment hears the database's own error."""
    async with book.begin() as holder:
        await holder.lock_payment("acc", "T1")
        async with book.begin() as other:
            await other._run("SET LOCAL lock_timeout = '10ms'")  # type: ignore[attr-defined]
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await other.lock_payment("acc", "T1")
