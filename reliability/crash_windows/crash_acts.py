"""What people, stores, buyers and banks do in a scenario; each act may be done twice.

Whoever got no answer does it again, and is told then that it is done. An act that needs
what is not there yet says so, and is tried later.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from crash_stage import GatewayStage, NotYetError, ShopStage, Stage
from pef_adapters.core.money import Money
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.receive import from_store
from pef_adapters.engine.records import Store
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreRefund
from pef_adapters.testing.hostile_rail import Fault

Act = Callable[[Any], Awaitable[None]]


def press(number: str = "15", minor: int = 12980, **changes: Any) -> Act:
    """Somebody presses the store's refund button."""

    async def act(stage: Stage) -> None:
        stage.platform.press(number, Money(minor, "PEN"), at=stage.true_time, **changes)

    return act


def webhook(number: str = "15") -> Act:
    """The store tells of it; a webhook that was not taken in is not repeated."""

    async def act(stage: Stage) -> None:
        await stage.deliver(number)

    return act


def order_changed(*numbers: str, order: str = "14") -> Act:
    """The store says which refunds its order has."""

    async def act(stage: Stage) -> None:
        ids = frozenset(numbers)
        await stage.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id=order, refund_ids=ids))

    return act


def deleted(number: str = "15") -> Act:
    """Somebody deletes it in the store."""

    async def act(stage: Stage) -> None:
        stage.platform.refunds.pop(number, None)

    return act


def refuses(refusal: Refusal = Refusal.FINAL, code: str = "INVALID_AMOUNT") -> Act:
    """The rail will refuse the next send."""

    async def act(stage: Stage) -> None:
        stage.rail.refuse((refusal, code))

    return act


def breaks(fault: Fault) -> Act:
    """The next send goes wrong like this."""

    async def act(stage: Stage) -> None:
        stage.rail.fail_sends(fault)

    return act


def rail_ends(*status: Any) -> Act:
    """The rail ends what it has accepted."""

    async def act(stage: Stage) -> None:
        stage.rail_ends(*status)

    return act


def rail_turns(status: Any) -> Act:
    """The rail changes its mind about every refund."""

    async def act(stage: Stage) -> None:
        if not stage.rail.book:
            raise NotYetError("nothing is booked")
        for key in stage.rail.book:
            stage.crash_rail.turn(key, status)

    return act


def rail_tells(number: str = "15", event: str = "refund.changed") -> Act:
    """The rail's webhook about a refund's first id."""

    async def act(stage: Stage) -> None:
        refund = await stage.refund(number)
        await stage.notify(event, merchant_refund_id=f"{refund.id}-1")

    return act


def stored(stage: Stage, number: str = "15") -> StoreRefund:
    """The refund as the store has it."""
    found = stage.platform.refunds.get(number)
    if found is None:
        raise NotYetError(f"the store has no {number}")
    return found


async def swept(stage: Stage) -> None:
    """The janitor's minute."""
    await sweep(stage.ports)


async def polled(stage: Stage) -> None:
    """The stores are asked what changed."""
    await poll_stores(stage.ports)


def later(**step: float) -> Act:
    """Time passes, once; then comes the janitor."""
    due: dict[int, Any] = {}

    async def act(stage: Stage) -> None:
        until = stage.notes.setdefault(id(due), stage.clock.now() + timedelta(**step))
        if stage.clock.now() < until:
            stage.clock.advance(seconds=(until - stage.clock.now()).total_seconds())
        await sweep(stage.ports)

    return act


async def the_store(stage: Stage) -> Store:
    """The store's record."""
    async with stage.memory.begin() as ledger:
        found = await ledger.store("tienda-pe")
    if found is None:
        raise NotYetError("the store is not there")
    return found


def told(*hints: Hint) -> Act:
    """A delivery that means these hints."""

    async def act(stage: ShopStage) -> None:
        stage.telling.hints = hints
        await from_store(stage.ports, await the_store(stage), Delivery({}, b"{}"))

    return act


def calls(path: str, **body: Any) -> Act:
    """The gateway calls; where it is told to come again, it does."""

    async def act(stage: GatewayStage) -> None:
        if path == "/refund" and not await _is_paid(stage):
            raise NotYetError("a gateway refunds what it knows to be paid")
        status, _ = await stage.call(path, **body)
        if status >= 500:
            raise NotYetError(f"{path} was answered {status}")

    return act


def buyer_pays(amount: str = "129.80", *, tell: bool = True, days_ago: float = 0) -> Act:
    """The buyer pays the CIP, once; the rail tells of it, or does not."""

    async def act(stage: GatewayStage) -> None:
        cip = await cip_of(stage)
        if stage.rail.payments[cip].paid_at is None:
            at = stage.true_time - timedelta(days=days_ago)
            stage.rail.pay(cip, Money.parse(amount, "PEN"), at)
        if tell:
            await stage.notify("cip.paid", cip=cip)

    return act


async def cip_expires(stage: GatewayStage) -> None:
    """Nobody paid in time; the rail does not tell."""
    stage.rail.expire(await cip_of(stage))


async def _is_paid(stage: GatewayStage) -> bool:
    async with stage.memory.begin() as ledger:
        found = await ledger.find_checkout("tienda-pe", "pay-1")
    return found is not None and found.paid_at is not None


async def cip_of(stage: GatewayStage) -> str:
    """The CIP that the buyer was shown."""
    async with stage.memory.begin() as ledger:
        found = await ledger.find_checkout("tienda-pe", "pay-1")
    if found is None or found.transaction_id is None:
        raise NotYetError("there is no CIP")
    return found.transaction_id
