"""What seldom happens: another worker, the rail or the bank acts in the middle of our step."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from crash_acts import Act, calls, cip_of, the_store
from crash_acts_desk import OWNER
from crash_acts_people import HOUSE_OWNER
from crash_stage import GatewayStage, NotYetError, ShopStage, Stage
from engine_world import CIP, Killed
from pef_adapters.core.money import Money
from pef_adapters.engine import by_hand
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.gate import by_hand as gate_by_hand
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.ports import Boundary, RailStatus
from pef_adapters.engine.records import Attempt, KeptCall
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.by_hand import BY_HAND


def first_attempt(status: RailStatus, number: str = "15", *, tell: bool = True) -> Act:
    """The rail books the first id after all, though it had refused it, or ends it."""

    async def act(stage: Stage) -> None:
        refund = await stage.refund(number)
        async with stage.memory.begin() as ledger:
            attempt = await ledger.attempt(merchant_refund_id(refund.id, 1))
        if attempt is None:
            raise NotYetError("nothing was sent so far")
        stage.rail_lied = True
        stage.crash_rail.arrive(attempt)
        stage.crash_rail.turn(attempt.merchant_refund_id, status)
        if tell:
            await stage.notify("refund.changed", merchant_refund_id=attempt.merchant_refund_id)

    return act


async def sender_dies(stage: Stage) -> None:
    """The process that sends next dies with the request in its hands."""

    def die(_: Any) -> None:
        stage.rail.on_send = lambda _: None
        raise Killed("while sending")

    stage.rail.on_send = die


async def reversed_between(stage: Stage) -> None:
    """The bank takes the payment back after the decision and before the reservation."""

    def meanwhile() -> None:
        stage.rail.reverse(CIP)
        payments = stage.memory._tables.payments
        for name, payment in payments.items():
            payments[name] = replace(payment, reversed_at=stage.clock.now())

    stage.meanwhile[Boundary.RESERVING] = meanwhile


async def moves_on_while_told(stage: GatewayStage) -> None:
    """While the gateway is told that it waits, another worker hears that it was paid."""

    class Told(list[Any]):
        def append(self, told: Any) -> None:
            super().append(told)
            for name, checkout in stage.memory._tables.checkouts.items():
                if checkout.state is CheckoutState.WAITING:
                    stage.rail.pay(checkout.transaction_id or "", checkout.amount, stage.true_time)
                    stage.memory._tables.checkouts[name] = replace(
                        checkout,
                        state=CheckoutState.PAID,
                        paid_at=stage.true_time,
                        tell_at=stage.clock.now(),
                    )

    stage.gateway.told = Told()


def connected_as(platform: str) -> Act:
    """The store is connected by another platform now."""

    async def act(stage: Stage) -> None:
        store = await the_store(stage)
        async with stage.memory.begin() as ledger:
            await ledger.add_store(replace(store, platform=platform))

    return act


async def pressed_beside_a_gateway(stage: GatewayStage) -> None:
    """A gateway asked for a part a moment ago, and a person presses the rest here."""
    await calls("/refund", request="r1", amount="20.00")(stage)
    cip = await cip_of(stage)
    found = await by_hand.find(stage.ports, "tienda-pe", cip)
    wanted = Press(
        transaction_id=cip,
        order_number="",
        amount=found.rest,
        expected_rest=found.rest,
        reason="Producto agotado",
        person="Rosa",
        key="beside",
    )
    wanted = stage.notes.setdefault("beside", wanted)
    await by_hand.press(stage.ports, "tienda-pe", wanted)


def pressed_for_order(order: str) -> Act:
    """A person names the order to be told."""

    async def act(stage: ShopStage) -> None:
        found = await gate_by_hand.find(stage.ports, OWNER, "tienda-pe", CIP)
        wanted = Press(
            transaction_id=CIP,
            order_number=order,
            amount=Money(1000, "PEN"),
            expected_rest=found.rest,
            reason="Producto agotado",
            person="",
            key="named",
        )
        wanted = stage.notes.setdefault("named", wanted)
        await gate_by_hand.press(stage.ports, OWNER, "tienda-pe", wanted)

    return act


async def call_died(stage: ShopStage) -> None:
    """A program's call was claimed by a process that died long ago."""
    at = stage.clock.now() - timedelta(minutes=2)
    async with stage.memory.begin() as ledger:
        await ledger.claim_call(
            KeptCall(actor=HOUSE_OWNER.name, key="erp-1", digest="digest", at=at)
        )


async def second_store(stage: ShopStage) -> None:
    """The account is shared by another seller from now on, who has no shop."""
    store = await the_store(stage)
    async with stage.memory.begin() as ledger:
        other = replace(store, id="otra-pe", identity="https://otra.pe", platform=BY_HAND)
        await ledger.add_store(other)


async def a_mistake_of_ours(stage: Stage) -> None:
    """The adapter breaks over what the store says, in a way that nobody foresaw."""
    real, stage.may_stumble = stage.platform.read, True

    async def breaks(*_: Any) -> Any:
        stage.platform.read = real  # type: ignore[method-assign]
        raise ZeroDivisionError("a mistake of ours")

    stage.platform.read = breaks  # type: ignore[method-assign]


def dollars(rate: str) -> Act:
    """The account pays dollars out in soles, by these rates."""

    async def act(stage: ShopStage) -> None:
        now = stage.clock.now()
        rates = [
            {
                "from": "USD",
                "to": "PEN",
                "day": f"{now - timedelta(days=40):%Y-%m-%d}",
                "rate": "3",
            },
            {"from": "USD", "to": "PEN", "day": f"{now:%Y-%m-%d}", "rate": rate},
        ]
        exchange = {"rates": rates, "borne_by": "merchant"}
        await stage.set_account(costs={"payout_currency": "PEN", "exchange": exchange})

    return act


async def paid_in_dollars(stage: ShopStage) -> None:
    """The buyer had paid a hundred dollars, long ago, and they are asked back."""
    stage.rail.pay(CIP, Money(10000, "USD"), stage.true_time - timedelta(days=40))
    stage.platform.press("15", Money(10000, "USD"), at=stage.true_time)


async def sent_in_a_lost_life(stage: Stage) -> None:
    """The rail has it already: our ledger was restored from a copy made before it was sent."""
    refund = await stage.refund()
    stage.crash_rail.arrive(
        Attempt(
            merchant_refund_id=merchant_refund_id(refund.id, refund.generation),
            refund_id=refund.id,
            generation=refund.generation,
            transaction_id=refund.transaction_id or "",
            amount=refund.amount,
            reason=refund.reason,
            intended_at=stage.true_time,
            first_sent_at=stage.true_time,
            sends=1,
        )
    )
