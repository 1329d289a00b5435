"""What people do in a simulated world: at the store, at the desk, at the bank, as buyers.

Each act is tried as a person tries it: whoever is told why it can't be done leaves it.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from pef_adapters.core.errors import PefError
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, beneficiary, people
from pef_adapters.engine.records import Refund
from pef_adapters.testing.simulation.palette import Fault, happens
from pef_adapters.testing.simulation.shops.contract import PAID

if TYPE_CHECKING:
    from pef_adapters.testing.simulation.world import World

PERSON: Final = "Rosa"
APPROVERS: Final = ("Marta", "Luis", "Carla", PERSON)
_SUMS: Final = (1000, 3000, 4990, 5000, 5000, PAID.minor)
_MOST_REFUNDS: Final = 4
TAKES_DETAILS: Final = (State.AWAITING_BENEFICIARY, State.HELD, State.PAYOUT_DUE)
ANA: Final = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}
LUIS: Final = {**ANA, "name": "Luis Paredes Soto", "account": "00320000300000001731"}


class People:
    """Everybody who touches a refund."""

    def __init__(self, world: "World") -> None:
        self._world = world

    # at the store

    async def press(self) -> None:
        """Press a store's refund button, perhaps twice in one instant."""
        world = self._world
        shop = world.dice.choice(world.shops)
        if len(shop.refund_ids()) >= _MOST_REFUNDS:
            return
        minor = world.dice.choice(_SUMS)
        times = 2 if world.weather.strikes(Fault.PRESSED_TWICE) else 1
        world.facts.pressed.add((shop.store.id, minor))
        done = await shop.press(minor, times)
        world.story.tell(f"{shop.store.id}: refund of {minor} pressed ({done=})")

    async def delete(self) -> None:
        """Delete a refund at its store."""
        world = self._world
        if world.weather.strikes(Fault.REFUND_DELETED):
            shop = world.dice.choice(world.shops)
            done = await shop.delete(world.dice)
            world.story.tell(f"{shop.store.id}: a refund deleted ({done=})")

    # at the desk

    async def retry(self) -> None:
        await self._on_any(lambda r: people.retry(self._world.ports, r.id, PERSON))

    async def decline(self) -> None:
        if happens(self._world.dice, 0.3):
            await self._on_any(lambda r: approvals.decline(self._world.ports, r.id, PERSON, "no"))

    async def choose_payout(self) -> None:
        await self._on_any(lambda r: people.choose_payout(self._world.ports, r.id, PERSON))

    async def new_link(self) -> None:
        """Somebody sends a buyer another link, also after he has given his details."""
        waiting = self._world.refunds_in(*TAKES_DETAILS)
        if waiting:
            refund = self._world.dice.choice(waiting)
            await self._try(lambda: beneficiary.ask(self._world.ports, refund.id, PERSON))

    async def settle(self) -> None:
        """By somebody who asked rail and bank before, where they had an answer."""
        world = self._world
        under_way = {world.owner_of(order.key) for order in world.rail.late}
        known = [r for r in world.refunds if not world.bank.waits_for(r.id)]
        known = [r for r in known if r.id not in under_way]
        if known:
            refund = world.dice.choice(known)
            paid = world.lives(refund.id)
            await self._try(lambda: people.settle(world.ports, refund.id, PERSON, paid=paid))

    async def approve(self) -> None:
        world = self._world
        for waiting in await approvals.queue(world.ports):
            refund, name = waiting.refund, world.dice.choice(APPROVERS)
            await self._try(lambda r=refund, n=name: self._approve(r, n))  # type: ignore[misc]

    async def _approve(self, refund: Refund, name: str) -> None:
        await approvals.approve(self._world.ports, refund.id, name)
        if name in (refund.lane_chosen_by, refund.edited_by):
            self._world.facts.wrongs.append(f"I11: {name} approved his own change of {refund.id}")

    async def export(self) -> None:
        world = self._world
        for shop in world.shops:
            await self._try(lambda s=shop: world.bank.export(s.store.account_id, PERSON))  # type: ignore[misc]

    async def bring_answers(self) -> None:
        """Import what the bank did with one file."""
        world = self._world
        if world.bank.files:
            exported = world.dice.choice(world.bank.files)
            await self._try(lambda: world.bank.answer(exported, PERSON))

    # the buyer

    async def fill_in(self) -> None:
        """Every buyer who has an open link uses it, rightly or not."""
        world = self._world
        for refund in world.refunds_in(*TAKES_DETAILS):
            async with world.memory.begin() as ledger:
                link = await ledger.open_link(refund.id)
            if link is not None:
                token = world.ports.links.token(link.id)
                details = world.dice.choice((ANA, LUIS, {**ANA, "account": "123"}))
                await self._try(lambda t=token, d=details: beneficiary.give(world.ports, t, d))  # type: ignore[misc]

    async def _on_any(self, act: Callable[[Refund], Awaitable[object]]) -> None:
        known = self._world.refunds
        if known:
            refund = self._world.dice.choice(known)
            await self._try(lambda: act(refund))

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        except PefError as told:
            self._world.story.tell(f"  told: {told.code}")
