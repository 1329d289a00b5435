"""`pef` inside this process, on a database of a test's own: quick, and without any server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from engine_world import World
from pef_adapters.cli import output
from pef_adapters.cli.app import app
from pef_adapters.engine.ports import Ledger
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox


@contextmanager
def _wide_screen() -> Iterator[None]:
    """Whatever the terminal around the tests is like, no cell is broken over two lines."""
    before = output.out._width
    output.out._width = 200
    yield
    output.out._width = before


@dataclass(frozen=True, slots=True)
class CommandWorld:
    """One account, one store, and the commands that look at them."""

    dsn: str
    key: str

    @classmethod
    def opened(cls, dsn: str) -> "CommandWorld":
        world = cls(dsn, Fernet.generate_key().decode())
        world._run(lambda book: World(book).open())
        return world

    def written(self, write: Callable[[Ledger], Awaitable[None]]) -> None:
        """Write something into the ledger."""

        async def in_one(book: PostgresBook) -> None:
            async with book.begin() as ledger:
                await write(ledger)

        self._run(in_one)

    def _run(self, use: Callable[[PostgresBook], Awaitable[object]]) -> None:
        async def with_book() -> None:
            async with open_pool(self.dsn) as pool:
                await use(PostgresBook(pool, SecretBox(self.key), make_queue(pool)))

        asyncio.run(with_book())

    def pef(self, *words: str) -> Result:
        """Run a command."""
        env = {"PEF_DATABASE_URL": self.dsn, "PEF_SECRET_KEY": self.key}
        with _wide_screen():
            return CliRunner().invoke(app, words, env=env)

    def said(self, *words: str) -> str:
        """What a command that goes well prints for people."""
        done = self.pef(*words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def answer(self, *words: str) -> Any:
        """The one JSON document that a command prints that goes well."""
        return json.loads(self.said(*words, "--json"))

    def refusal(self, *words: str) -> tuple[str, str]:
        """Code and message of a command that is refused."""
        done = self.pef(*words, "--json")
        assert done.exit_code == 1, done.output
        error = json.loads(done.stdout)["error"]
        return error["code"], error["message"]
