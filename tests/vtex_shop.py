"""A VTEX store in tests of the running service: its buyers, its admin, and both ledgers.

What VTEX was answered is always judged by the specification, and what was paid by the
sandbox's own book.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, ParamSpec, TypeVar

from pagoefectivo_bench import SandboxProcess
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Checkout, Refund
from pef_adapters.engine.write_back import note
from pef_adapters.platforms.asked import CheckoutState
from vtex_bench import RemoteVtex
from vtex_samples import said_of, specification

# The protocol's own limit for the test suite; in production it is twenty.
MOST_MILLISECONDS: Final = 5000
_PATIENCE_SECONDS: Final = 60.0
# Refunds that the rail gave up: their money is where it was.
_OVER: Final = frozenset({"REJECTED", "EXPIRED", "CANCELLED"})
_Given = ParamSpec("_Given")
_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True)
class Shop:
    """One store at one VTEX. The fake's remote control blocks, so it is used in a thread."""

    ports: Ports
    vtex: RemoteVtex
    store_id: str
    rail: SandboxProcess

    async def at_vtex(
        self, do: Callable[_Given, _Got], *given: _Given.args, **more: _Given.kwargs
    ) -> _Got:
        """Do something at VTEX, while others do something at theirs."""
        return await asyncio.to_thread(do, *given, **more)

    async def press(
        self, order_id: str, button: str, amount: str | None = None, **more: Any
    ) -> Any:
        """Press a button on an order; answers the order with its payment."""
        return await self.at_vtex(self.vtex.press, order_id, button, amount, **more)

    # --- the buyer ------------------------------------------------------------

    async def buys(self, *totals: str) -> Any:
        """A purchase, whose CIP waits to be paid."""
        bought = await self.at_vtex(self.vtex.buy, *totals)
        assert (bought["status"], bool(bought["payment_url"])) == ("undefined", True)
        return bought

    async def bought(self, *totals: str, days_ago: int = 0, invoiced: bool = True) -> Any:
        """A purchase that was paid and settled, and invoiced unless told otherwise."""
        bought = await self.buys(*totals)
        await self.pays(bought, days_ago=days_ago)
        for order_id in bought["order_ids"]:
            await self.press(order_id, "invoice" if invoiced else "settle")
        return bought

    async def pays(self, bought: Any, *, days_ago: int = 0) -> None:
        """The buyer pays the CIP, PagoEfectivo tells us, and we tell VTEX."""
        cip, payment = self._cip(bought), bought["payment_id"]
        paid_at = datetime.now(UTC) - timedelta(days=days_ago)
        await asyncio.to_thread(self.rail.post, f"cips/{cip}/pay", paid_at=paid_at.isoformat())

        async def approved() -> bool:
            return (await self.payment(payment))["status"] == "approved"

        await until(approved, "VTEX hearing that the buyer paid")

    def _cip(self, bought: Any) -> int:
        listed = self.rail.get("cips")["cips"]
        (cip,) = (each["cip"] for each in listed if each["transactionCode"] == bought["tid"])
        return int(cip)

    def rail_shows(self, bought: Any) -> int:
        """The state of the purchase's CIP at the rail."""
        cips = self.rail.get("cips")["cips"]
        return next(int(c["status"]) for c in cips if c["transactionCode"] == bought["tid"])

    # --- what VTEX knows --------------------------------------------------------

    async def payment(self, payment_id: str) -> Any:
        return await self.at_vtex(self.vtex.payment, payment_id)

    async def asks(self, payment_id: str, operation: str = "refunds") -> list[Any]:
        """What the gateway wants of us for a payment, oldest first, and how it ended."""
        asks = (await self.payment(payment_id))["asks"]
        return [ask for ask in asks if ask["operation"] == operation]

    async def answers(self, payment_id: str, operation: str = "refunds") -> list[tuple[int, Any]]:
        """Our answers to an operation, oldest first: each is the specification's."""
        calls = await self.at_vtex(self.vtex.calls, operation)
        return [answer_of(call) for call in calls if call["payment_id"] == payment_id]

    async def answers_again(self, payment_id: str) -> tuple[int, Any]:
        """The gateway sends its last refund once more; our answer."""
        (call,) = await self.at_vtex(self.vtex.repeat, payment_id, "refunds")
        return answer_of(call)

    async def painted(self, payment_id: str) -> list[tuple[str, str]]:
        """What VTEX's admin shows of the payment's refunds: kind and amount."""
        actions = (await self.payment(payment_id))["actions"]
        return [(action["type"], action["value"]) for action in actions]

    async def order_tells(self, order_id: str, refund: Refund) -> None:
        """The order's history ends with the refund's newest sentences, and with its state."""
        async with self.ports.book.begin() as ledger:
            store = await ledger.store(self.store_id)
        assert store is not None
        wanted = f"{note(refund, store.language)} [{refund.id}/{refund.revision}]"

        async def told() -> bool:
            order = await self.at_vtex(self.vtex.order, order_id)
            return wanted in [each["message"] for each in order["interactions"]]

        await until(told, f"the order saying: {wanted}")

    async def kept_the_rules(self) -> None:
        """Every call was answered in time and to the letter; nothing was done that must not be."""
        seen = await self.at_vtex(self.vtex.seen)
        for call in seen["calls"]:
            answer_of(call)
        assert [each["verdict"] for each in seen["callbacks"] if each["status"] >= 400] == []
        assert (seen["refunding_requests"], seen["early_writes"]) == (0, [])

    # --- what we know -----------------------------------------------------------

    async def asked(self, payment_id: str, operation: str = "refund", which: int = -1) -> Refund:
        """Our refund behind what the gateway asked, as soon as it is registered."""
        words = {"refund": "refunds", "cancel": "cancellations"}
        ask = (await self.asks(payment_id, words[operation]))[which]
        return await self.refund(f"{payment_id}/{operation}/{ask['request_id']}")

    async def refund(self, name: str) -> Refund:
        """The refund under the name that its request has in our ledger."""
        found: list[Refund] = []

        async def there() -> bool:
            async with self.ports.book.begin() as ledger:
                refund = await ledger.find_refund(self.store_id, name)
            found.extend([refund] if refund else [])
            return bool(found)

        await until(there, f"a refund named {name}")
        return found[0]

    async def reaches(self, refund: Refund, *states: State) -> Refund:
        """Wait until the refund is in one of the states; answers it as it is then."""
        now = [refund]

        async def there() -> bool:
            now[0] = await self.refund(refund.platform_refund_id)
            return now[0].state in states

        await until(there, f"{refund.id} in {states}, not in {now[0].state}")
        return now[0]

    async def refunds_asked(self, bought: Any) -> int:
        """How many refunds of a purchase were kept."""
        async with self.ports.book.begin() as ledger:
            return len(await ledger.asked_refunds_of_order(self.store_id, bought["group"]))

    async def checkout(self, payment_id: str) -> Checkout:
        async with self.ports.book.begin() as ledger:
            found = await ledger.find_checkout(self.store_id, payment_id)
        assert found is not None
        return found

    async def checkout_reaches(self, payment_id: str, state: CheckoutState) -> None:
        async def there() -> bool:
            return (await self.checkout(payment_id)).state is state

        await until(there, f"the payment being {state}")

    # --- the rail: its own book is the judge --------------------------------------

    async def rail_pays(self, refund: Refund) -> Refund:
        """The buyer's bank has this refund's money, and no other one's."""
        pending = await self.reaches(refund, State.PENDING)
        async with self.ports.book.begin() as ledger:
            sent = (await ledger.attempts(pending.id))[-1].merchant_refund_id
        await asyncio.to_thread(self.rail.post, f"refunds/{sent}/status", status="REFUNDED")
        return await self.reaches(refund, State.REFUNDED)

    async def paid_back(self, bought: Any) -> list[Money]:
        """Each refund that the rail has booked of a payment, however often it was asked for."""
        cip, book = str(self._cip(bought)), await asyncio.to_thread(self.rail.get, "refunds")
        booked = book["payments"]
        mine = [r for r in book["refunds"] if r["cip"] == cip and r["status"] not in _OVER]
        return [
            Money.parse(Decimal(str(each["refund_amount"])), each["currency"])
            for each in mine
            for _ in range(booked[each["merchant_refund_id"]])
        ]


def answer_of(call: Any) -> tuple[int, Any]:
    """A call's status and body, proved to be in time and the specification's to the letter."""
    assert (call["faults"], call["milliseconds"] < MOST_MILLISECONDS) == ([], True), call
    route = _route_of(call["path"])
    body = json.loads(call["answer"], parse_float=Decimal)
    return call["status"], said_of(body, route, call["method"].lower(), call["status"])


def _route_of(path: str) -> str:
    """The specification's path for a call's."""
    words = path.strip("/").split("/")
    if len(words) > 1:
        words[1] = "{paymentId}"
    return next(p for p in specification()["paths"] if p == "/" + "/".join(words))


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look until it is so; fail, saying what never came, after a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await look():
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.1)
