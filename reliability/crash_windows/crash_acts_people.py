"""What people with other rights, and programs, do in a scenario."""

from typing import Any

from crash_acts import Act
from crash_acts_desk import OWNER
from crash_stage import NotYetError, ShopStage
from desk_actors import HERE, agency_place, person
from engine_world import CIP
from pef_adapters.core.access import HOUSE, Role
from pef_adapters.core.errors import (
    PefError,
    RestChanged,
)
from pef_adapters.core.money import Money
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.gate import approvals as gate_approvals
from pef_adapters.engine.gate import by_hand as gate_by_hand
from pef_adapters.engine.gate import once as gate_once
from pef_adapters.engine.gate import payouts as gate_payouts
from pef_adapters.engine.gate import refunds as gate_refunds
from pef_adapters.engine.records import RefundSearch
from pef_adapters.platforms.by_hand import BY_HAND

AGENT = person(Role.AGENT, HERE, "ana@tienda.pe")
AGENCY_OWNER = person(Role.OWNER, agency_place("andes"), "jefe@andes.pe")
HOUSE_OWNER = person(Role.OWNER, HOUSE, "jefa@casa.pe")


def pressed_here(minor: int = 5000, key: str = "form-1", actor: Any = OWNER) -> Act:
    """A person looks a payment up, and presses its refund here."""

    async def act(stage: ShopStage) -> None:
        found = await gate_by_hand.find(stage.ports, actor, "tienda-pe", CIP)
        wanted = Press(
            transaction_id=CIP,
            order_number="",
            amount=Money(minor, "PEN"),
            expected_rest=found.rest,
            reason="Producto agotado",
            person="",
            key=key,
        )
        wanted = stage.notes.setdefault(key, wanted)
        try:
            await gate_by_hand.press(stage.ports, actor, "tienda-pe", wanted)
        except RestChanged:
            del stage.notes[key]  # he loads the form again
            raise

    return act


async def withdrawn_here(stage: ShopStage) -> None:
    """Whoever pressed it takes it back."""
    own = [refund for refund in await stage.refunds() if refund.platform == BY_HAND]
    if not own:
        raise NotYetError("nothing was pressed here")
    await gate_refunds.withdraw(stage.ports, OWNER, own[0].id, "wrong order")


async def once_by_a_program(stage: ShopStage) -> None:
    """A program presses under a key, and asks again as long as it has no answer."""

    async def work() -> dict[str, str]:
        await pressed_here(2000, "erp-1", HOUSE_OWNER)(stage)
        return {"refund": "one"}

    await gate_once.once(stage.ports, HOUSE_OWNER, "erp-1", "digest", work)


async def looked_at_everything(stage: ShopStage) -> None:
    """Somebody opens every page there is about refunds."""
    ports = stage.ports
    for actor in (OWNER, HOUSE_OWNER, AGENCY_OWNER):
        await gate_approvals.queue(ports, actor)
        await gate_approvals.where_to_decide(ports, actor)
        if await gate_payouts.accounts(ports, actor):
            await gate_payouts.due(ports, actor, "main")
        for summary in await gate_payouts.batches(ports, actor):
            await gate_payouts.batch(ports, actor, summary.batch.id)
        await gate_refunds.stores(ports, actor)
        await gate_by_hand.stores(ports, actor)
        await gate_refunds.search(ports, actor, RefundSearch())
    await gate_refunds.search(ports, OWNER, RefundSearch(), "ana@example.com")
    async for _ in gate_refunds.export(ports, OWNER, RefundSearch(limit=1)):
        pass
    for refund in await stage.refunds():
        await gate_refunds.look(ports, OWNER, refund.id)
        await gate_refunds.tell(ports, OWNER, refund.id, "en")
        await gate_refunds.lay_out(ports, OWNER, refund.id, "en")
        await gate_refunds.bundle(ports, OWNER, refund.id, "en")


async def refused_by_the_gate(stage: ShopStage) -> None:
    """Somebody who may only look tries everything; each refusal is kept."""
    refund = await stage.refund()
    tries = (
        lambda: gate_refunds.settle(stage.ports, AGENT, refund.id, paid=True),
        lambda: gate_approvals.decline(stage.ports, AGENT, refund.id, "no"),
        lambda: gate_payouts.export(stage.ports, AGENT, "main", "csv"),
        lambda: gate_payouts.ask_buyer(stage.ports, AGENT, refund.id),
        lambda: gate_by_hand.press(
            stage.ports, person(Role.APPROVER, HERE), "tienda-pe", _BY_NOBODY
        ),
    )
    for each in tries:
        try:
            await each()
        except PefError:
            continue


_BY_NOBODY = Press(
    transaction_id=CIP,
    order_number="",
    amount=Money(1, "PEN"),
    expected_rest=Money(1, "PEN"),
    reason="no",
    person="",
    key="no",
)
