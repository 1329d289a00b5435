"""A world with a manual payout desk: old payments, buyers who fill in, people who decide."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engine_world import CIP, PAID, World
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, bank_answers, beneficiary, payouts
from pef_adapters.engine.bank_answers import Imported
from pef_adapters.engine.payouts import Exported
from pef_adapters.engine.records import Alarm, Payout, Refund, Store

ANA = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}
LUIS = {**ANA, "name": "Luis Paredes Soto", "account": "00320000300000001731"}


class DeskWorld(World):
    """One store whose payment is 40 days old, so that its refunds are paid out by hand."""

    async def open_old(self, days: int = 40, **policy: Any) -> "DeskWorld":
        """Open with a payment of this age and, where parts are given, a policy of its own."""
        self.rail.pay(CIP, PAID, self.clock.now() - timedelta(days=days))
        own = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0, **policy}
        await self.open(settings={"policy": own})
        return self

    async def store(self) -> Store:
        async with self.book.begin() as ledger:
            found = await ledger.store("tienda-pe")
        assert found is not None
        return found

    async def token(self, refund_id: str = "15") -> str:
        """The token of the buyer's open link."""
        refund = await self.refund(refund_id)
        async with self.book.begin() as ledger:
            link = await ledger.open_link(refund.id)
        assert link is not None, f"refund {refund_id} has no open link"
        return self.ports.links.token(link.id)

    async def give(self, refund_id: str = "15", **changes: str) -> Refund:
        """The buyer fills in the page."""
        await beneficiary.give(self.ports, await self.token(refund_id), {**ANA, **changes})
        await self.run()
        return await self.refund(refund_id)

    async def approve(self, *people: str, refund_id: str = "15") -> Refund:
        """These people approve, one after the other."""
        refund = await self.refund(refund_id)
        for person in people:
            await approvals.approve(self.ports, refund.id, person)
        await self.run()
        return await self.refund(refund_id)

    async def until_due(self, refund_id: str = "15", minor: int = 12980, **changes: str) -> Refund:
        """Press, fill in, approve by two: the refund waits for the next bank file."""
        await self.press(refund_id, minor)
        await self.run()
        await self.give(refund_id, **changes)
        refund = await self.approve("Rosa", "Marta", refund_id=refund_id)
        assert refund.state is State.PAYOUT_DUE
        return refund

    async def export(self) -> Exported:
        return await payouts.export(self.ports, "main", "csv", "Rosa")

    async def answer(self, exported: Exported, status: str, **cells: str) -> Imported:
        """The bank answers every line of a file alike."""
        body = bank_file(exported.body, status=status, **cells)
        done = await bank_answers.take_answers(self.ports, exported.batch.id, body, "Rosa")
        await self.run()
        return done

    async def payouts(self, refund_id: str = "15") -> list[Payout]:
        refund = await self.refund(refund_id)
        async with self.book.begin() as ledger:
            return await ledger.payouts_of_refund(refund.id)

    async def alarms(self) -> list[Alarm]:
        async with self.book.begin() as ledger:
            return await ledger.open_alarms()

    async def set_store(self, **settings: Any) -> None:
        """Change the store's settings."""
        store = await self.store()
        async with self.book.begin() as ledger:
            await ledger.add_store(replace(store, settings={**store.settings, **settings}))

    async def set_account(self, **settings: Any) -> None:
        """Change the merchant account's settings."""
        async with self.book.begin() as ledger:
            account = await ledger.account("main")
            assert account is not None
            await ledger.add_account(replace(account, settings={**account.settings, **settings}))


def rows(body: bytes) -> list[dict[str, str]]:
    """The payout lines of a bank file, by column."""
    read = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    return [row for row in read if not row["line"].lstrip("'").startswith("#")]


def bank_file(body: bytes, **cells: str) -> bytes:
    """The same file as the bank sends it back, each line with these cells."""
    reference = {"bank_reference": "OP-77"} if cells.get("status") == "confirmed" else {}
    return answered_file(body, lambda _: {**reference, **cells})


def answered_file(body: bytes, cells: Callable[[str], dict[str, str]]) -> bytes:
    """The same file as the bank sends it back, with the cells of each line's id."""
    answered = [{**row, **cells(row["line"].lstrip("'"))} for row in rows(body)]
    text = io.StringIO()
    out = csv.DictWriter(text, fieldnames=list(answered[0]))
    out.writeheader()
    out.writerows(answered)
    return text.getvalue().encode()
