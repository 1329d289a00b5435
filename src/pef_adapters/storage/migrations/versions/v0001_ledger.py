"""The first schema: the ledger, its guards and its append-only evidence."""

from pef_adapters.storage.migrations.script import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    run_sql("0001_ledger.sql")
