"""A small world whose history is drawn from a seed: presses, troubles, people, time.

It keeps what the world knows and the engine may not: whose id is whose, and what was
sent though it should not have been.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from engine_world import CIP, PAID, Killed, World
from pef_adapters.core.errors import (
    AnsweredNonsense,
    MaybeSent,
    NotSent,
    PefError,
    PlatformRefused,
    PlatformUnreachable,
)
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.identity import refund_id as our_id
from pef_adapters.engine.ports import Boundary, RailRefund, RailStatus, Refusal
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.hostile_rail import (
    LOST_ANSWER,
    LOST_REQUEST,
    NONSENSE,
    REFUSED_CONNECTION,
    HostileRail,
)

ORDER = "14"
HEALING_DAYS = 7
PERSON = "Rosa"
REFUNDS = {our_id("https://tienda.pe", "fake", number): number for number in ("15", "16", "17")}

_FAULTS = (LOST_REQUEST, LOST_ANSWER, NONSENSE, REFUSED_CONNECTION)
_WORDS = {
    RailStatus.ACCEPTED: "PROCESSING",
    RailStatus.REFUNDED: "REFUNDED",
    RailStatus.REFUSED: "REJECTED",
    RailStatus.RETURNED: "RETURNED",
}
_LIVE = (RailStatus.ACCEPTED, RailStatus.REFUNDED)
_JUMPS: tuple[dict[str, float], ...] = (
    {"seconds": 20},
    {"minutes": 2},
    {"minutes": 20},
    {"hours": 3},
    {"days": 1, "hours": 1},
)

Step = Callable[[], Awaitable[None]]


class ForgetfulRail(HostileRail):
    """Like the real one, it knows an id again only inside its replay window."""

    def __init__(self, clock: VirtualClock, replay_window: timedelta) -> None:
        super().__init__()
        self._clock = clock
        self._window = replay_window
        self._booked_at: dict[str, datetime] = {}
        self.owners: dict[str, str] = {}

    def _book(self, attempt: Attempt) -> RailRefund:
        key, now = attempt.merchant_refund_id, self._clock.now()
        self.owners[key] = attempt.refund_id
        if now - self._booked_at.get(key, now) >= self._window:
            self.bookings.append((key, attempt.amount))
        self._booked_at.setdefault(key, now)
        return super()._book(attempt)

    def arrive(self, attempt: Attempt) -> None:
        """Take in a request that was long on its way."""
        if attempt.merchant_refund_id not in self.book:
            self._book(attempt)

    def turn(self, key: str, status: RailStatus) -> None:
        """Bring one refund on the book to `status`."""
        self.book[key] = replace(self.book[key], status=status, status_word=_WORDS[status])

    def live(self) -> list[str]:
        """The ids whose money is with the buyer, or on its way."""
        return [key for key, booked in self.book.items() if booked.status in _LIVE]

    def lives_for(self, refund: str) -> bool:
        """Whether any of this refund's ids is live."""
        return any(self.owners[key] == refund for key in self.live())


