"""From revision 0001 to the newest: nothing is lost, and an older release still works.

The SQL of 0001's refunds stands here as that release sends it, and stays as it is.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from database_server import Server
from desk_samples import DAY
from lock_watch import until_waiting
from pef_adapters.core.policy import Route
from pef_adapters.core.states import COUNTED, State
from pef_adapters.engine.records import Refund
from pef_adapters.storage import migrations
from pef_adapters.storage.migrations import by_alembic, current_revision, migrate, newest_revision
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.postgres.table import columns
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import storable
from storage_samples import MINUTE, NOON, account, payment, refund, store

COLUMNS = """
    id, store_id, platform, platform_refund_id, order_id, order_number, amount, currency, reason,
    requested_by, requested_at, account_id, transaction_id, state, generation, revision,
    written_revision, tries, next_action_at, write_back_at, write_back_tries, decision, attention,
    expected_on, created_at, updated_at, said
"""
INSERT = f"""
    INSERT INTO refunds ({COLUMNS})
    VALUES (%(id)s, %(store_id)s, %(platform)s, %(platform_refund_id)s, %(order_id)s,
            %(order_number)s, %(amount)s, %(currency)s, %(reason)s, %(requested_by)s,
            %(requested_at)s, %(account_id)s, %(transaction_id)s, %(state)s, %(generation)s,
            %(revision)s, %(written_revision)s, %(tries)s, %(next_action_at)s, %(write_back_at)s,
            %(write_back_tries)s, %(decision)s, %(attention)s, %(expected_on)s, %(created_at)s,
            %(updated_at)s, %(said)s)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 -- our own names
UPDATE = """
    UPDATE refunds SET
        order_id = %(order_id)s, order_number = %(order_number)s, amount = %(amount)s,
        currency = %(currency)s, reason = %(reason)s, requested_by = %(requested_by)s,
        requested_at = %(requested_at)s, account_id = %(account_id)s,
        transaction_id = %(transaction_id)s, state = %(state)s, generation = %(generation)s,
        revision = %(revision)s, written_revision = %(written_revision)s, tries = %(tries)s,
        next_action_at = %(next_action_at)s, write_back_at = %(write_back_at)s,
        write_back_tries = %(write_back_tries)s, decision = %(decision)s,
        attention = %(attention)s, expected_on = %(expected_on)s, updated_at = %(updated_at)s,
        said = %(said)s
    WHERE id = %(id)s AND store_id = %(store_id)s AND platform_refund_id = %(platform_refund_id)s
"""
RECEIVED = "id, source, owner_id, topic, body_sha256, hints, received_at, due_at, outcome, tries"
LOCK = f"SELECT {COLUMNS} FROM refunds WHERE id = %(id)s FOR NO KEY UPDATE"  # noqa: S608
OTHERS = {
    "accounts": "SELECT t::text FROM accounts t ORDER BY 1",
    "stores": "SELECT t::text FROM stores t ORDER BY 1",
    "received": f"SELECT {RECEIVED} FROM received ORDER BY id",  # noqa: S608
    "payments": "SELECT t::text FROM payments t ORDER BY 1",
    "attempts": "SELECT t::text FROM attempts t ORDER BY 1",
    "exchanges": "SELECT t::text FROM exchanges t ORDER BY 1",
    "timeline": "SELECT t::text FROM timeline t ORDER BY 1",
    "invitations": "SELECT t::text FROM invitations t ORDER BY 1",
    "refunds": f"SELECT {COLUMNS}, seq FROM refunds ORDER BY seq",  # noqa: S608
}
ROWS = """
    INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at)
        VALUES ('store', 'shop', 'refund', 'ab', '[{"kind": "refund_created"}]', now(), now());
    INSERT INTO attempts (merchant_refund_id, refund_id, generation, transaction_id, amount,
                          currency, reason, intended_at, sends, maybe_sent)
        SELECT 'M' || id, id, 1, 'T1', amount, currency, reason, now(), 1, true FROM refunds;
    INSERT INTO exchanges (account_id, merchant_refund_id, purpose, request, started_at, ended_at)
        SELECT 'acc', merchant_refund_id, 'send', 'POST', now(), now() FROM attempts;
    INSERT INTO timeline (refund_id, at, what, to_state, actor, detail)
        SELECT id, now(), 'received', 'received', 'store', '{}' FROM refunds;
    INSERT INTO invitations VALUES ('t1', 'sealed', now());
"""
STATES = list(State)


