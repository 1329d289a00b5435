"""The ledger on PostgreSQL, one small module per table, SQL written as SQL.

Lock order, for whoever needs more: **the checkout, then the refund, then its payment,
then limits**. Nobody locks a refund while holding a payment. Locks are `FOR NO KEY UPDATE`: they
keep every other writer of the row out, yet let a new timeline entry or attempt
refer to the refund (a plain `FOR UPDATE` would make those wait, and could
deadlock against the order above).

Errors of the database (serialization, deadlock, a lost connection) surface as
psycopg raises them; only the guards that carry meaning are translated.
"""

from pef_adapters.storage.postgres.book import PostgresBook
from pef_adapters.storage.postgres.pool import Connection, Pool, open_pool

__all__ = ["Connection", "Pool", "PostgresBook", "open_pool"]
