"""The first page: what needs a person, what is stuck, what is under way, in one's stores."""

from datetime import timedelta

import pytest

from console_world import ConsoleWorld
from pef_adapters.core.access import HOUSE, ROLES, Actor, ActorKind, Power, Role
from pef_adapters.core.calendar import lima_date
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.gate.today import DAYS, today
from pef_adapters.engine.records import TimelineEntry
from pef_adapters.server.console.today.chart import HEIGHT, chart_of
from storage_samples import refund

OWNER = Actor("ana@tienda.pe", ActorKind.PERSON, (Power(HOUSE, ROLES[Role.OWNER]),))


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


async def keep(world: ConsoleWorld, number: int, state: State, **changes: object) -> str:
    """Keep a refund in this state; answers its id."""
    now = world.clock.now()
    times = {"requested_at": now, "created_at": now, "updated_at": now}
    own = {"store_id": "norte-1", "account_id": "main", "order_number": f"#A{number}", **times}
    kept = refund(number, state=state, **{**own, **changes})
    async with world.book.begin() as ledger:
        assert await ledger.add_refund(kept)
    return kept.id


async def test_what_needs_a_person_comes_first(world: ConsoleWorld) -> None:
    """Refunds that wait for a person are listed once, the longest wait first."""
    newer = await keep(world, 1, State.HELD, attention="code.PAID_BEYOND_REST")
    older = await keep(
        world, 2, State.PAYOUT_DUE, requested_at=world.clock.now() - timedelta(days=3)
    )
    alarm = await keep(world, 3, State.REFUNDED, attention="code.PAID_BEYOND_REST")
    await keep(world, 4, State.REFUNDED)
    # Declined by somebody, or settled by somebody: that is said for ever and asks for nobody.
    await keep(world, 5, State.REJECTED, attention="code.DECLINED_BY_PERSON")
    await keep(world, 6, State.REFUNDED, attention="code.CONFIRMED_BY_PERSON")
    seen = await today(world.ports, OWNER)
    assert [each.id for each in seen.needs_person] == [older, newer, alarm]
    assert seen.stuck == ()


async def test_what_is_stuck_is_told_apart(world: ConsoleWorld) -> None:
    """Trouble, and silence where a moment was needed, is stuck; what just began is not."""
    ago = world.clock.now() - timedelta(hours=2)
    silent = await keep(world, 1, State.UNKNOWN, requested_at=ago, updated_at=ago)
    trouble = await keep(world, 2, State.READY, attention="code.RAIL_UNREACHABLE")
    await keep(world, 3, State.SENDING)
    await keep(world, 4, State.PENDING, requested_at=ago, updated_at=ago)
    seen = await today(world.ports, OWNER)
    assert [each.id for each in seen.stuck] == [silent, trouble]
    assert seen.needs_person == ()


async def test_money_in_flight_is_summed_by_currency(world: ConsoleWorld) -> None:
    """Soles and dollars are never added up; finished refunds don't count."""
    await keep(world, 1, State.PENDING, amount=Money(1000, "PEN"))
    await keep(world, 2, State.HELD, amount=Money(250, "PEN"))
    await keep(world, 3, State.SENDING, amount=Money(700, "USD"))
    await keep(world, 4, State.REFUNDED, amount=Money(9900, "PEN"))
    seen = await today(world.ports, OWNER)
    assert seen.money_in_flight == (Money(1250, "PEN"), Money(700, "USD"))


async def test_the_time_to_the_truth_is_measured(world: ConsoleWorld) -> None:
    """Median and slowest are of finished refunds, from being asked for to their end."""
    for number, minutes in ((1, 2), (2, 4), (3, 60)):
        kept = await keep(world, number, State.REFUNDED)
        end = world.clock.now() + timedelta(minutes=minutes)
        async with world.book.begin() as ledger:
            await ledger.add_entry(
                TimelineEntry(
                    refund_id=kept,
                    at=end,
                    what="rail_refunded",
                    from_state=State.PENDING,
                    to_state=State.REFUNDED,
                    actor="rail",
                )
            )
    seen = await today(world.ports, OWNER)
    assert seen.measured == 3
    assert seen.median == timedelta(minutes=4)
    assert seen.slowest == timedelta(hours=1)


async def test_nothing_is_said_of_foreign_stores(world: ConsoleWorld) -> None:
    """An agent of one store sees nothing of another, in no list, sum, time or bar."""
    await keep(world, 1, State.HELD, store_id="sur-1", order_number="#SOUTH")
    async with world.signed_in(Role.AGENT, "store/norte-1") as browser:
        page = (await browser.get("/console")).text
    assert "SOUTH" not in page
    assert "sur-1" not in page
    assert "Nothing needs a person" in page
    assert "<svg" not in page
    nobody = Actor("x", ActorKind.PERSON, ())
    seen = await today(world.ports, nobody)
    assert (seen.needs_person, seen.in_flight, seen.days, seen.median) == ((), (), (), None)


async def test_the_page_shows_it_all(world: ConsoleWorld) -> None:
    """The page leads to each refund, says why it waits, and has the chart as a table too."""
    kept = await keep(world, 1, State.HELD, attention="code.PAID_BEYOND_REST")
    async with world.signed_in() as browser:
        page = (await browser.get("/console")).text
    assert f'href="/console/refunds/{kept}"' in page
    assert 'class="attention"' in page
    assert "S/\xa059.90" in page
    assert '<svg class="chart"' in page
    assert 'role="img"' in page
    assert "As a table" in page
    assert "data-live" in page
    assert 'hx-sse:connect="/console/live"' in page
    assert 'aria-live="polite"' in page


async def test_a_day_belongs_to_lima(world: ConsoleWorld) -> None:
    """The chart has thirty days by Lima's calendar, and its highest bar fills it."""
    late = world.clock.now().replace(hour=3)
    await keep(world, 1, State.REFUNDED, requested_at=late)
    await keep(world, 2, State.REFUNDED, requested_at=late)
    await keep(world, 3, State.REFUNDED, requested_at=late - timedelta(days=2))
    seen = await today(world.ports, OWNER)
    chart = chart_of(seen.days, world.clock.now())
    assert len(chart.bars) == DAYS
    assert chart.bars[-1].day == lima_date(world.clock.now())
    assert [(bar.day, bar.count, bar.height) for bar in chart.busy] == [
        (lima_date(late) - timedelta(days=2), 1, HEIGHT // 2),
        (lima_date(late), 2, HEIGHT),
    ]
