"""Policies, decisions, approvals, the payout desk, alarms and costs."""

from pef_adapters.storage.migrations.script import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    run_sql("0002_desk.sql")
