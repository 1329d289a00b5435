"""Refunds that people press here, as far as an actor may find payments and press.

A merchant account can be shared by stores: who is not in all of them finds only payments
that are known to be this store's, and of others not whether they are there.
"""

from contextlib import suppress
from dataclasses import replace

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import NotThere
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
    return await _find(ports, actor, Permission.SEE_REFUNDS, store_id, transaction_id)


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
        if not await _is_in_all(ports, actor, Permission.ACT_ON_REFUNDS, store_id):
            await _find(ports, actor, Permission.ACT_ON_REFUNDS, store_id, pressed.transaction_id)
        refund = await by_hand.press(ports, store_id, replace(pressed, person=actor.name))
        deed.subject = f"refund/{refund.id}"
    return refund


async def _find(
    ports: Ports, actor: Actor, permission: Permission, store_id: str, transaction_id: str
) -> Found:
    if await _is_in_all(ports, actor, permission, store_id):
        return await by_hand.find(ports, store_id, transaction_id)
    with suppress(NotThere):
        found = await by_hand.find(ports, store_id, transaction_id)
        if found.order_number or found.refunds:
            return found
    raise NotThere(
        f"no payment {transaction_id[:40]} is known to be this store's, which shares its "
        "account; ask who runs all stores of the account"
    )


async def _is_in_all(ports: Ports, actor: Actor, permission: Permission, store_id: str) -> bool:
    """Whether this is allowed in every store that shares the store's account."""
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
    accounts = {head.account_id for head in heads if head.id == store_id}
    return all(
        actor.may(permission, head.id, head.agency) for head in heads if head.account_id in accounts
    )
