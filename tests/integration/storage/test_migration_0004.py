"""From revision 0003 to the newest: nothing is lost, and an older release still works.

The SQL of 0003's refunds and deliveries stands here as that release sends it, and stays
as it is.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from database_server import Server
from lock_watch import until_waiting
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.records import Refund, RefundSearch
from pef_adapters.platforms.contract import Outcome
from pef_adapters.storage import migrations
from pef_adapters.storage.migrations import by_alembic, current_revision, migrate, newest_revision
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.postgres.table import columns
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import storable
from people_samples import agency, audit, health, session, user
from storage_samples import MINUTE, NOON, account, received, refund, store

REFUND = """
    id, store_id, platform, platform_refund_id, order_id, order_number, amount, currency, reason,
    requested_by, requested_at, account_id, transaction_id, state, generation, revision,
    written_revision, tries, next_action_at, write_back_at, write_back_tries, decision, attention,
    expected_on, created_at, updated_at, said, buyer, destination, lane, lane_chosen_by,
    edited_by, counted_at, deadline_at, outcome
"""
INSERT = f"""
    INSERT INTO refunds ({REFUND})
    VALUES (%(id)s, %(store_id)s, %(platform)s, %(platform_refund_id)s, %(order_id)s,
            %(order_number)s, %(amount)s, %(currency)s, %(reason)s, %(requested_by)s,
            %(requested_at)s, %(account_id)s, %(transaction_id)s, %(state)s, %(generation)s,
            %(revision)s, %(written_revision)s, %(tries)s, %(next_action_at)s, %(write_back_at)s,
            %(write_back_tries)s, %(decision)s, %(attention)s, %(expected_on)s, %(created_at)s,
            %(updated_at)s, %(said)s, %(buyer)s, %(destination)s, %(lane)s, %(lane_chosen_by)s,
            %(edited_by)s, %(counted_at)s, %(deadline_at)s, %(outcome)s)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 -- our own names
UPDATE = """
    UPDATE refunds SET state = %(state)s, tries = %(tries)s, updated_at = %(updated_at)s,
        attention = %(attention)s, buyer = %(buyer)s, outcome = %(outcome)s
    WHERE id = %(id)s AND store_id = %(store_id)s AND platform_refund_id = %(platform_refund_id)s
"""
DELIVER = """
    INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at,
                          outcome, tries, delivery_id)
    VALUES (%(source)s, %(owner_id)s, %(topic)s, %(body_sha256)s, %(hints)s, %(received_at)s,
            %(received_at)s, %(outcome)s, %(tries)s, %(delivery_id)s)
    ON CONFLICT (source, owner_id, delivery_id) WHERE delivery_id <> ''
        DO UPDATE SET delivery_id = excluded.delivery_id
    RETURNING id, xmax = 0 AS is_new
"""
TABLES = ("accounts", "stores", "refunds", "received", "timeline")
STATES = list(State)
LONG = "".join(chr(0x4E00 + number % 5000) for number in range(9000))


def of_state(state: State, **changes: Any) -> Refund:
    """The refund that stands in this state, with all that revision 0003 knew about one."""
    known = {
        "buyer": "hash-b",
        "destination": "hash-d",
        "lane": Route.PAYOUT,
        "counted_at": NOON,
        "deadline_at": NOON + MINUTE,
        "attention": "code.X",
        "outcome": Outcome.FAILED if CARE[state].final else None,
        "order_number": LONG,
    }
    return refund(STATES.index(state), **{"state": state, **known, **changes})


def sent(each: Refund) -> dict[str, Any]:
    """A refund as SQL parameters."""
    return columns(storable(each)) | {"currency": each.amount.currency}


def kept(dsn: str) -> dict[str, list[Any]]:
    """Every row of what 0003 wrote, whole."""
    with psycopg.connect(dsn) as conn:
        rows = {name: conn.execute(f"SELECT t::text FROM {name} t ORDER BY 1") for name in TABLES}  # noqa: S608 -- our own names
        return {name: found.fetchall() for name, found in rows.items()}


@pytest.fixture
def box() -> SecretBox:
    """A box whose key does not change in a test."""
    return SecretBox("A" * 43 + "=")


@pytest.fixture
def old(postgres: Server, box: SecretBox) -> Iterator[str]:
    """A database at revision 0003 with a refund in every state, and a delivery."""
    with postgres.fresh(template="template1") as dsn:
        by_alembic.upgrade(lambda: psycopg.connect(dsn), to="0003")
        with psycopg.connect(dsn, autocommit=True) as conn:
            apply_queue_schema(conn)
            migrations._write_moves(conn)
            _settle_in(conn, box)
        assert current_revision(dsn) == "0003"
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
    conn.execute(DELIVER, columns(storable(received(delivery_id="d-1"))))
    conn.execute(
        "INSERT INTO timeline (refund_id, at, what, to_state, actor, detail)"
        " SELECT id, created_at, 'x', state, 'policy', '{}' FROM refunds"
    )


