"""A random world whose refunds also go by hand: buyers, approvers, bank files and a bank.

It keeps what the bank really did with each line, whatever anybody was told.
"""

from dataclasses import dataclass

from desk_world import ANA, LUIS, answered_file
from engine_world import CIP
from pef_adapters.core.errors import PefError
from pef_adapters.engine import approvals, bank_answers, beneficiary, payouts, people
from pef_adapters.engine.payouts import Exported
from random_world import PERSON, REFUNDS, RandomWorld, Step

APPROVERS = ("Marta", "Luis", "Carla")
POLICY = {
    "name": "desk",
    "rules": [
        {"id": "by-hand", "when": {"amount": {"max": "30.00", "currency": "PEN"}}, "then": "payout"}
    ],
    "otherwise": "approve",
    "payout": {"approvers": 1, "cooling_off_hours": 2},
    "limits": [{"per": "store", "days": 1, "amount": "100.00", "currency": "PEN"}],
}

# What stands in a line of the bank's answer, by what it did.
_CELLS: dict[bool | None, dict[str, str]] = {
    None: {},
    True: {"status": "confirmed", "bank_reference": "OP-1"},
    False: {"status": "returned", "reason": "Cuenta cerrada"},
}


@dataclass
class BankLine:
    """One line at the bank: its refund, and whether its money is with the buyer."""

    refund: str
    paid: bool | None = None


class RandomDeskWorld(RandomWorld):
    """Everything of a random world, and the payout desk beside it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.bank: dict[str, BankLine] = {}
        self.files: list[Exported] = []
        desk: tuple[Step, ...] = (
            *(self._buyer_fills_in, self._buyer_fills_in, self._approve, self._approve),
            *(self._export, self._export, self._bank_acts, self._bank_answers, self._bank_answers),
            *(self._choose_payout, self._decline, self._new_link, self._press, self._time),
        )
        self.steps = (*self.steps, *desk, *desk, *desk)

    async def open_desk(self) -> "RandomDeskWorld":
        """Connect the store, with a policy that uses the desk."""
        await self.open(settings={"policy": POLICY})
        return self

    def lives_at_bank(self, refund: str) -> bool:
        """Whether the bank holds or has paid any line of this refund."""
        return any(b.refund == refund and b.paid is not False for b in self.bank.values())

    async def _extorno(self) -> None:
        """Rarer than elsewhere: it ends what this world is about."""
        if self.dice.random() < 0.1:
            await super()._extorno()

    async def _buyer_fills_in(self) -> None:
        for refund in await self.refunds():
            async with self.book.begin() as ledger:
                link = await ledger.open_link(refund.id)
            if link is not None:
                token = self.ports.links.token(link.id)
                details = self.dice.choice((ANA, LUIS, {**ANA, "account": "123"}))
                await self._quietly(lambda t=token, d=details: beneficiary.give(self.ports, t, d))

    async def _new_link(self) -> None:
        await self._person_acts_quietly(lambda r: beneficiary.ask(self.ports, r, PERSON))

    async def _approve(self) -> None:
        for waiting in await approvals.queue(self.ports):
            who, name = waiting.refund.id, self.dice.choice(APPROVERS)
            await self._quietly(lambda w=who, n=name: approvals.approve(self.ports, w, n))

    async def _decline(self) -> None:
        if self.dice.random() < 0.3:
            await self._person_acts_quietly(
                lambda r: approvals.decline(self.ports, r, PERSON, "no")
            )

    async def _choose_payout(self) -> None:
        await self._person_acts_quietly(lambda r: people.choose_payout(self.ports, r, PERSON))

    async def _export(self) -> None:
        try:
            exported = await payouts.export(self.ports, "main", "csv", PERSON)
        except PefError:
            return
        self.files.append(exported)
        async with self.book.begin() as ledger:
            lines = await ledger.payouts_of_batch(exported.batch.id)
        for line in lines:
            number = REFUNDS[line.refund_id]
            if self.rail.payments[CIP].paid_at is None:
                self.wrongs.append(f"{number} was exported, though the payment is gone")
            if number not in self.platform.refunds:
                self.wrongs.append(f"{number} was exported, though the store had deleted it")
            self.bank[line.line_id] = BankLine(line.refund_id)

    async def _bank_acts(self) -> None:
        """The bank pays a line, or sends its money back, also later."""
        for line in self.bank.values():
            if line.paid is None or (line.paid and self.dice.random() < 0.1):
                line.paid = line.paid is None and self.dice.random() < 0.7

    async def _bank_answers(self) -> None:
        """Somebody imports what the bank did with one file, perhaps once more."""
        if self.files:
            await self._import(self.dice.choice(self.files))

    async def _import(self, exported: Exported) -> None:
        body = answered_file(exported.body, lambda line: _CELLS[self.bank[line].paid])
        await bank_answers.take_answers(self.ports, exported.batch.id, body, PERSON)

    async def _settle(self) -> None:
        """By somebody who asked the rail and the bank before, and the bank had an answer."""
        open_lines = {line.refund for line in self.bank.values() if line.paid is None}
        known = [r for r in await self.refunds() if r.id not in open_lines]
        if known:
            refund = self.dice.choice(known)
            paid = self.rail.lives_for(refund.id) or self.lives_at_bank(refund.id)
            await self._quietly(lambda: people.settle(self.ports, refund.id, PERSON, paid=paid))

    async def heal_desk(self) -> None:
        """People finish what is on the desk, then the rest heals."""
        self.die_at = self.platform.trouble = self.rail.down = None
        self.rail.find_faults.clear()
        for _ in range(6):
            for act in (self._buyer_fills_in, self._approve, self._export):
                await act()
                await self.run()
            for line in self.bank.values():
                line.paid = line.paid is not False
            for exported in self.files:
                await self._import(exported)
            await self.run()
            await self.later(hours=3)
        await self.heal()

    async def _person_acts_quietly(self, act: object) -> None:
        known = await self.refunds()
        if known:
            refund = self.dice.choice(known)
            await self._quietly(lambda: act(refund.id))  # type: ignore[operator]

    async def _quietly(self, act: object) -> None:
        try:
            await act()  # type: ignore[operator]
        except PefError:
            return  # told why it can't be done
