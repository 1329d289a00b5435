"""The payout desk's outside: what the bank really did with each line of a file."""

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pef_adapters.core.policy.approval import digest
from pef_adapters.engine import bank_answers, payouts
from pef_adapters.engine.payouts import Exported
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Act, Payout
from pef_adapters.testing.simulation.palette import happens

if TYPE_CHECKING:
    from pef_adapters.testing.simulation.world import World

_CELLS: Final[dict[bool | None, dict[str, str]]] = {
    None: {},
    True: {"status": "confirmed", "bank_reference": "OP-1"},
    False: {"status": "returned", "reason": "Cuenta cerrada"},
}


@dataclass
class BankLine:
    """One line at the bank: its refund, and whether its money is with the buyer."""

    refund: str
    minor: int
    paid: bool | None = None


class Bank:
    """Takes files, pays lines or sends them back, and answers."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.lines: dict[str, BankLine] = {}
        self.files: list[Exported] = []

    def holds(self, refund_id: str) -> bool:
        """Whether the bank holds or has paid any line of this refund."""
        return any(b.refund == refund_id and b.paid is not False for b in self.lines.values())

    def waits_for(self, refund_id: str) -> bool:
        """Whether the bank has not said yet what became of a line of this refund."""
        return any(b.refund == refund_id and b.paid is None for b in self.lines.values())

    async def export(self, account_id: str, person: str) -> None:
        """Somebody makes the next file and hands it to the bank."""
        await self._take(await payouts.export(self._world.ports, account_id, "csv", person))

    async def take_forgotten(self) -> None:
        """Files that were made, though whoever made them never saw them, are fetched again."""
        seen = {exported.batch.id for exported in self.files}
        async with self._world.memory.begin() as ledger:
            made = [batch.id for batch in await ledger.batches(100) if batch.id not in seen]
        for batch_id in made:
            await self._take(await payouts.file_again(self._world.ports, batch_id))

    async def _take(self, exported: Exported) -> None:
        self.files.append(exported)
        async with self._world.memory.begin() as ledger:
            lines = await ledger.payouts_of_batch(exported.batch.id)
        for line in lines:
            self.lines[line.line_id] = BankLine(line.refund_id, line.paid_out.minor)
            await self._look_at(ledger, line)
        self._world.story.tell(f"bank file with {len(lines)} lines")

    async def _look_at(self, ledger: Ledger, line: Payout) -> None:
        """What leaves for the bank is what was promised, and somebody approved it."""
        refund = await ledger.refund(line.refund_id)
        approved = [a for a in await ledger.acts(line.refund_id) if a.act is Act.APPROVE]
        if refund is None or refund.amount != line.paid_out:
            self._world.facts.wrongs.append(f"I11: line {line.line_id} is not its refund's amount")
        if not approved:
            self._world.facts.wrongs.append(f"I11: line {line.line_id} was approved by nobody")
        to = await ledger.destination(line.destination_id)
        bound = digest(line.paid_out, to.bound) if to else ""
        if bound not in {act.digest for act in approved}:
            self._world.facts.wrongs.append(f"I11: line {line.line_id} is not what was approved")

    def act(self, *, kindly: bool = False) -> None:
        """The bank pays a line, or sends its money back, also later."""
        dice = self._world.dice
        for line in self.lines.values():
            if line.paid is None:
                line.paid = kindly or happens(dice, 0.7)
            elif line.paid and not kindly and happens(dice, 0.1):
                line.paid = False

    async def answer(self, exported: Exported, person: str) -> None:
        """Somebody imports what the bank did with one file, perhaps once more."""
        body = _answered(exported.body, self.lines)
        await bank_answers.take_answers(self._world.ports, exported.batch.id, body, person)


def _answered(body: bytes, lines: dict[str, BankLine]) -> bytes:
    """The same file as the bank sends it back."""
    rows = [r for r in _rows(body) if not r["line"].lstrip("'").startswith("#")]
    answered = [{**row, **_CELLS[lines[row["line"].lstrip("'")].paid]} for row in rows]
    text = io.StringIO()
    out = csv.DictWriter(text, fieldnames=list(answered[0]))
    out.writeheader()
    out.writerows(answered)
    return text.getvalue().encode()


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