def ledger_on(pool: Pool, box: SecretBox) -> PostgresBook:
    """This release's ledger on the database."""
    return PostgresBook(pool, box, make_queue(pool))


# --- nothing is lost ---


def test_no_row_of_0003_is_lost_or_changed(old: str) -> None:
    """Every table holds the very rows it held, with the very columns; none was empty."""
    before = kept(old)
    assert all(before.values())
    assert len(before["refunds"]) == len(State)
    assert migrate(old) == newest_revision()
    assert kept(old) == before


def test_a_migration_to_0004_that_fails_leaves_0003_whole(old: str) -> None:
    """Not half of it is done: what is in the way is removed, and it runs again."""
    before = kept(old)
    with psycopg.connect(old) as conn:
        conn.execute("CREATE INDEX received_of_store ON received (id)")
    with pytest.raises(psycopg.errors.DuplicateTable, match="received_of_store"):
        migrate(old)
    assert current_revision(old) == "0003"
    with psycopg.connect(old) as conn:
        assert conn.execute("SELECT to_regclass('users')").fetchone() == (None,)
        conn.execute("DROP INDEX received_of_store")
    assert migrate(old) == newest_revision()
    assert kept(old) == before


async def test_this_release_finds_what_0003_wrote(old: str, box: SecretBox) -> None:
    """By each new index, also what is as long as a hostile store likes."""
    migrate(old)
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        found = await ledger.search_refunds(RefundSearch(order=LONG))
        assert {each.state: each for each in found} == {state: of_state(state) for state in State}
        for search in (RefundSearch(buyer="hash-b"), RefundSearch(attention=True)):
            assert await ledger.search_refunds(search) == found
        assert len(await ledger.in_flight(None)) == sum(not CARE[s].final for s in State)
        assert len(await ledger.times_to_truth(frozenset({"shop"}), 100)) == 5
        assert await ledger.last_deliveries(["shop"]) == {"shop": NOON}
        assert [each.id for each in await ledger.store_heads()] == ["shop"]


async def test_people_work_beside_old_rows(old: str, box: SecretBox) -> None:
    """The new tables take what refers to an old store."""
    migrate(old)
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert await ledger.add_user(user())
        await ledger.add_session(session())
        assert await ledger.add_audit(audit()) == 1
        await ledger.add_agency(agency())
        await ledger.save_health(health())
        assert await ledger.healths(["shop"]) == [health()]


# --- an older release on the newer schema ---


async def test_release_0003_still_adds_refunds(old: str, box: SecretBox) -> None:
    """Once each, and this release finds them."""
    migrate(old)
    with psycopg.connect(old) as conn:
        assert conn.execute(INSERT, sent(refund(99))).rowcount == 1
        assert conn.execute(INSERT, sent(refund(99))).rowcount == 0
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert await ledger.search_refunds(RefundSearch(order="#31")) == [refund(99)]


async def test_release_0003_still_saves_refunds(old: str, box: SecretBox) -> None:
    """In every state, and what it writes is searched at once."""
    migrate(old)
    changes = {"tries": 5, "updated_at": NOON + MINUTE, "buyer": "hash-x", "attention": None}
    changed = {state: of_state(state, **changes) for state in State}
    with psycopg.connect(old) as conn:
        assert [conn.execute(UPDATE, sent(each)).rowcount for each in changed.values()] == [1] * 14
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        found = await ledger.search_refunds(RefundSearch(buyer="hash-x"))
        assert {each.state: each for each in found} == changed
        assert len(await ledger.changed_refunds(NOON + MINUTE, 50)) == len(State)
        assert await ledger.search_refunds(RefundSearch(attention=True)) == []


async def test_release_0003_still_stores_deliveries(old: str, box: SecretBox) -> None:
    """Once under each name, and this release knows when the store was heard of."""
    migrate(old)
    later = storable(received(delivery_id="d-2", received_at=NOON + MINUTE))
    with psycopg.connect(old) as conn:
        news = [row[1] for _ in range(2) for row in conn.execute(DELIVER, columns(later))]
    assert news == [True, False]
    async with open_pool(old, size=2) as pool, ledger_on(pool, box).begin() as ledger:
        assert await ledger.last_deliveries(["shop"]) == {"shop": NOON + MINUTE}


async def test_a_refund_that_was_open_meanwhile_is_indexed(old: str, box: SecretBox) -> None:
    """The migration waits for an older release in the middle of a write."""
    async with open_pool(old, size=2) as pool:
        with psycopg.connect(old) as writer:
            writer.execute(INSERT, sent(refund(99)))
            migrating = asyncio.create_task(asyncio.to_thread(migrate, old))
            await until_waiting(pool, 1)
            writer.commit()
            assert await migrating == newest_revision()
        async with ledger_on(pool, box).begin() as ledger:
            assert await ledger.search_refunds(RefundSearch(order="31", limit=1)) == [refund(99)]
