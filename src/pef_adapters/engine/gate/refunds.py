"""Refunds, as far as an actor may see and move them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from pef_adapters.core.access import Actor, Permission
from pef_adapters.engine import by_hand, dossier, people, refund_search, story
from pef_adapters.engine.dossier import Dossier
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals, keep_deed
from pef_adapters.engine.gate.passing import pass_to_refund, reach
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Reach, Refund, RefundSearch, StoreHead
from pef_adapters.engine.story import Story

_NEEDS = {
    dossier.RETRY: Permission.ACT_ON_REFUNDS,
    dossier.CHOOSE_PAYOUT: Permission.ACT_ON_REFUNDS,
    dossier.DEADLINE: Permission.ACT_ON_REFUNDS,
    dossier.WITHDRAW: Permission.ACT_ON_REFUNDS,
    dossier.SETTLE_PAID: Permission.SETTLE_REFUNDS,
    dossier.SETTLE_UNPAID: Permission.SETTLE_REFUNDS,
}


async def search(ports: Ports, actor: Actor, wanted: RefundSearch, buyer: str = "") -> list[Refund]:
    """The refunds that fit, newest first; `wanted.reach` is set here, whatever it was.

    `buyer` is what is known of a buyer in clear (`engine.refund_search`).

    Raises:
        InvalidInput: the buyer can't be looked for like this.
    """
    return await refund_search.search(ports, await _reach(ports, actor), wanted, buyer)


async def export(
    ports: Ports, actor: Actor, wanted: RefundSearch, buyer: str = ""
) -> AsyncIterator[bytes]:
    """The same search as a CSV file, piece by piece (`refund_search.table`).

    Raises:
        InvalidInput: the buyer can't be looked for like this.
    """
    deed = Deed(what="export_refunds", subject="refunds", store_id=wanted.store_id)
    await keep_deed(ports, actor, deed)
    async for piece in refund_search.table(ports, await _reach(ports, actor), wanted, buyer):
        yield piece


async def stores(ports: Ports, actor: Actor) -> list[StoreHead]:
    """The stores whose refunds he may see, by id."""
    async with ports.book.begin() as ledger:
        seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
        return [head for head in await ledger.store_heads() if seen is None or head.id in seen]


async def look(ports: Ports, actor: Actor, refund_id: str) -> Refund:
    """One refund.

    Raises:
        NotThere: no such refund, or none that he may see.
    """
    async with ports.book.begin() as ledger:
        return await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)


async def tell(ports: Ports, actor: Actor, refund_id: str, language: str) -> Story:
    """One refund's story (`engine.story`).

    Raises:
        NotThere: no such refund, or none that he may see.
    """
    await look(ports, actor, refund_id)
    return await story.tell(ports, refund_id, language)


async def lay_out(ports: Ports, actor: Actor, refund_id: str, language: str) -> Dossier:
    """One refund's story with its evidence (`engine.dossier`); `possible` is what he may do.

    Raises:
        NotThere: no such refund, or none that he may see.
    """
    await look(ports, actor, refund_id)
    found = await dossier.gather(ports, refund_id, language)
    async with ports.book.begin() as ledger:
        head = await ledger.store_head(found.story.refund.store_id)
    allowed = frozenset(
        what
        for what in found.possible
        if head is not None and actor.may(_NEEDS[what], head.id, head.agency)
    )
    return replace(found, possible=allowed)


async def bundle(ports: Ports, actor: Actor, refund_id: str, language: str) -> bytes:
    """A ZIP for support (`dossier.bundle`); that it was taken is kept.

    Raises:
        NotThere: no such refund, or none that he may see.
    """
    await _pass(ports, actor, Permission.SEE_REFUNDS, deed := _deed("bundle", refund_id))
    async with audited(ports, actor, deed):
        return await dossier.bundle(ports, refund_id, language)


async def retry(ports: Ports, actor: Actor, refund_id: str) -> Refund:
    """Let the engine try again now (`people.retry`).

    Raises:
        NotThere, NotAllowed: as for every refund.
        TransitionRefused: it is finished and can't be tried again.
    """
    await _pass(ports, actor, Permission.ACT_ON_REFUNDS, deed := _deed("retry", refund_id))
    async with audited(ports, actor, deed):
        return await people.retry(ports, refund_id, actor.name)


async def settle(ports: Ports, actor: Actor, refund_id: str, *, paid: bool) -> Refund:
    """Say, as a person who found out, whether the money has moved (`people.settle`).

    Raises:
        NotThere, NotAllowed: as for every refund.
        TransitionRefused: this state is not a person's to settle.
    """
    await _pass(ports, actor, Permission.SETTLE_REFUNDS, deed := _deed("settle", refund_id))
    deed.detail["paid"] = paid
    async with audited(ports, actor, deed):
        return await people.settle(ports, refund_id, actor.name, paid=paid)


async def choose_payout(ports: Ports, actor: Actor, refund_id: str) -> Refund:
    """Pay it out by hand instead (`people.choose_payout`).

    Raises:
        NotThere, NotAllowed: as for every refund.
        TransitionRefused: it is under way or finished, or barred from that lane.
    """
    await _pass(ports, actor, Permission.ACT_ON_REFUNDS, deed := _deed("choose_payout", refund_id))
    async with audited(ports, actor, deed):
        return await people.choose_payout(ports, refund_id, actor.name)


async def withdraw(ports: Ports, actor: Actor, refund_id: str, why: str) -> Refund:
    """Take back a refund that was pressed by hand (`by_hand.withdraw`).

    Raises:
        NotThere, NotAllowed: as for every refund.
        InvalidInput: no reason is given.
        TransitionRefused: a store made it, or it is on its way or over.
    """
    deed = _deed("withdraw_by_hand", refund_id)
    await _pass(ports, actor, Permission.ACT_ON_REFUNDS, deed)
    async with audited(ports, actor, deed):
        return await by_hand.withdraw(ports, refund_id, actor.name, why)


async def set_deadline(ports: Ports, actor: Actor, refund_id: str, at: datetime | None) -> Refund:
    """Say by when its platform wants it done (`people.set_deadline`).

    Raises:
        NotThere, NotAllowed: as for every refund.
    """
    await _pass(ports, actor, Permission.ACT_ON_REFUNDS, deed := _deed("set_deadline", refund_id))
    deed.detail["at"] = at.isoformat() if at else None
    async with audited(ports, actor, deed):
        return await people.set_deadline(ports, refund_id, actor.name, at)


async def _pass(ports: Ports, actor: Actor, permission: Permission, deed: Deed) -> None:
    """Let pass, and note which store it is about; a refusal of somebody who sees it is kept."""
    refund_id = deed.subject.partition("/")[2]
    async with ports.book.begin() as ledger:
        seen = await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        deed.store_id = seen.store_id
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, permission, refund_id)


def _deed(what: str, refund_id: str) -> Deed:
    return Deed(what=what, subject=f"refund/{refund_id}")


async def _reach(ports: Ports, actor: Actor) -> Reach:
    async with ports.book.begin() as ledger:
        return await reach(ledger, actor, Permission.SEE_REFUNDS)
