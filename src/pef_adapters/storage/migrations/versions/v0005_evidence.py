"""Seals over exchanges, timeline and audit."""

from pef_adapters.storage.migrations.script import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    run_sql("0005_evidence.sql")
