"""The chain of seals over the evidence: when it grows, and what it finds."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from engine_world import World
from pef_adapters.engine import evidence
from pef_adapters.engine.evidence import PAUSE, newest_heads, seal, verify
from pef_adapters.engine.records import EvidenceBook, Head, Wrong
from pef_adapters.storage.memory import MemoryBook
from people_samples import audit
from storage_samples import entry, exchange, refund, settle_in
from tampering import TAMPERINGS

CHANGES = 1_000
SEED = 9


@pytest.fixture
async def world() -> World:
    """Nothing but a refund that evidence can be about."""
    made = World()
    async with made.book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
    return made


async def told(world: World, rows: int = 1) -> None:
    """More rows in each book, no two alike."""
    begun = len(world.memory._tables.timeline)
    async with world.book.begin() as ledger:
        for number in range(begun, begun + rows):
            await ledger.add_exchange(exchange(status=200 + number))
            await ledger.add_entry(entry(what=f"step {number}", detail={"number": number}))
            await ledger.add_audit(audit(subject=f"refund/{number}"))


async def sealed(world: World, seals: int = 3, rows: int = 4) -> None:
    """So many seals over so many rows, each."""
    for _ in range(seals):
        await told(world, rows)
        await seal(world.ports, timedelta(0))


async def is_broken(world: World, heads: list[Head]) -> bool:
    """Whether a chain of the three is broken."""
    return any(each.broken for each in await verify(world.ports, heads))


async def test_a_thousand_changes_are_all_found(world: World) -> None:
    """Of rows, of seals and of the tail: none stays unseen by who kept the newest seals."""
    await sealed(world)
    heads = await newest_heads(world.ports)
    assert not await is_broken(world, heads)
    whole, dice, done = world.memory._tables, Random(SEED), Counter[str]()
    for number in range(CHANGES):
        change = TAMPERINGS[number % len(TAMPERINGS)]
        world.memory._tables = whole.copy()
        change(world.memory._tables, dice)
        done[change.__name__] += await is_broken(world, heads)
    assert done.total() == CHANGES, done
    world.memory._tables = whole
    assert not await is_broken(world, heads)


async def test_a_book_is_sealed_once_in_ten_minutes(world: World) -> None:
    """Only where there are new rows, and not sooner."""
    assert await seal(world.ports) == []
    await told(world)
    assert [each.number for each in await seal(world.ports)] == [1, 1, 1]
    await told(world)
    world.clock.advance(seconds=PAUSE.total_seconds() - 1)
    assert await seal(world.ports) == []
    world.clock.advance(seconds=1)
    assert [each.number for each in await seal(world.ports)] == [2, 2, 2]
    world.clock.advance(hours=1)
    assert await seal(world.ports) == []


async def test_a_clock_that_ran_ahead_keeps_nobody_waiting(world: World) -> None:
    """A seal from the future is no reason to seal nothing until then."""
    await told(world)
    await seal(world.ports)
    await told(world)
    world.clock.advance(days=-30)
    assert len(await seal(world.ports)) == len(EvidenceBook)


async def test_a_long_past_is_sealed_in_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step without waiting for the next ten minutes, whatever the batches are."""
    monkeypatch.setattr(evidence, "MOST_ROWS", 5)
    monkeypatch.setattr(evidence, "_BATCH", 2)
    await told(world, 12)
    steps = [[each.rows for each in await seal(world.ports)] for _ in range(4)]
    assert steps == [[5, 5, 5], [5, 5, 5], [2, 2, 2], []]
    found = await verify(world.ports)
    assert [(each.seals, each.rows, each.unsealed, each.broken) for each in found] == [
        (3, 12, 0, None)
    ] * len(EvidenceBook)


async def test_rows_that_are_not_sealed_yet_are_counted(world: World) -> None:
    """They are no fault, and told apart from those that are sealed."""
    await sealed(world, 1, 2)
    await told(world, 3)
    found = await verify(world.ports)
    assert [(each.rows, each.unsealed, each.broken) for each in found] == [(2, 3, None)] * 3


async def test_a_seal_is_told_in_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The line, kept elsewhere, is enough to find a tail that was cut."""
    await sealed(world, 1, 1)
    line = capsys.readouterr().out
    heads = await newest_heads(world.ports)
    assert all(head.digest in line for head in heads)
    world.memory._tables.seals.clear()
    found = await verify(world.ports, heads)
    assert {each.broken and each.broken.wrong for each in found} == {Wrong.HEAD}


async def test_a_chain_made_anew_with_the_key_is_seen_by_a_kept_head(world: World) -> None:
    """It verifies by itself, as nobody else made it; only it is another one."""
    await sealed(world)
    heads = await newest_heads(world.ports)
    del world.memory._tables.timeline[5]
    world.memory._tables.seals.clear()
    for _ in heads:
        await seal(world.ports, timedelta(0))
    assert not await is_broken(world, [])
    assert await is_broken(world, heads)


async def test_the_first_break_is_named_with_its_rows(world: World) -> None:
    """The seal, the rows it covers and what is wrong; later breaks come after it."""
    await sealed(world)
    del world.memory._tables.timeline[5]
    del world.memory._tables.timeline[9]
    found = {each.book: each for each in await verify(world.ports)}[EvidenceBook.TIMELINE]
    assert found.broken == evidence.Broken(2, 5, 8, Wrong.ROWS_MISSING)
    assert (found.seals, found.rows) == (1, 4)


async def test_a_book_under_way_too_long_is_left_for_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sealed while nobody can know where the book ends; later all of it is."""

    async def unknown(*_: object) -> None:
        return None

    await told(world)
    with monkeypatch.context() as busy:
        busy.setattr("pef_adapters.storage.memory.ledger.MemoryLedger.firm_end", unknown)
        assert await seal(world.ports) == []
    assert len(await seal(world.ports)) == len(EvidenceBook)
    assert isinstance(world.book, MemoryBook)
