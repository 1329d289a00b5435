"""Runs the numbered SQL files of a migration inside Alembic's transaction."""

from pathlib import Path

from alembic import op

_SQL = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    """Run a whole file as it stands, in the migration's transaction.

    On the driver's own cursor, without parameters, so that `%` and `:` mean themselves.
    """
    statements = (_SQL / name).read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(statements)
