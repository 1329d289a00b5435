"""What the database itself refuses and hides of the payout desk, whoever writes to it."""

from base64 import b64encode
from typing import Any

import psycopg
import pytest

from desk_samples import (
    act,
    alarm,
    batch,
    cost,
    decided,
    destination,
    link,
    moved_in,
    payout,
    policy,
    proof,
    review,
)
from pef_adapters.core.errors import SecretUnreadable
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue
from pef_adapters.storage.secrets import SecretBox
from storage_samples import CANARY, NOON

APPEND_ONLY = ("policies", "decisions", "review_acts", "destinations", "proofs", "actual_costs")
HOUSE_KEY = f"house-{CANARY}"


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """A ledger with a bit of everything of its newer half in it."""
    await moved_in(postgres_book)
    async with postgres_book.begin() as ledger:
        await ledger.add_policy(policy())
        await ledger.add_decided(decided())
        await ledger.add_act(act(await ledger.add_review(review())))
        await ledger.add_link(link())
        await ledger.add_payout(payout())
        await ledger.add_proof(proof())
        await ledger.raise_alarm(alarm())
        await ledger.add_cost(cost())
        await ledger.house_key(HOUSE_KEY)
    return postgres_book


async def run(pool: Pool, sql: str, *values: Any) -> list[Any]:
    """Plain SQL, as anybody may write it who reaches the database."""
    async with pool.connection() as conn:
        done = await conn.execute(sql, values or None)
        return await done.fetchall() if done.description else []


async def whole_database(pool: Pool) -> str:
    """Every row of every table, as text."""
    names = await run(pool, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    dumps = [await run(pool, f"SELECT t::text FROM {name} t") for (name,) in names]  # noqa: S608 -- our own names
    return "\n".join(str(row[0]) for dump in dumps for row in dump)


def spellings(plain: bytes) -> set[str]:
    """The bytes in the clear, in hex, and in Base64 wherever they begin, plain or in hex."""
    coded = [b64encode(b"\0" * shift + plain)[4:-4] for shift in range(3)]
    return {plain.decode(), plain.hex()} | {
        spelling for each in coded for spelling in (each.decode(), each.hex())
    }


async def test_no_secret_of_the_desk_is_readable_in_any_table(
    book: PostgresBook, pool: Pool
) -> None:
    """Bank details, proofs and the house's key lie sealed, in no spelling to be read."""
    told = await whole_database(pool)
    assert "constancia.pdf" in told
    assert "…0117" in told
    assert [each for each in spellings(CANARY.encode()) if each in told] == []
    async with book.begin() as ledger:
        kept = await ledger.newest_destination("rf-1")
        (proved,) = await ledger.proofs("PB1")
        assert await ledger.house_key("another") == HOUSE_KEY
    assert kept is not None
    assert kept.details["account"] == CANARY
    assert CANARY.encode() in proved.body


def test_every_spelling_of_a_secret_would_be_seen() -> None:
    """The search itself finds what was not sealed."""
    for shift in range(3):
        lying_open = b64encode(b"x" * shift + CANARY.encode() + b"yz").decode()
        assert any(each in lying_open for each in spellings(CANARY.encode()))
        assert any(each in lying_open.encode().hex() for each in spellings(CANARY.encode()))


async def test_the_same_details_are_sealed_differently_each_time(
    book: PostgresBook, pool: Pool
) -> None:
    """Whoever reads the table can't see that two refunds go to the same account by its seal."""
    async with book.begin() as ledger:
        await ledger.add_destination(destination())
    rows = await run(pool, "SELECT details FROM destinations")
    assert len({bytes(row[0]) for row in rows}) == 2


async def test_another_key_opens_none_of_it(book: PostgresBook, pool: Pool, queue: Queue) -> None:
    """With another secret key details, proofs and the house's key are said to be unreadable."""
    assert book is not None
    other = PostgresBook(pool, SecretBox.from_setting("A" * 43 + "="), queue)
    for read in (
        lambda ledger: ledger.newest_destination("rf-1"),
        lambda ledger: ledger.destination(1),
        lambda ledger: ledger.proofs("PB1"),
        lambda ledger: ledger.house_key("fresh"),
    ):
        with pytest.raises(SecretUnreadable):
            async with other.begin() as ledger:
                await read(ledger)


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_what_was_said_and_given_can_only_be_added_to(pool: Pool, table: str) -> None:
    """No row of these is changed or removed, not by SQL, not even where none would be met."""
    ((column,),) = await run(
        pool,
        "SELECT column_name::text FROM information_schema.columns"
        " WHERE table_name = %s AND data_type = 'text' LIMIT 1",
        table,
    )
    for change in (
        f"UPDATE {table} SET {column} = 'x'",  # noqa: S608 -- our own names
        f"UPDATE {table} SET {column} = {column} WHERE false",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match=f"{table} is append-only"):
            await run(pool, change)
    assert await run(pool, f"SELECT count(*) FROM {table}") == [(1,)]  # noqa: S608


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE links SET tries_left = -1", "tries_left"),
        ("UPDATE reviews SET needed = 3", "needed"),
        ("UPDATE payouts SET paid_out = 0", "paid_out"),
        ("INSERT INTO policies SELECT owner, 0, digest, body, '', now() FROM policies", "version"),
        ("INSERT INTO house_key VALUES (false, '')", "only_one"),
    ],
)
async def test_the_figures_hold_for_plain_sql(pool: Pool, change: str, rule: str) -> None:
    """What the ledger refuses by itself, the database refuses as well."""
    with pytest.raises(psycopg.errors.CheckViolation, match=rule):
        await run(pool, change)


