"""What stands beside many refunds at once, in one transaction: their stores and payments.

For lists, which would otherwise ask once a line. The actor passes to each record by
itself; what he may not see is left out, like what is not there.
"""

from collections.abc import Collection, Mapping

from pef_adapters.core.access import Actor, Permission
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Payment, Refund, StoreHead, TimelineEntry


async def heads(ports: Ports, actor: Actor, ids: Collection[str]) -> Mapping[str, StoreHead]:
    """Of these stores those that he may see, by id."""
    async with ports.book.begin() as ledger:
        found = await ledger.store_heads()
    return {
        head.id: head
        for head in found
        if head.id in ids and actor.may(Permission.SEE_STORES, head.id, head.agency)
    }


async def payments(
    ports: Ports, actor: Actor, refunds: Collection[Refund]
) -> Mapping[str, Payment]:
    """The payment of each refund that he may see and whose payment is known, by the refund's id."""
    seen = await _seen(ports, actor, refunds)
    async with ports.book.begin() as ledger:
        found = {}
        for refund in seen:
            if refund.transaction_id:
                payment = await ledger.payment(refund.account_id, refund.transaction_id)
                found[refund.id] = payment
    return {refund_id: payment for refund_id, payment in found.items() if payment}


async def timelines(
    ports: Ports, actor: Actor, refunds: Collection[Refund]
) -> Mapping[str, list[TimelineEntry]]:
    """What happened to each refund that he may see, oldest first, by the refund's id."""
    seen = await _seen(ports, actor, refunds)
    async with ports.book.begin() as ledger:
        return {refund.id: await ledger.timeline(refund.id) for refund in seen}


async def _seen(ports: Ports, actor: Actor, refunds: Collection[Refund]) -> list[Refund]:
    async with ports.book.begin() as ledger:
        stores = {head.id: head for head in await ledger.store_heads()}
    return [r for r in refunds if _may_see(actor, stores.get(r.store_id))]


def _may_see(actor: Actor, head: StoreHead | None) -> bool:
    return head is not None and actor.may(Permission.SEE_REFUNDS, head.id, head.agency)


async def all_heads(ports: Ports, actor: Actor) -> list[StoreHead]:
    """Every store that he may see, by id; opens no secret."""
    async with ports.book.begin() as ledger:
        found = await ledger.store_heads()
    return [h for h in found if actor.may(Permission.SEE_STORES, h.id, h.agency)]
