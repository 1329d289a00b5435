"""Refunds that people press here, as far as an actor may find payments and press."""

from dataclasses import replace

from pef_adapters.core.access import Actor, Permission
from pef_adapters.engine import by_hand
from pef_adapters.engine.by_hand import Found, Press
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import pass_to_head, reach
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund, StoreHead


async def stores(ports: Ports, actor: Actor) -> list[StoreHead]:
    """The stores in which he may press a refund, by id."""
    async with ports.book.begin() as ledger:
        here = await reach(ledger, actor, Permission.ACT_ON_REFUNDS)
        return [head for head in await ledger.store_heads() if here is None or head.id in here]


async def find(ports: Ports, actor: Actor, store_id: str, transaction_id: str) -> Found:
    """A payment and what remains of it (`by_hand.find`); refunds of this store only.

    Raises:
        NotThere: no such store that he may see, or no such payment.
        NotAllowed: he may see the store, and not its refunds.
        InvalidInput, KeysMixed, RailError: as `by_hand.find`.
    """
    async with ports.book.begin() as ledger:
        await pass_to_head(ledger, actor, Permission.SEE_REFUNDS, store_id)
    return await by_hand.find(ports, store_id, transaction_id)


async def press(ports: Ports, actor: Actor, store_id: str, pressed: Press) -> Refund:
    """Press a refund in his own name, whatever `pressed.person` is (`by_hand.press`).

    Raises:
        NotThere: no such store that he may see, or no such payment.
        NotAllowed: he may see the store, and press nothing in it.
        RestChanged, AmountExceedsRest, RequestIdReused, InvalidInput: as `by_hand.press`.
    """
    deed = Deed(what="press_by_hand", subject=f"store/{store_id}", store_id=store_id)
    async with ports.book.begin() as ledger:
        await pass_to_head(ledger, actor, Permission.SEE_STORES, store_id)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_head(ledger, actor, Permission.ACT_ON_REFUNDS, store_id)
    deed.detail.update(transaction=pressed.transaction_id, amount=str(pressed.amount))
    async with audited(ports, actor, deed):
        refund = await by_hand.press(ports, store_id, replace(pressed, person=actor.name))
        deed.subject = f"refund/{refund.id}"
    return refund
