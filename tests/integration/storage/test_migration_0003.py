"""From revision 0002 to the newest: nothing is lost, and an older release still works.

The SQL of 0002's refunds and deliveries stands here as that release sends it, and stays
as it is.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from database_server import Server
from lock_watch import until_waiting
from pef_adapters.core.policy import Route
from pef_adapters.core.states import State
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.contract import Outcome
from pef_adapters.storage import migrations
from pef_adapters.storage.migrations import by_alembic, current_revision, migrate, newest_revision
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.postgres.table import columns
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import storable
from storage_samples import (
    MINUTE,
    NOON,
    account,
    checkout,
    kept_refund,
    privacy_case,
    received,
    refund,
    store,
)

REFUND = """
    id, store_id, platform, platform_refund_id, order_id, order_number, amount, currency, reason,
    requested_by, requested_at, account_id, transaction_id, state, generation, revision,
    written_revision, tries, next_action_at, write_back_at, write_back_tries, decision, attention,
    expected_on, created_at, updated_at, said, buyer, destination, lane, lane_chosen_by,
    edited_by, counted_at, deadline_at
"""
INSERT = f"""
    INSERT INTO refunds ({REFUND})
    VALUES (%(id)s, %(store_id)s, %(platform)s, %(platform_refund_id)s, %(order_id)s,
            %(order_number)s, %(amount)s, %(currency)s, %(reason)s, %(requested_by)s,
            %(requested_at)s, %(account_id)s, %(transaction_id)s, %(state)s, %(generation)s,
            %(revision)s, %(written_revision)s, %(tries)s, %(next_action_at)s, %(write_back_at)s,
            %(write_back_tries)s, %(decision)s, %(attention)s, %(expected_on)s, %(created_at)s,
            %(updated_at)s, %(said)s, %(buyer)s, %(destination)s, %(lane)s, %(lane_chosen_by)s,
            %(edited_by)s, %(counted_at)s, %(deadline_at)s)
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
        said = %(said)s, buyer = %(buyer)s, destination = %(destination)s, lane = %(lane)s,
        lane_chosen_by = %(lane_chosen_by)s, edited_by = %(edited_by)s,
        counted_at = %(counted_at)s, deadline_at = %(deadline_at)s
    WHERE id = %(id)s AND store_id = %(store_id)s AND platform_refund_id = %(platform_refund_id)s
"""
RECEIVED = "id, source, owner_id, topic, body_sha256, hints, received_at, outcome, tries"
DELIVER = """
    INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at,
                          outcome, tries)
    VALUES (%(source)s, %(owner_id)s, %(topic)s, %(body_sha256)s, %(hints)s, %(received_at)s,
            %(received_at)s, %(outcome)s, %(tries)s)
    RETURNING id
"""
KEPT = {
    "accounts": "SELECT t::text FROM accounts t",
    "stores": "SELECT t::text FROM stores t",
    "refunds": f"SELECT {REFUND}, seq FROM refunds ORDER BY seq",  # noqa: S608
    "received": f"SELECT {RECEIVED}, due_at, closed_at FROM received ORDER BY id",  # noqa: S608
    "policies": "SELECT t::text FROM policies t",
    "decisions": "SELECT t::text FROM decisions t",
}
STATES = list(State)


def of_state(state: State, **changes: Any) -> Refund:
    """The refund that stands in this state, with all that revision 0002 knew about one."""
    known = {
        "buyer": "hash-b",
        "destination": "hash-d",
        "lane": Route.PAYOUT,
        "lane_chosen_by": "Rosa",
        "edited_by": "Luis",
        "counted_at": NOON,
        "deadline_at": NOON + timedelta(days=1),
    }
    return refund(STATES.index(state), **{"state": state, **known, **changes})


def sent(each: Refund) -> dict[str, Any]:
    """A refund as SQL parameters."""
    return columns(storable(each)) | {"currency": each.amount.currency}


def kept(dsn: str) -> dict[str, list[Any]]:
    """Every row of what 0002 wrote, by its own columns."""
    with psycopg.connect(dsn) as conn:
        return {name: conn.execute(sql).fetchall() for name, sql in KEPT.items()}


@pytest.fixture
def box() -> SecretBox:
    """A box whose key does not change in a test."""
    return SecretBox("A" * 43 + "=")


@pytest.fixture
def old(postgres: Server, box: SecretBox) -> Iterator[str]:
    """A database at revision 0002 with a refund in every state, and two like deliveries."""
    with postgres.fresh(template="template1") as dsn:
        by_alembic.upgrade(lambda: psycopg.connect(dsn), to="0002")
        with psycopg.connect(dsn, autocommit=True) as conn:
            apply_queue_schema(conn)
            migrations._write_moves(conn)
            _settle_in(conn, box)
        assert current_revision(dsn) == "0002"
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
    for state in STATES:
        conn.execute(INSERT, sent(of_state(state)))
    for _ in range(2):
        conn.execute(DELIVER, columns(storable(received())))
    conn.execute(
        "INSERT INTO policies VALUES ('store/shop', 1, 'd', '{}', 'Rosa', now());"
        "INSERT INTO decisions (refund_id, store_id, at, facts, decision)"
        " SELECT id, store_id, now(), '{}', '{}' FROM refunds"
    )


def ledger_on(pool: Pool, box: SecretBox) -> PostgresBook:
    """This release's ledger on the database."""
    return PostgresBook(pool, box, make_queue(pool))


