"""`pef evidence`: what is sealed, what to keep elsewhere, and what to do where it is broken."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from command_world import CommandWorld
from engine_world import World
from pef_adapters.engine.evidence import seal
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.storage.house_key import KeyedHash, house_key_of
from people_samples import audit


@pytest.fixture
def world(database: str) -> CommandWorld:
    """Three entries of the audit, under two seals."""
    made = CommandWorld.opened(database)

    async def fill(book: LedgerBook) -> None:
        ports = replace(World(book).ports, fingerprint=KeyedHash(await house_key_of(book)))
        for entries in (2, 1):
            async with book.begin() as ledger:
                for _ in range(entries):
                    await ledger.add_audit(audit())
            await seal(ports, timedelta(0))

    made._run(fill)
    return made


def changed(world: CommandWorld, *statements: bytes) -> None:
    """What the database's owner does to it."""
    with psycopg.connect(world.dsn) as conn:
        for table in (b"audit", b"seals"):
            conn.execute(b"ALTER TABLE " + table + b" DISABLE TRIGGER USER")
        for statement in statements:
            conn.execute(statement)


def test_whole_evidence_is_said_to_be_whole(world: CommandWorld) -> None:
    """Each book with its seals and rows; the exit code is 0."""
    books = {each["book"]: each for each in world.answer("evidence", "verify")["books"]}
    assert books.keys() == {"exchanges", "timeline", "audit"}
    whole = {"book": "audit", "seals": 2, "rows": 3, "unsealed": 0, "broken": None}
    assert books["audit"] == whole
    assert "as it was sealed" in world.said("evidence", "verify")


def test_a_changed_row_is_named_with_what_to_do(world: CommandWorld) -> None:
    """The exit code is 1, for a script as for a person."""
    changed(world, b"UPDATE audit SET actor = 'nobody' WHERE id = 3")
    done = world.pef("evidence", "verify", "--json")
    assert done.exit_code == 1
    audited = json.loads(done.stdout)["books"][-1]
    assert audited["broken"] == {
        "number": 2,
        "first_seq": 3,
        "last_seq": 3,
        "wrong": "rows changed",
    }
    told = world.pef("evidence", "verify")
    assert told.exit_code == 1
    assert "seal 2, rows 3 to 3: rows changed" in told.stdout
    assert "Change nothing" in told.stdout


def test_a_cut_tail_is_found_by_the_head_that_was_kept(world: CommandWorld, tmp_path: Path) -> None:
    """Without it what is left looks whole."""
    kept = tmp_path / "head.json"
    kept.write_text(world.said("evidence", "head", "--json"))
    assert world.answer("evidence", "verify", "--head", str(kept))["verified"]
    changed(world, b"DELETE FROM audit WHERE id = 3", b"DELETE FROM seals WHERE number = 2")
    assert world.answer("evidence", "verify")["verified"]
    done = world.pef("evidence", "verify", "--head", str(kept))
    assert done.exit_code == 1
    assert "known head missing" in done.stdout


def test_the_newest_seals_are_shown_to_people_too(world: CommandWorld) -> None:
    """The same figures, in a table."""
    (newest,) = world.answer("evidence", "head")["heads"]
    assert (newest["book"], newest["number"]) == ("audit", 2)
    assert newest["digest"] in world.said("evidence", "head")


@pytest.mark.parametrize("text", ["", "[]", '{"heads": [{"book": "x"}]}', '{"heads": 3}'])
def test_a_file_that_holds_no_heads_is_refused(
    world: CommandWorld, tmp_path: Path, text: str
) -> None:
    """Nothing is verified against what can't be read."""
    kept = tmp_path / "head.json"
    kept.write_text(text)
    code, message = world.refusal("evidence", "verify", "--head", str(kept))
    assert code == "INVALID_INPUT"
    assert "pef evidence head" in message
