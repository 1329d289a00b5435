"""Lets an actor pass to a record, or answers as if it were not there.

Two refusals only: `NotThere` where he may not even see it, word for word as if it were
missing, and `NotAllowed` where he may see it but not do what he asks.
"""

from collections.abc import Iterable

from pef_adapters.core.access import HOUSE, Actor, Permission, agency_of
from pef_adapters.core.access.places import store_of
from pef_adapters.core.errors import NotAllowed, NotThere
from pef_adapters.engine.known import no_account, no_batch, no_refund, no_store
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Account, PayoutBatch, Reach, Refund, Store, StoreHead


async def reach(ledger: Ledger, actor: Actor, permission: Permission) -> Reach:
    """The stores in which the actor may do this; None: in all."""
    places = actor.places(permission)
    if HOUSE in places:
        return None
    if not any(map(agency_of, places)):
        return frozenset(filter(None, map(store_of, places)))
    heads = await ledger.store_heads()
    return frozenset(h.id for h in heads if actor.may(permission, h.id, h.agency))


async def pass_to_refund(
    ledger: Ledger, actor: Actor, permission: Permission, refund_id: str
) -> Refund:
    """The refund, to read.

    Raises:
        NotThere: no such refund, or none that he may see.
        NotAllowed: he may see it, and not do this.
    """
    refund = await ledger.refund(refund_id)
    head = await ledger.store_head(refund.store_id) if refund else None
    if refund is None or head is None or not _may(actor, Permission.SEE_REFUNDS, head):
        raise no_refund(refund_id)
    _demand(actor, permission, head)
    return refund


async def pass_to_store(
    ledger: Ledger, actor: Actor, permission: Permission, store_id: str
) -> Store:
    """The store with its secrets, to work with.

    Raises:
        NotThere: no such store, or none that he may see.
        NotAllowed: he may see it, and not do this.
    """
    await pass_to_head(ledger, actor, permission, store_id)
    store = await ledger.store(store_id)
    if store is None:
        raise no_store(store_id)
    return store


async def pass_to_head(
    ledger: Ledger, actor: Actor, permission: Permission, store_id: str
) -> StoreHead:
    """As `pass_to_store`, without opening a secret."""
    head = await ledger.store_head(store_id)
    if head is None or not _may(actor, Permission.SEE_STORES, head):
        raise no_store(store_id)
    _demand(actor, permission, head)
    return head


async def pass_to_account(
    ledger: Ledger, actor: Actor, permission: Permission, account_id: str
) -> Account:
    """A merchant account: it can be shared, so it takes the permission in every store of it.

    Raises:
        NotThere: no such account, or one with a store that he may not see.
        NotAllowed: he may see all its stores, and not do this in each.
    """
    account = await ledger.account(account_id)
    heads = [head for head in await ledger.store_heads() if head.account_id == account_id]
    if account is None or not _may_in_all(actor, Permission.SEE_STORES, heads):
        raise no_account(account_id)
    if not _may_in_all(actor, permission, heads):
        raise NotAllowed
    return account


async def accounts_of(ledger: Ledger, actor: Actor, permission: Permission) -> list[Account]:
    """Every merchant account in all of whose stores he may do this, oldest first."""
    heads = await ledger.store_heads()
    return [
        account
        for account in await ledger.accounts()
        if _may_in_all(actor, permission, [h for h in heads if h.account_id == account.id])
    ]


async def pass_to_batch(
    ledger: Ledger, actor: Actor, permission: Permission, batch_id: str
) -> PayoutBatch:
    """A bank file of an account that he may pay out for; each line of it, too.

    Raises:
        NotThere, NotAllowed: as for an account, in the words of a batch.
    """
    batch = await ledger.batch(batch_id)
    if batch is None:
        raise no_batch(batch_id)
    try:
        await pass_to_account(ledger, actor, permission, batch.account_id)
    except NotThere:
        raise no_batch(batch_id) from None
    lines = [line.refund_id for line in await ledger.payouts_of_batch(batch_id)]
    if not await may_with_all(ledger, actor, Permission.SEE_PAYOUTS, lines):
        raise no_batch(batch_id)
    if not await may_with_all(ledger, actor, permission, lines):
        raise NotAllowed
    return batch


async def may_with_all(
    ledger: Ledger, actor: Actor, permission: Permission, refund_ids: Iterable[str]
) -> bool:
    """Whether this is allowed with each of these refunds.

    A store that was moved to another account has left refunds at the one before, where the
    stores that are there now tell nothing of it.
    """
    if actor.may_in_house(permission):
        return True
    heads = {head.id: head for head in await ledger.store_heads()}
    for refund_id in refund_ids:
        refund = await ledger.refund(refund_id)
        head = heads.get(refund.store_id) if refund else None
        if head is None or not _may(actor, permission, head):
            return False
    return True


def demand_in_agency(actor: Actor, permission: Permission, agency: str) -> None:
    """Let pass whom this is allowed in a whole agency.

    Raises:
        NotThere: he may see nothing of the agency as a whole.
        NotAllowed: he may see it, and not do this.
    """
    if not actor.may_in_agency(Permission.SEE_STORES, agency):
        raise NotThere(f"there is no agency {agency}; see `pef agency list`")
    if not actor.may_in_agency(permission, agency):
        raise NotAllowed


def demand_in_house(actor: Actor, permission: Permission) -> None:
    """Let pass whom this is allowed everywhere.

    Raises:
        NotAllowed: everybody else.
    """
    if not actor.may_in_house(permission):
        raise NotAllowed


def _may(actor: Actor, permission: Permission, head: StoreHead) -> bool:
    return actor.may(permission, head.id, head.agency)


def _may_in_all(actor: Actor, permission: Permission, heads: list[StoreHead]) -> bool:
    """An account that no store uses yet is the house's."""
    if not heads:
        return actor.may_in_house(permission)
    return all(_may(actor, permission, head) for head in heads)


def _demand(actor: Actor, permission: Permission, head: StoreHead) -> None:
    if not _may(actor, permission, head):
        raise NotAllowed
