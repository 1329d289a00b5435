"""People, sessions, machine tokens, the audit, agencies, and indexes for searching."""

from pef_adapters.storage.migrations.script import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and indexes."""
    run_sql("0004_console.sql")
