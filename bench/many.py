"""Many refunds in many stores, written by PostgreSQL itself in the shape that the engine writes.

Owns what the large ledger holds; it measures nothing. The first thousand refunds stand in the
first twenty stores, so that a list of theirs is as long in a ledger that has no others.
"""

from typing import LiteralString

from pef_adapters.core.states import CARE, State
from pef_adapters.storage.postgres import Pool
from pef_adapters.storage.postgres.pool import Connection

AGENCY = "agency-200"
STORE = "store-00000"
STORES, STORES_OF_AGENCY = 2000, 200
FEW = 1000
_STORES_OF_FEW = 20

_FINAL = [state.value for state in State if CARE[state].final]
_OPEN = [state.value for state in State if not CARE[state].final]
# One in a hundred is under way: a year's refunds, and what the last days left unfinished.
_VALUES = {"final": _FINAL, "open": _OPEN, "few": FEW, "stores_of_few": _STORES_OF_FEW}

_MORE_STORES: LiteralString = """
    INSERT INTO stores (id, platform, identity, account_id, mode, language, callback_url, settings,
                        secrets, poll_cursor, created_at)
    SELECT 'store-' || lpad(n::text, 5, '0'), platform, 'https://tienda-' || n || '.pe', account_id,
           mode, language, callback_url,
           CASE WHEN n < %(agency_stores)s THEN jsonb_build_object('agency', %(agency)s::text)
                ELSE '{}' END,
           secrets, poll_cursor, created_at
    FROM stores, generate_series(0, %(stores)s - 1) AS n WHERE id = 'tienda-pe'
"""
_MORE_REFUNDS: LiteralString = """
    INSERT INTO refunds (id, store_id, platform, platform_refund_id, order_id, order_number, amount,
                         currency, reason, requested_at, account_id, transaction_id, state,
                         generation, revision, written_revision, tries, write_back_tries, said,
                         created_at, updated_at, attention, buyer)
    SELECT 'RF' || upper(substr(md5(n::text), 1, 14)), 'store-' || lpad(store::text, 5, '0'),
           'fake', n::text, n::text, (100000 + n)::text, 100 + mod(n, 50000), 'PEN',
           'Changed mind', asked_at, 'main', (5000000 + n)::text,
           CASE WHEN mod(n, 100) = 0
                THEN (%(open)s::text[])[1 + mod(n / 100, cardinality(%(open)s::text[]))]
                ELSE (%(final)s::text[])[1 + mod(n, cardinality(%(final)s::text[]))] END,
           1, 3, 3, 0, 0, '', asked_at + interval '2 seconds', asked_at + interval '2 days',
           CASE WHEN mod(n, 500) = 0 THEN 'RAIL_SLOW' END, md5((n / 3)::text)
    FROM (
        SELECT n, mod(n, CASE WHEN n < %(few)s THEN %(stores_of_few)s ELSE %(stores)s END) AS store,
               timestamptz '2025-11-20 12:00Z' + n * interval '30 seconds' AS asked_at
        FROM generate_series(0, %(count)s::bigint - 1) AS n
    ) AS numbered
"""
_THEIR_ENDS: LiteralString = """
    INSERT INTO timeline (refund_id, at, what, from_state, to_state, actor, detail)
    SELECT id, updated_at, 'bench', 'pending', state, 'bench', '{}' FROM refunds
    WHERE state = ANY(%(final)s) AND id NOT IN (SELECT refund_id FROM timeline)
"""
_INDEXES: LiteralString = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid IN ('refunds'::regclass, 'timeline'::regclass) AND NOT indisunique
"""


async def fill(pool: Pool, count: int) -> None:
    """2,000 stores, 200 of them an agency's, and `count` refunds in them."""
    async with pool.connection() as connection:
        await connection.execute("SET maintenance_work_mem = '512MB'")
        # The rows are right by how they are made; asking about each would take longest.
        await connection.execute("SET session_replication_role = replica")
        indexes = await _indexes_taken_off(connection)
        await _write(connection, count)
        for definition in indexes:
            await connection.execute(definition.encode())
        await connection.execute("RESET session_replication_role")
        await connection.execute("RESET maintenance_work_mem")
    async with pool.connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE")
        await connection.set_autocommit(False)


async def _write(connection: Connection, count: int) -> None:
    stores = {"stores": STORES, "agency_stores": STORES_OF_AGENCY, "agency": AGENCY}
    await connection.execute(_MORE_STORES, stores)
    refunds = _VALUES | {"stores": STORES, "count": count}
    await connection.execute(_MORE_REFUNDS, refunds)
    await connection.execute(_THEIR_ENDS, {"final": _FINAL})


async def _indexes_taken_off(connection: Connection) -> list[str]:
    """How to make each again; written to with its indexes a table fills far more slowly."""
    found = await (await connection.execute(_INDEXES)).fetchall()
    for name, _ in found:
        await connection.execute(f"DROP INDEX {name}".encode())
    return [definition for _, definition in found]
