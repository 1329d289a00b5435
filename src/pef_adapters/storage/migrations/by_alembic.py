"""Runs the migrations of `versions` that a database has not had yet."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool


def upgrade(
    connect: Callable[[], psycopg.Connection], *, first: str = "", to: str = "head"
) -> None:
    """Bring it to a revision; `first` is said before, on the same connection."""
    # `connect` because the embedded server is reached by a socket that an SQLAlchemy URL
    # describes only clumsily.
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    ours = config()
    with engine.connect() as conn:
        if first:
            conn.connection.cursor().execute(first)
        ours.attributes["connection"] = conn
        command.upgrade(ours, to)
    engine.dispose()


def config() -> Config:
    """Where Alembic finds our revisions."""
    ours = Config()
    ours.set_main_option("script_location", str(Path(__file__).parent))
    ours.set_main_option("path_separator", "os")
    return ours