class RandomWorld(World):
    """A world whose every step is drawn from its seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        window = timedelta(seconds=self.ports.replay_window_seconds)
        self.rail: ForgetfulRail = ForgetfulRail(self.clock, window)
        self.rail.on_send = self._look_at_send
        self.rail.pay(CIP, PAID, self.clock.now() - timedelta(days=1))
        self.ports = replace(self.ports, rails=self.rail)
        self.dice = Random(seed)
        self.deleted: dict[str, StoreRefund] = {}
        self.sent: dict[str, Attempt] = {}
        self.wrongs: list[str] = []
        self.rail_took_back_a_no = self.reversal_known = False
        self.steps: tuple[Step, ...] = (
            *(self._press, self._webhook, self._delete_or_restore, self._store_fault),
            *(self._rail_moves, self._rail_moves, self._rail_notifies),
            *(self._rail_fault, self._rail_fault, self._rail_fault, self._arrives_late),
            *(self._extorno, self._die_soon),
            *(self._retry, self._settle, self.poll, self._time, self._time, self._time),
        )

    async def step(self) -> str:
        """One thing happens and the engine does what is due; answers what it was."""
        chosen = self.dice.choice(self.steps)
        async with self.book.begin() as ledger:
            payment = await ledger.payment("main", CIP)
        self.reversal_known = payment is not None and payment.reversed_at is not None
        for each in (chosen, self.run):
            try:
                await each()
            except Killed:
                continue  # the next sweep finds what the dead process left
        return chosen.__name__.strip("_")

    async def heal(self) -> None:
        """Nobody fails any more, the rail ends what it began, and a week goes by."""
        self.die_at = self.platform.trouble = self.rail.down = None
        self.rail.send_faults.clear()
        self.rail.find_faults.clear()
        self.rail.refusals.clear()
        await self._order_changed()
        for _ in range(HEALING_DAYS * 8):
            for key in self.rail.live():
                self.rail.turn(key, RailStatus.REFUNDED)
            await self.later(hours=3)
            await self.poll()

    async def refunds(self) -> list[Refund]:
        async with self.book.begin() as ledger:
            return await ledger.list_refunds()

    async def entries(self) -> int:
        """How much has been noted so far."""
        async with self.book.begin() as ledger:
            return sum([len(await ledger.timeline(refund)) for refund in REFUNDS])

    def _look_at_send(self, attempt: Attempt) -> None:
        number = REFUNDS[attempt.refund_id]
        self.sent[attempt.refund_id] = attempt
        if number not in self.platform.refunds:
            self.wrongs.append(f"{number} was sent, though the store had deleted it")
        if self.reversal_known:
            self.wrongs.append(f"{number} was sent, though the bank took the payment back")

    # the store

    async def _press(self) -> None:
        number = self.dice.choice([*REFUNDS.values()])
        if number not in self.platform.refunds and number not in self.deleted:
            await self.press(number, self.dice.choice((3000, 5000, PAID.minor)))

    async def _delete_or_restore(self) -> None:
        number = self.dice.choice([*REFUNDS.values()])
        for here, there in (
            (self.platform.refunds, self.deleted),
            (self.deleted, self.platform.refunds),
        ):
            if number in here:
                there[number] = here.pop(number)
                break
        if self.dice.random() < 0.5:
            await self._order_changed()

    async def _webhook(self) -> None:
        await self.deliver(self.dice.choice([*REFUNDS.values()]))

    async def _order_changed(self) -> None:
        ids = frozenset(self.platform.refunds)
        await self.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id=ORDER, refund_ids=ids))

    async def _store_fault(self) -> None:
        troubles = (PlatformUnreachable(), PlatformRefused())
        self.platform.trouble = None if self.platform.trouble else self.dice.choice(troubles)

    # the rail

    async def _rail_moves(self) -> None:
        if not self.rail.book:
            return
        key = self.dice.choice(sorted(self.rail.book))
        was, status = self.rail.book[key].status, self.dice.choice(sorted(_WORDS))
        changes_its_mind = was not in _LIVE and status in _LIVE
        if changes_its_mind and self.rail.lives_for(self.rail.owners[key]):
            return  # that would be the rail's own second payment
        self.rail_took_back_a_no |= changes_its_mind
        self.rail.turn(key, status)
        # A refund that ended is asked about no more; of its coming back we are told.
        if changes_its_mind or self.dice.random() < 0.5:
            await self.notify("refund.changed", merchant_refund_id=key)

    async def _rail_notifies(self) -> None:
        if self.rail.sends:
            key = self.dice.choice(self.rail.sends)
            await self.notify("refund.changed", merchant_refund_id=key)

    async def _rail_fault(self) -> None:
        match self.dice.randrange(4):
            case 0:
                self.rail.fail_sends(self.dice.choice(_FAULTS))
            case 1:
                self.rail.refuse((self.dice.choice([*Refusal]), "999"))
            case 2:
                self.rail.find_faults.append(self.dice.choice((MaybeSent(), AnsweredNonsense())))
            case _:
                self.rail.down = None if self.rail.down else NotSent("nobody listens")

    async def _arrives_late(self) -> None:
        """A request thought lost reaches the rail, while we still wonder."""
        for refund in await self.refunds():
            if refund.state in (State.SENDING, State.UNKNOWN) and refund.id in self.sent:
                self.rail.arrive(self.sent[refund.id])

    async def _extorno(self) -> None:
        if self.dice.random() < 0.3:
            self.rail.reverse(CIP)
            await self.notify("cip.refunded", cip=CIP)

    # people and the passing of things

    async def _retry(self) -> None:
        await self._person_acts(lambda refund: people.retry(self.ports, refund.id, PERSON))

    async def _settle(self) -> None:
        """By somebody who asked the rail before."""
        await self._person_acts(
            lambda refund: people.settle(
                self.ports, refund.id, PERSON, paid=self.rail.lives_for(refund.id)
            )
        )

    async def _person_acts(self, act: Callable[[Refund], Awaitable[Refund]]) -> None:
        known = await self.refunds()
        if known:
            try:
                await act(self.dice.choice(known))
            except PefError:
                return  # told why it can't be done

    async def _die_soon(self) -> None:
        self.die_at = self.dice.choice([*Boundary])

    async def _time(self) -> None:
        await self.later(**self.dice.choice(_JUMPS))