def of_state(state: State, **changes: Any) -> Refund:
    """The refund that stands in this state."""
    return refund(STATES.index(state), state=state, **changes)


def sent(each: Refund) -> dict[str, Any]:
    """A refund as SQL parameters."""
    return columns(storable(each)) | {"currency": each.amount.currency}


def kept(dsn: str) -> dict[str, list[Any]]:
    """Every row of every table of 0001, by its own columns."""
    with psycopg.connect(dsn) as conn:
        return {name: conn.execute(sql).fetchall() for name, sql in OTHERS.items()}


@pytest.fixture
def box() -> SecretBox:
    """A box whose key does not change in a test."""
    return SecretBox("A" * 43 + "=")


@pytest.fixture
def old(postgres: Server, box: SecretBox) -> Iterator[str]:
    """A database at revision 0001 with a refund in every state, and what belongs to it."""
    with postgres.fresh(template="template1") as dsn:
        by_alembic.upgrade(lambda: psycopg.connect(dsn), to="0001")
        with psycopg.connect(dsn, autocommit=True) as conn:
            apply_queue_schema(conn)
            migrations._write_moves(conn)
            _settle_in(conn, box)
            for state in STATES:
                conn.execute(INSERT, sent(of_state(state)))
            conn.execute(ROWS)
        assert current_revision(dsn) == "0001"
        yield dsn


def _settle_in(conn: psycopg.Connection, box: SecretBox) -> None:
    sealed = {"secrets": box.seal({"key": "value"})}
    conn.execute(
        "INSERT INTO accounts VALUES (%(id)s, %(mode)s, %(base_url)s, %(service_id)s,"
        " %(settings)s, %(secrets)s, %(created_at)s)",
        columns(account()) | sealed,
    )
    conn.execute(
        "INSERT INTO stores VALUES (%(id)s, %(platform)s, %(identity)s, %(account_id)s, %(mode)s,"
        " %(language)s, %(callback_url)s, %(settings)s, %(secrets)s, %(poll_cursor)s,"
        " %(created_at)s)",
        columns(store()) | sealed,
    )
    conn.execute(
        "INSERT INTO payments VALUES (%(account_id)s, %(transaction_id)s, 'PEN', %(paid)s,"
        " %(reserved)s, %(refunded)s, %(paid_at)s)",
        columns(payment()),
    )


async def refunds_of(dsn: str, box: SecretBox) -> dict[State, Refund]:
    """All refunds as this release reads them, by their states."""
    async with open_pool(dsn, size=2) as pool:
        book = PostgresBook(pool, box, make_queue(pool))
        async with book.begin() as ledger:
            return {each.state: each for each in await ledger.list_refunds()}


# --- nothing is lost ---


def test_no_row_is_lost_or_changed(old: str) -> None:
    """Every table of 0001 holds the very rows it held; none was empty."""
    before = kept(old)
    assert all(before.values())
    assert len(before["refunds"]) == len(State)
    assert migrate(old) == newest_revision()
    assert kept(old) == before


def test_two_may_migrate_at_once_over_rows(old: str) -> None:
    """One does the work, the other finds it done, and every row is there."""
    before = kept(old)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(migrate, [old] * 2)) == [newest_revision()] * 2
    assert kept(old) == before


def test_a_migration_that_fails_leaves_the_old_schema_whole(old: str) -> None:
    """Not half of it is done: what is in the way is removed, and it runs again."""
    before = kept(old)
    with psycopg.connect(old) as conn:
        conn.execute("CREATE TABLE house_key ()")
    with pytest.raises(psycopg.errors.DuplicateTable, match="house_key"):
        migrate(old)
    assert current_revision(old) == "0001"
    with psycopg.connect(old) as conn:
        assert conn.execute("SELECT to_regclass('policies')").fetchone() == (None,)
        conn.execute("DROP TABLE house_key")
    assert kept(old) == before
    assert migrate(old) == newest_revision()
    assert kept(old) == before


async def test_every_refund_is_read_as_it_was(old: str, box: SecretBox) -> None:
    """This release sees each in its state; what it did not know yet is empty."""
    migrate(old)
    found = await refunds_of(old, box)
    assert set(found) == set(State)
    for state, each in found.items():
        new = {"lane": each.lane, "counted_at": each.counted_at}
        assert each == of_state(state, **new)


