"""The one key of a house: made once by whoever comes first, and kept through a rotation."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from desk_samples import undone
from lock_watch import until_waiting
from pef_adapters.core.errors import SecretUnreadable
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.storage.house_key import KeyedHash, SignedLinks, house_key_of, new_house_key
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue
from pef_adapters.storage.secrets import SecretBox

STARTING = """
import asyncio, sys
from pef_adapters.storage.house_key import house_key_of
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox

async def main():
    dsn, key = sys.argv[1:]
    async with open_pool(dsn) as pool:
        book = PostgresBook(pool, SecretBox(key), make_queue(pool))
        print("ready", flush=True)
        sys.stdin.readline()
        print(await house_key_of(book), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def starting(tmp_path: Path) -> Path:
    """A program that asks for the key as soon as it is told to."""
    script = tmp_path / "starting.py"
    script.write_text(STARTING, encoding="utf-8")
    return script


async def test_the_first_key_is_the_key(book: LedgerBook) -> None:
    """Whatever is offered later, in this transaction or another."""
    async with book.begin() as ledger:
        assert await ledger.house_key("first") == "first"
        assert await ledger.house_key("second") == "first"
    async with book.begin() as ledger:
        assert await ledger.house_key("third") == "first"


async def test_a_key_that_was_rolled_back_was_never_made(book: LedgerBook) -> None:
    """The next one is kept instead."""
    await undone(book, lambda ledger: ledger.house_key("lost"))
    async with book.begin() as ledger:
        assert await ledger.house_key("kept") == "kept"


async def test_a_houses_key_is_random_and_long(book: LedgerBook) -> None:
    """256 bits; no two are alike."""
    key = await house_key_of(book)
    assert len(key) == 43
    assert len({key, *(new_house_key() for _ in range(50))}) == 51


async def test_all_who_ask_at_once_get_one_key(book: LedgerBook) -> None:
    """Thirty-two at the same moment in an empty house."""
    keys = await asyncio.gather(*(house_key_of(book) for _ in range(32)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("expected", ["mine", "other"])
async def test_a_key_that_is_not_committed_yet_is_waited_for(
    postgres_book: PostgresBook, pool: Pool, expected: str
) -> None:
    """It is taken where it is kept, and replaced where it fails."""
    offered, go_on, fails = asyncio.Event(), asyncio.Event(), expected == "mine"

    async def offer() -> None:
        async with postgres_book.begin() as ledger:
            await ledger.house_key("other")
            offered.set()
            await go_on.wait()
            if fails:
                raise ZeroDivisionError

    async def ask() -> str:
        async with postgres_book.begin() as ledger:
            return await ledger.house_key("mine")

    first = asyncio.create_task(offer())
    await offered.wait()
    second = asyncio.create_task(ask())
    await until_waiting(pool, 1)
    go_on.set()
    await asyncio.wait([first])
    assert isinstance(first.exception(), ZeroDivisionError) is fails
    assert await second == expected


async def test_processes_that_start_at_once_get_one_key(
    database: str, starting: Path, postgres_book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """Four real processes with an empty database agree, and a later one with them."""
    assert postgres_book is not None
    sealing = Fernet.generate_key().decode()
    processes = [
        subprocess.Popen(  # noqa: ASYNC220 -- they are awaited below
            [sys.executable, str(starting), database, sealing],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [await asyncio.to_thread(each.communicate, timeout=60) for each in processes]
    keys = {out.strip() for out, _ in told}
    later = await house_key_of(PostgresBook(pool, SecretBox(sealing), queue))
    assert keys == {later}


async def test_the_key_outlives_a_rotation(pool: Pool, queue: Queue) -> None:
    """With a new secret key in front of the old one nothing changes for buyers and accounts."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    before = await house_key_of(PostgresBook(pool, SecretBox(old), queue))
    rotated = PostgresBook(pool, SecretBox.from_setting(f"{new},{old}"), queue)
    after = await house_key_of(rotated)
    assert KeyedHash(after)("account/1") == KeyedHash(before)("account/1")
    link_id, token = SignedLinks(before).new()
    assert SignedLinks(after).read(token) == link_id


async def test_without_the_old_secret_key_no_second_house_key_is_made(
    pool: Pool, queue: Queue
) -> None:
    """It is said to be unreadable; another one would lose every account and link."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    before = await house_key_of(PostgresBook(pool, SecretBox(old), queue))
    with pytest.raises(SecretUnreadable):
        await house_key_of(PostgresBook(pool, SecretBox(new), queue))
    assert await house_key_of(PostgresBook(pool, SecretBox(old), queue)) == before
