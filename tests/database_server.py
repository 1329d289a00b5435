"""The tests' PostgreSQL, and databases of one's own in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import psycopg
from psycopg.conninfo import make_conninfo

TEMPLATE = "pef_template"


@dataclass(slots=True)
class Server:
    """The session's PostgreSQL; `fresh` gives a database of one's own."""

    dsn: str
    admin: psycopg.Connection
    numbers: Iterator[int] = field(default_factory=count)

    def dsn_of(self, database: str) -> str:
        return make_conninfo(self.dsn, dbname=database)

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """The DSN of a new database; `template="template1"` gives an empty one."""
        name = f"pef_{next(self.numbers)}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.dsn_of(name)
        finally:
            self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
