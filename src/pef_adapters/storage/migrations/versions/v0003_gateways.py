"""Checkouts, asked refunds, privacy cases, final ends, and names of deliveries."""

from pef_adapters.storage.migrations.script import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    run_sql("0003_gateways.sql")