async def test_what_waits_for_a_payout_is_in_the_manual_lane(old: str, box: SecretBox) -> None:
    """Else its buyer's link would open nothing, and nobody could pay it out."""
    migrate(old)
    found = await refunds_of(old, box)
    manual = {state for state, each in found.items() if each.lane is Route.PAYOUT}
    assert manual == {State.AWAITING_BENEFICIARY, State.PAYOUT_DUE}


async def test_what_was_approved_counts_from_its_approval_on(old: str, box: SecretBox) -> None:
    """By its newest approval; a send that did not happen is none, and no approval is none."""
    history = [
        (State.READY, State.RECEIVED, State.READY, NOON - DAY),
        (State.READY, State.HELD, State.READY, NOON + MINUTE),
        (State.READY, State.SENDING, State.READY, NOON + DAY),
        (State.PAYOUT_DUE, State.RECEIVED, State.PAYOUT_DUE, NOON + 2 * MINUTE),
        (State.CANCELLED, State.RECEIVED, State.READY, NOON + DAY),
    ]
    with psycopg.connect(old) as conn:
        conn.cursor().executemany(
            "INSERT INTO timeline (refund_id, at, what, from_state, to_state, actor, detail)"
            " VALUES (%s, %s, 'decided', %s, %s, 'policy', '{}')",
            [(of_state(of).id, at, source, target) for of, source, target, at in history],
        )
    migrate(old)
    found = await refunds_of(old, box)
    counted = {state: each.counted_at for state, each in found.items() if each.counted_at}
    expected: dict[State, datetime] = dict.fromkeys(COUNTED, NOON)
    expected |= {State.READY: NOON + MINUTE, State.PAYOUT_DUE: NOON + 2 * MINUTE}
    assert counted == expected


# --- an older release on the newer schema ---


async def test_an_older_release_still_adds_refunds(old: str, box: SecretBox) -> None:
    """What it does not know is filled in, and this release reads it."""
    migrate(old)
    with psycopg.connect(old) as conn:
        conn.execute(INSERT, sent(refund(99, created_at=NOON + DAY)))
        assert conn.execute(INSERT, sent(refund(99))).rowcount == 0
    async with open_pool(old, size=2) as pool:
        book = PostgresBook(pool, box, make_queue(pool))
        async with book.begin() as ledger:
            assert await ledger.refund("rf-99") == refund(99, created_at=NOON + DAY)


@pytest.mark.parametrize("state", STATES)
async def test_an_older_release_still_saves_refunds(old: str, box: SecretBox, state: State) -> None:
    """It reads and writes its own columns, and wipes out none of the newer ones."""
    migrate(old)
    newer = of_state(
        state,
        buyer="hash-b",
        destination="hash-d",
        lane=Route.PAYOUT,
        lane_chosen_by="Rosa",
        edited_by="Luis",
        counted_at=NOON,
        deadline_at=NOON + DAY,
    )
    async with open_pool(old, size=2) as pool:
        book = PostgresBook(pool, box, make_queue(pool))
        async with book.begin() as ledger:
            await ledger.save_refund(newer)
        with psycopg.connect(old, row_factory=dict_row) as conn:
            read = conn.execute(LOCK, {"id": newer.id}).fetchone()
            assert read is not None
            changes = {"tries": read["tries"] + 1, "revision": 7, "updated_at": NOON + DAY}
            saved = sent(newer) | changes
            assert conn.execute(UPDATE, saved).rowcount == 1
        async with book.begin() as ledger:
            after = await ledger.refund(newer.id)
    assert after == of_state(
        state,
        **{name: getattr(newer, name) for name in ("buyer", "destination", "lane", "edited_by")},
        lane_chosen_by="Rosa",
        counted_at=NOON,
        deadline_at=NOON + DAY,
        **changes,
    )


async def test_a_transaction_that_was_open_meanwhile_is_kept(old: str, box: SecretBox) -> None:
    """The migration waits for an older release in the middle of a write."""
    async with open_pool(old, size=2) as pool:
        with psycopg.connect(old) as writer:
            writer.execute(INSERT, sent(refund(99, state=State.PAYOUT_DUE)))
            migrating = asyncio.create_task(asyncio.to_thread(migrate, old))
            await until_waiting(pool, 1)
            writer.commit()
            assert await migrating == newest_revision()
        book = PostgresBook(pool, box, make_queue(pool))
        async with book.begin() as ledger:
            found = await ledger.refund("rf-99")
    assert found is not None
    assert (found.lane, found.counted_at) == (Route.PAYOUT, NOON)
