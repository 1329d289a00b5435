"""What upkeep forgets and when; what is told later, and when; what stands until a person acts."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from engine_world import World
from pef_adapters.core.errors import InvalidInput, PlatformRefused, PlatformUnreachable
from pef_adapters.core.errors.base import PefError
from pef_adapters.core.states import State
from pef_adapters.engine import attention, people, schedule
from pef_adapters.engine.janitor import sweep
from pef_adapters.engine.records import Session
from pef_adapters.engine.watch import watch
from pef_adapters.testing.hostile_rail import REFUSED_CONNECTION
from storage_samples import account

DAY = timedelta(days=1)


def test_these_alarms_stand_until_a_person_has_acted() -> None:
    """The gravest first; the words are kept in ledgers, so they never change."""
    assert attention.ALARMS == (
        "code.PAID_BEYOND_REST",
        "code.OUTCOME_TOLD_ALREADY",
        "code.EXTORNO_AFTER_REFUND",
        "code.EXTORNO_DURING_REFUND",
        "code.REFUND_ID_REUSED",
        "code.STORE_WITHDREW_TOO_LATE",
    )


@pytest.mark.parametrize("name", ["engine", "rail", "buyer", "store"])
def test_nobody_acts_under_a_name_that_is_no_persons(name: str) -> None:
    """What engine, rail, buyer and store do stands in the timeline under these names."""
    for spelled in (name, f" {name.upper()} "):
        with pytest.raises(InvalidInput, match="is no person"):
            people.named(spelled)


async def test_upkeep_forgets_what_is_over_and_nothing_sooner() -> None:
    """Sessions at their end, tries after a day, deliveries after thirty, keys for connecting."""
    world = await World().open()
    now = world.clock.now()
    async with world.book.begin() as ledger:
        for name, hours in (("short", 1), ("long", 30)):
            session = Session(
                token_sha256=name,
                name="Rosa",
                csrf="c",
                origin="192.0.2.7",
                device="d",
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=hours),
            )
            await ledger.add_session(session)
        await ledger.add_invitation("i", "sealed", now + timedelta(hours=1))
        await ledger.count_try("k", now, 60 * 60 * 24 * 9)
    delivered = await world.deliver("15")
    await world.run()
    there = []
    for later in (timedelta(hours=2), timedelta(hours=23), 30 * DAY):
        world.clock.advance(seconds=later.total_seconds())
        await sweep(world.ports)
        async with world.book.begin() as ledger:
            sessions = [await ledger.session(name) is not None for name in ("short", "long")]
            tries = await ledger.count_try("k", world.clock.now(), 60 * 60 * 24 * 9)
            kept = await ledger.received(delivered) is not None
        there.append((*sessions, tries, kept))
    assert there == [(False, True, 2, True), (False, True, 1, True), (False, False, 1, False)]


@pytest.mark.parametrize(
    ("fault", "wait"),
    [(PlatformUnreachable, schedule.after_fault), (PlatformRefused, schedule.after_refusal)],
)
async def test_an_order_is_told_again_in_growing_waits(
    fault: type[PefError], wait: Callable[..., object]
) -> None:
    """A store that refuses our keys is asked more rarely than one that is away."""
    world = await World().open()

    async def fails(*_: object) -> None:
        raise fault("no")

    world.platform.write_back = fails  # type: ignore[method-assign, assignment]
    await world.press("15", 5000)
    await world.run()
    waits = []
    for tries in range(3):
        refund = await world.refund()
        assert refund.write_back_tries == tries + 1
        waits.append(refund.write_back_at == wait(refund.id, tries, world.clock.now()))
        assert refund.write_back_at is not None
        world.clock.advance(seconds=(refund.write_back_at - world.clock.now()).total_seconds())
        await world.run()
    assert waits == [True, True, True]


async def test_a_rail_that_is_away_is_shown_to_people_at_the_fourth_try() -> None:
    """Three times it is tried again without a word."""
    world = await World().open()
    world.rail.send_faults.extend([REFUSED_CONNECTION] * 4)
    await world.press("15", 5000)
    await world.run()
    shown = []
    for _ in range(4):
        refund = await world.refund()
        shown.append(refund.attention)
        await world.later(hours=1)
    assert shown == [None, None, None, attention.RAIL_TROUBLE]
    assert (await world.refund()).state is State.PENDING


@pytest.mark.parametrize(
    ("setting", "before", "after"),
    [
        ("kyc_until", "code.KYC_EXPIRES", "code.KYC_EXPIRED"),
        ("keys_until", "code.KEYS_EXPIRE", "code.KEYS_OVER"),
    ],
)
async def test_papers_and_keys_are_told_of_before_and_after_their_end(
    setting: str, before: str, after: str
) -> None:
    """Thirty days and seven days before the last good day, and once it is over."""
    world = await World().open()
    last: date = world.clock.now().date() + 31 * DAY
    async with world.book.begin() as ledger:
        kept = account(id="papers", settings={setting: last.isoformat()})
        await ledger.add_account(kept)
    told = []
    for days in (0, 1, 22, 1, 7, 1):
        world.clock.advance(days=days)
        await watch(world.ports)
        async with world.book.begin() as ledger:
            mine = [a for a in await ledger.open_alarms() if a.subject == "account/papers"]
        told += [(alarm.key.split("/")[1], alarm.code) for alarm in mine]
    assert told == [("30", before)] * 2 + [("7", before)] * 2 + [("0", after)]
