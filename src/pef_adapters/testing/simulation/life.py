"""The course of a world: what may happen in a step, and how it heals in the end."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from pef_adapters.core.states import State
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.ports import RailStatus
from pef_adapters.testing.simulation.computer import DatabaseTrouble, Killed
from pef_adapters.testing.simulation.palette import Fault, happens
from pef_adapters.testing.simulation.people import People
from pef_adapters.testing.simulation.world import World

Step = Callable[[], Awaitable[None]]

_JUMPS: Final[tuple[dict[str, float], ...]] = (
    {"seconds": 20},
    {"minutes": 2},
    {"minutes": 20},
    {"hours": 3},
    {"days": 1, "hours": 1},
)
# Within seven days everything is at its end, or with a person.
_HEALING_HOURS: Final = (0.02, 0.1, 0.5, 1, 2, 4, 8, 12, 20, 25, 25, 25, 25)
_POLLED: Final = (0, 6)
_SKEW: Final = timedelta(hours=48)


class Life:
    """Steps of one world, drawn from its seed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = People(world)

    def _steps(self) -> dict[Step, int]:
        """What can happen now, and how likely it is."""
        p, states = self.people, {refund.state for refund in self.world.refunds}
        booked, files = bool(self.world.rail.book), bool(self.world.bank.files)
        held = bool(states & {State.HELD, State.AWAITING_BENEFICIARY})
        return {
            p.press: 3,
            p.delete: 1,
            self.time: 8,
            self.poll: 1,
            p.retry: 1,
            p.settle: 1,
            p.decline: 1,
            p.choose_payout: 1,
            p.new_link: int(State.AWAITING_BENEFICIARY in states),
            self.extorno: 1,
            self.rail_moves: 5 * booked,
            p.fill_in: 3 * (State.AWAITING_BENEFICIARY in states),
            p.approve: 3 * held,
            p.export: 3 * (State.PAYOUT_DUE in states),
            self.bank_acts: 2 * files,
            p.bring_answers: 3 * files,
        }

    async def begin(self) -> None:
        """The first press, so that no history is about nothing."""
        await self.guarded(self.people.press)
        await self.guarded(self.world.post.carry)
        await self.world.work()

    async def step(self) -> None:
        """One thing happens, some post arrives, and we do what is due."""
        world = self.world
        self._mend_a_little()
        self._strike_our_machines()
        possible = self._steps()
        (chosen,) = world.dice.choices([*possible], [*possible.values()])
        world.story.tell(f"step {chosen.__name__}")
        await self.guarded(chosen)
        await self.guarded(lambda: world.post.carry(world.dice.randrange(4)))
        await world.work()

    async def heal(self) -> None:
        """Nobody fails any more, people do their work, and a week goes by."""
        self._calm()
        for number, hours in enumerate(_HEALING_HOURS):
            if number in _POLLED:
                await poll_stores(self.world.ports)
            await self._finish_outside()
            await self.world.post.carry()
            await self.world.work()
            await self._pass(hours=hours)
            await self.world.work()

    async def guarded(self, step: Step) -> None:
        """Do it; where our process dies or its database fails, the next one finds what is left."""
        try:
            await step()
        except (Killed, DatabaseTrouble) as fault:
            self.world.died(fault)

    # what happens

    async def time(self) -> None:
        """Time passes, and the janitor comes."""
        await self._pass(**self.world.dice.choice(_JUMPS))

    async def poll(self) -> None:
        """What the scheduled poll does."""
        await poll_stores(self.world.ports)

    async def rail_moves(self) -> None:
        """The rail brings a refund on, or changes its mind about one."""
        world = self.world
        if not world.rail.book:
            return
        key = world.dice.choice(sorted(world.rail.book))
        if world.rail.book[key].word == "PROCESSING":
            late = world.weather.strikes(Fault.REJECTED_LATE)
            world.rail.turn(key, RailStatus.REFUSED if late else RailStatus.REFUNDED)
        elif world.rail.book[key].word == "REFUNDED":
            if world.weather.strikes(Fault.RETURNED_LATE):
                world.rail.turn(key, RailStatus.RETURNED)
        elif not world.lives(world.owner_of(key)) and world.weather.strikes(Fault.NO_TAKEN_BACK):
            world.facts.no_taken_back = True
            world.rail.turn(key, RailStatus.REFUNDED)
        world.story.tell(f"rail: {key} is {world.rail.book[key].word}")

    async def extorno(self) -> None:
        """The bank takes a payment back."""
        world = self.world
        if world.weather.strikes(Fault.EXTORNO):
            world.rail.reverse(world.dice.choice(world.shops).cip)

    async def bank_acts(self) -> None:
        """The bank works on its lines."""
        self.world.bank.act()
        await self.guarded(self.world.bank.take_forgotten)

    async def _pass(self, **step: float) -> None:
        world = self.world
        if arrived := world.rail.arrivals():
            world.story.tell(f"rail: {arrived} late requests arrive")
        world.pass_time(**step)
        for shop in world.shops:
            await shop.tick()
        await sweep(world.ports)

    # machines

    def _strike_our_machines(self) -> None:
        world = self.world
        if world.weather.strikes(Fault.KILLED):
            world.process.doom()
        if world.weather.strikes(Fault.CLOCK_AHEAD):
            world.machine_clock.error = _SKEW
        elif world.weather.strikes(Fault.CLOCK_BEHIND):
            world.machine_clock.error = -_SKEW

    def _mend_a_little(self) -> None:
        world, dice = self.world, self.world.dice
        for front in world.fronts:
            front.down = front.down and happens(dice, 0.6)
        world.book.disk_is_full = world.book.disk_is_full and happens(dice, 0.5)
        if world.machine_clock.error and happens(dice, 0.5):
            world.machine_clock.error = timedelta(0)

    def _calm(self) -> None:
        world = self.world
        world.story.tell("HEALING")
        world.weather.calm()
        world.process.spare()
        world.book.disk_is_full = False
        world.machine_clock.error = timedelta(0)
        for front in world.fronts:
            front.down = False

    async def _finish_outside(self) -> None:
        """Everybody outside brings what he began to its end."""
        world, people = self.world, self.people
        for booked in list(world.rail.live()):
            if booked.word == "PROCESSING":
                world.rail.turn(booked.key, RailStatus.REFUNDED)
        for act in (people.fill_in, people.approve, people.export):
            await act()
            await world.work()
        await world.bank.take_forgotten()
        world.bank.act(kindly=True)
        for exported in world.bank.files:
            await world.bank.answer(exported, "Rosa")
