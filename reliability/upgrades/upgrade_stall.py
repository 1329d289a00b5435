"""How long writers wait while a big ledger is migrated: the pause that an upgrade costs.

python reliability/upgrades/upgrade_stall.py [--refunds 100000] [--from 0003]
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import by_alembic, migrate
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema

_PAUSE_SECONDS = 0.01
_SETTLED = """
    INSERT INTO accounts VALUES ('a', 'sandbox', 'http://rail', '1', '{}', '', now());
    INSERT INTO stores VALUES ('s', 'woocommerce', 'https://s', 'a', 'sandbox', 'en', 'https://u',
                               '{}', '', now(), now());
"""
_MANY = """
    INSERT INTO refunds (id, store_id, platform, platform_refund_id, order_id, order_number, amount,
        currency, reason, requested_at, account_id, transaction_id, state, generation, revision,
        written_revision, tries, write_back_tries, created_at, updated_at, said)
    SELECT 'rf-' || n, 's', 'woocommerce', n::text, (n / 2)::text, '#' || (n / 2), 100 + n %% 9000,
        'PEN', 'Producto agotado', at, 'a', (30000000 + n)::text, 'refunded', 1, 1, 1, 0, 0, at, at,
        'refunded'
    FROM generate_series(1, %s) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS t
"""
_WRITE = "UPDATE refunds SET tries = tries + 1 WHERE id = 'rf-1'"


def longest_wait(dsn: str, schema: str, refunds: int) -> tuple[float, float]:
    """Seconds that the migration took, and that one writer waited for longest."""
    _fill(dsn, schema, refunds)
    over, waits = threading.Event(), []
    writer = threading.Thread(target=_write, args=(dsn, over, waits))
    writer.start()
    began = time.monotonic()
    migrate(dsn)
    took = time.monotonic() - began
    over.set()
    writer.join()
    return took, max(waits)


def _fill(dsn: str, schema: str, refunds: int) -> None:
    by_alembic.upgrade(lambda: psycopg.connect(dsn), to=schema)
    with psycopg.connect(dsn, autocommit=True) as conn:
        apply_queue_schema(conn)
        conn.execute(_SETTLED)
        conn.execute(_MANY, (refunds,))
        conn.execute("ANALYZE refunds")


def _write(dsn: str, over: threading.Event, waits: list[float]) -> None:
    """A job that writes to one refund again and again."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        while not over.wait(_PAUSE_SECONDS):
            began = time.monotonic()
            conn.execute(_WRITE)
            waits.append(time.monotonic() - began)


def main() -> int:
    """Measure once; it only tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refunds", type=int, default=100_000)
    parser.add_argument("--from", dest="schema", default="0003")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pef-stall-") as name,
        EmbeddedPostgres(Path(name)) as own,
    ):
        took, waited = longest_wait(own.dsn, chosen.schema, chosen.refunds)
    figures = {
        "refunds": chosen.refunds,
        "from": chosen.schema,
        "migration_seconds": round(took, 2),
    }
    print(json.dumps({**figures, "longest_wait_of_a_writer_seconds": round(waited, 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