# --- nothing is lost ---


def test_no_row_of_0002_is_lost_or_changed(old: str) -> None:
    """Every table holds the very rows it held; none was empty."""
    before = kept(old)
    assert all(before.values())
    assert len(before["refunds"]) == len(State)
    assert migrate(old) == newest_revision()
    assert kept(old) == before


def test_a_migration_to_0003_that_fails_leaves_0002_whole(old: str) -> None:
    """Not half of it is done: what is in the way is removed, and it runs again."""
    before = kept(old)
    with psycopg.connect(old) as conn:
        conn.execute("CREATE TABLE privacy_cases ()")
    with pytest.raises(psycopg.errors.DuplicateTable, match="privacy_cases"):
        migrate(old)
    assert current_revision(old) == "0002"
    with psycopg.connect(old) as conn:
        assert conn.execute("SELECT to_regclass('checkouts')").fetchone() == (None,)
        conn.execute("DROP TABLE privacy_cases")
    assert migrate(old) == newest_revision()
    assert kept(old) == before


async def test_this_release_reads_what_0002_wrote(old: str, box: SecretBox) -> None:
    """No refund has an outcome yet, and no delivery a name; both like ones are there."""
    migrate(old)
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        found = {each.state: each for each in await ledger.list_refunds()}
        assert found == {state: of_state(state) for state in State}
        assert [await ledger.received(number) for number in (1, 2)] == [
            received(id=1),
            received(id=2),
        ]


async def test_the_new_tables_work_beside_old_rows(old: str, box: SecretBox) -> None:
    """An old store takes new payments, refunds and requests, and is forgotten whole."""
    migrate(old)
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert await ledger.add_checkout(checkout())
        assert await ledger.add_asked_refund(kept_refund())
        assert await ledger.add_privacy_case(privacy_case())
        erased = await ledger.erase_store("shop")
    everything = {"checkouts": 1, "asked_refunds": 1, "refunds": len(State), "stores": 1}
    assert erased == everything


# --- an older release on the newer schema ---


async def test_release_0002_still_adds_refunds(old: str, box: SecretBox) -> None:
    """What it does not know is filled in, and this release reads it."""
    migrate(old)
    with psycopg.connect(old) as conn:
        assert conn.execute(INSERT, sent(refund(99))).rowcount == 1
        assert conn.execute(INSERT, sent(refund(99))).rowcount == 0
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert await ledger.refund("rf-99") == refund(99)


async def test_release_0002_still_stores_deliveries(old: str, box: SecretBox) -> None:
    """As often as they come: a delivery without a name is never the same as another."""
    migrate(old)
    with psycopg.connect(old) as conn:
        values = columns(storable(received()))
        ids = [row[0] for _ in range(2) for row in conn.execute(DELIVER, values)]
    assert len(set(ids)) == 2
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert [await ledger.received(each) for each in ids] == [received(id=each) for each in ids]


@pytest.mark.parametrize("state", STATES)
async def test_release_0002_still_saves_refunds(old: str, box: SecretBox, state: State) -> None:
    """It writes its own columns, and wipes out no outcome."""
    migrate(old)
    ended = of_state(state, outcome=Outcome.LEFT_TO_STORE)
    changes = {"tries": 5, "revision": 7, "updated_at": NOON + MINUTE}
    async with open_pool(old, size=2) as pool:
        book = ledger_on(pool, box)
        async with book.begin() as ledger:
            await ledger.save_refund(ended)
        with psycopg.connect(old) as conn:
            assert conn.execute(UPDATE, sent(ended) | changes).rowcount == 1
        async with book.begin() as ledger:
            after = await ledger.refund(ended.id)
    assert after == of_state(state, outcome=Outcome.LEFT_TO_STORE, **changes)


async def test_a_delivery_that_was_open_meanwhile_is_kept(old: str, box: SecretBox) -> None:
    """The migration waits for an older release in the middle of a write."""
    async with open_pool(old, size=2) as pool:
        with psycopg.connect(old) as writer:
            row = writer.execute(DELIVER, columns(storable(received()))).fetchone()
            migrating = asyncio.create_task(asyncio.to_thread(migrate, old))
            await until_waiting(pool, 1)
            writer.commit()
            assert await migrating == newest_revision()
        assert row is not None
        async with ledger_on(pool, box).begin() as ledger:
            assert await ledger.received(row[0]) == received(id=row[0])