SECONDS = {
    "one_open_review": """
        INSERT INTO reviews (refund_id, store_id, digest, needed, covers, opened_at, remind_at,
                             expires_at)
        SELECT refund_id, store_id, digest, needed, covers, opened_at, remind_at, expires_at
        FROM reviews
    """,
    "one_open_link": """
        INSERT INTO links
        SELECT id || 'b', refund_id, made_by, made_at, expires_at, tries_left FROM links
    """,
    "one_open_payout": """
        INSERT INTO payouts (line_id, refund_id, generation, batch_id, destination_id, paid_out,
                             currency, exchange, exported_at, bank_reference, reason, reason_code)
        SELECT line_id || 'b', refund_id, 2, batch_id, destination_id, paid_out, currency,
               exchange, exported_at, '', '', '' FROM payouts
    """,
    "one_open_alarm": """
        INSERT INTO alarms (key, subject, code, figures, raised_at)
        SELECT key, '', '', '{}', now() FROM alarms
    """,
    "house_key_pkey": "INSERT INTO house_key VALUES (true, '')",
}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("rule", list(SECONDS))
async def test_there_is_one_open_at_a_time_for_plain_sql(pool: Pool, rule: str) -> None:
    """A second open review, link, payout or alarm, and a second key, is refused to anybody."""
    with pytest.raises(psycopg.errors.UniqueViolation, match=rule):
        await run(pool, SECONDS[rule])


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("table", ["refunds", "payout_batches", "reviews", "accounts"])
async def test_what_others_refer_to_is_not_removed(pool: Pool, table: str) -> None:
    """No payout loses its refund, no proof its bank file, no act its review."""
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await run(pool, f"DELETE FROM {table}")  # noqa: S608 -- our own names


async def test_a_locked_refund_still_takes_what_refers_to_it(book: PostgresBook) -> None:
    """Decisions, details and costs of a locked refund do not wait for its lock."""
    async with book.begin() as holder, book.begin() as other:
        assert await holder.lock_refund("rf-1") is not None
        await other._run("SET LOCAL lock_timeout = '2s'")  # type: ignore[attr-defined]
        await other.add_decided(decided())
        await other.add_destination(destination())
        await other.add_cost(cost(recorded_at=NOON))
        await other.add_batch(batch(id="PB2"))
