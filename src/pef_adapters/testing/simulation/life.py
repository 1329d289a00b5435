"""The course of a world: what may happen in a step, and how it heals in the end."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.ports import RailStatus
from pef_adapters.testing.simulation.palette import Fault, happens
from pef_adapters.testing.simulation.people import TAKES_DETAILS, People
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
# So long a bank still sends some lines back, as banks do in good weather too.
_BANK_MINDS: Final = 4
_SKEW: Final = timedelta(hours=48)
_PART: Final = Money(8000, "PEN")
# The others pay through us: there order and payment are one amount.
_PAID_ELSEWHERE: Final = frozenset({"woocommerce", "shopify"})
# What does not move is deleted sooner than what does.
_STUCK: Final = (State.RECEIVED, State.READY, State.UNKNOWN, State.HELD)
_LONG: Final = frozenset({"hours", "days"})


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
            p.delete: 1 + 4 * bool(states & {*_STUCK}),
            self.time: 8,
            self.poll: 2,
            p.retry: 1,
            p.settle: 1,
            p.decline: 1,
            p.choose_payout: 1,
            p.new_link: 2 * bool(states & {*TAKES_DETAILS}),
            self.extorno: 1,
            self.rail_moves: 5 * booked,
            p.fill_in: 3 * bool(states & {*TAKES_DETAILS}),
            p.approve: 3 * held,
            p.export: 3 * (State.PAYOUT_DUE in states),
            self.bank_acts: 2 * files,
            p.bring_answers: 3 * files,
        }

    async def begin(self) -> None:
        """The first press, so that no history is about nothing."""
        self._pay_less()
        await self.world.guarded(self.people.press)
        await self.world.guarded(self.world.post.carry)
        await self.world.work()

    def _pay_less(self) -> None:
        """Some buyers paid a part of their order with something else."""
        cips = self.world.rail.cips
        for shop in self.world.shops:
            if shop.store.platform in _PAID_ELSEWHERE and happens(self.world.dice, 0.2):
                cips[shop.cip] = replace(cips[shop.cip], amount=_PART)

    async def step(self) -> None:
        """One thing happens, some post arrives, and we do what is due."""
        world = self.world
        self._mend_a_little()
        self._strike_our_machines()
        possible = self._steps()
        (chosen,) = world.dice.choices([*possible], [*possible.values()])
        world.story.tell(f"step {chosen.__name__}")
        await self.world.guarded(chosen)
        await self.world.guarded(lambda: world.post.carry(world.dice.randrange(4)))
        await world.work()

    async def heal(self) -> None:
        """Nobody fails any more, people do their work, and a week goes by."""
        self._calm()
        for number, hours in enumerate(_HEALING_HOURS):
            if number in _POLLED:
                await poll_stores(self.world.ports)
            await self._finish_outside(kindly=number >= _BANK_MINDS)
            await self.world.post.carry()
            await self.world.work()
            await self._pass(hours=hours)
            await self.world.work()

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
        key = world.dice.choice(sorted(world.rail.book))
        if world.rail.book[key].word == "PROCESSING":
            late = world.weather.strikes(Fault.REJECTED_LATE)
            world.rail.turn(key, RailStatus.REFUSED if late else RailStatus.REFUNDED)
        elif world.rail.book[key].word == "REFUNDED":
            if world.weather.strikes(Fault.RETURNED_LATE):
                world.rail.turn(key, RailStatus.RETURNED)
        elif not world.lives(world.owner_of(key)) and world.weather.strikes(Fault.NO_TAKEN_BACK):
            world.facts.no_taken_back = True
            world.facts.unheard.add(key)
            world.rail.turn(key, RailStatus.REFUNDED)
        else:
            world.rail.tell(key)  # old news once more
        world.story.tell(f"rail: {key} is {world.rail.book[key].word}")

    async def extorno(self) -> None:
        """The bank takes a payment back."""
        world = self.world
        if world.weather.strikes(Fault.EXTORNO):
            world.rail.reverse(world.dice.choice(world.shops).cip)

    async def bank_acts(self) -> None:
        """The bank works on its lines."""
        self.world.bank.act()
        await self.world.guarded(self.world.bank.take_forgotten)

    async def _pass(self, **step: float) -> None:
        world = self.world
        # A request is on its way for minutes, not for hours.
        if world.rail.late and (_LONG & {*step} or happens(world.dice, 0.3)):
            world.story.tell(f"rail: {world.rail.arrivals()} late requests arrive")
        world.pass_time(**step)
        for shop in world.shops:
            await shop.tick()
        await sweep(world.ports)
        await world.sealing.go_on()

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
        world.sealing.calm()
        world.process.spare()
        world.book.disk_is_full = False
        world.machine_clock.error = timedelta(0)
        for front in world.fronts:
            front.down = False

    async def _finish_outside(self, *, kindly: bool) -> None:
        """Everybody outside brings what he began to its end."""
        world, people = self.world, self.people
        for booked in list(world.rail.live()):
            if booked.word == "PROCESSING":
                world.rail.turn(booked.key, RailStatus.REFUNDED)
        mends = (people.new_link, people.fill_in) if happens(world.dice, 0.3) else ()
        for act in (people.fill_in, people.approve, *mends, people.export):
            await act()
            await world.work()
        await world.bank.take_forgotten()
        world.bank.act(kindly=kindly)
        for exported in world.bank.files:
            await world.bank.answer(exported, "Rosa")
