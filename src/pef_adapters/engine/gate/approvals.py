"""Held refunds that wait for people, as far as an actor may see them and decide.

Only a person approves, under the name he signed in with, and only what he was shown. Nobody
approves by a second name what he pressed, changed or approved under another.
"""

from collections.abc import Iterable

from pef_adapters.core.access import Actor, ActorKind, Permission
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    NotAllowed,
    NothingToApprove,
)
from pef_adapters.core.policy.approval import is_editor
from pef_adapters.core.states import State
from pef_adapters.engine import approvals
from pef_adapters.engine.approvals import Waiting
from pef_adapters.engine.facts import editors, person_behind
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import pass_to_refund, reach
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Act, Reach, Refund, RefundSearch, Store

DIGEST_LETTERS = 12
"""So much of a digest is shown, and has to come back with an approval."""

_MOST_HELD = 500


async def queue(ports: Ports, actor: Actor, limit: int = 100) -> list[Waiting]:
    """What waits for an approval in the actor's stores; what expires first comes first.

    Of more than 500 held refunds in some stores alone, the newest are looked at.
    """
    async with ports.book.begin() as ledger:
        seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
        if seen is not None:
            search = RefundSearch(reach=seen, states=frozenset({State.HELD}), limit=_MOST_HELD)
            found = [await _waiting(ledger, each) for each in await ledger.search_refunds(search)]
            waiting = sorted(filter(None, found), key=lambda each: each.review.expires_at)
            return waiting[:limit]
    return await approvals.queue(ports, limit)


async def where_to_decide(ports: Ports, actor: Actor) -> Reach:
    """The stores in which he may approve and decline, to show buttons where they work."""
    async with ports.book.begin() as ledger:
        return await reach(ledger, actor, Permission.APPROVE)


async def look(ports: Ports, actor: Actor, refund_id: str) -> Waiting:
    """One refund with its open review and what was said in it.

    Raises:
        NotThere: no such refund, or none that he may see.
        NothingToApprove: it does not wait for an approval.
    """
    async with ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
    return await approvals.look(ports, refund_id)


async def approve(
    ports: Ports, actor: Actor, refund_id: str, seen: str, comment: str = ""
) -> Refund:
    """The person agrees to what was shown: `seen` is the beginning of its digest.

    Raises:
        NotThere, NotAllowed: as for every refund; a machine is never allowed.
        NothingToApprove: it does not wait for this, or `seen` is not its digest (any more).
        EditorCannotApprove: the person pressed the button or changed the refund.
        AlreadyApproved: the same person has approved it before.
    """
    deed = _deed("approve", refund_id, digest=seen[:DIGEST_LETTERS])
    await _pass(ports, actor, Permission.APPROVE, deed, persons_only=True)
    async with audited(ports, actor, deed):
        if len(seen) < DIGEST_LETTERS:
            raise NothingToApprove("an approval names what was shown, by its digest")
        await _refuse_second_name(ports, actor, refund_id)
        return await approvals.approve(ports, refund_id, actor.name, comment, seen)


async def decline(ports: Ports, actor: Actor, refund_id: str, why: str) -> Refund:
    """The person refuses; nothing is paid, and the reason is kept.

    Raises:
        NotThere, NotAllowed: as for every refund; a machine is never allowed.
        NothingToApprove: it does not wait for an approval.
        InvalidInput: no reason is given.
    """
    deed = _deed("decline", refund_id)
    await _pass(ports, actor, Permission.APPROVE, deed, persons_only=True)
    async with audited(ports, actor, deed):
        return await approvals.decline(ports, refund_id, actor.name, why)


async def speak(ports: Ports, actor: Actor, refund_id: str, act: Act, comment: str) -> Refund:
    """Comment, ask for more information, or answer such a question (`approvals.speak`).

    Raises:
        NotThere, NotAllowed: as for every refund.
        NothingToApprove: it does not wait for an approval.
        InvalidInput: nothing is said.
    """
    deed = _deed("speak", refund_id, act=act.value)
    await _pass(ports, actor, Permission.SPEAK, deed)
    async with audited(ports, actor, deed):
        if act in {Act.APPROVE, Act.DECLINE}:
            raise NotAllowed("to approve or to decline is more than to speak")
        return await approvals.speak(ports, refund_id, actor.name, act, comment)


async def _waiting(ledger: Ledger, refund: Refund) -> Waiting | None:
    review = await ledger.open_review(refund.id)
    if review is None:
        return None
    said = await ledger.acts(refund.id)
    return Waiting(refund, review, tuple(act for act in said if act.review_id == review.id))


async def _refuse_second_name(ports: Ports, actor: Actor, refund_id: str) -> None:
    """The engine knows one name of everybody; here each name counts that we know him by."""
    async with ports.book.begin() as ledger:
        refund = await ledger.refund(refund_id)
        store = await ledger.store(refund.store_id) if refund else None
        waiting = await _waiting(ledger, refund) if refund else None
        if refund is None or store is None:
            return
        own = await _names(ledger, store, [actor.name])
        pressed = await _names(ledger, store, editors(refund, store))
        agreed = await _names(ledger, store, waiting.agreed if waiting else ())
    if any(is_editor(name, pressed) for name in own):
        raise EditorCannotApprove(f"{actor.name} pressed or changed this refund")
    if any(is_editor(name, agreed) for name in own):
        raise AlreadyApproved(f"{actor.name} has approved this refund; a second person is needed")


async def _names(ledger: Ledger, store: Store, known: Iterable[str]) -> frozenset[str]:
    """Each name, its number at the platform, whom the store says it is, and his own name."""
    names = frozenset(known)
    names |= {name.removeprefix(f"{store.platform}/") for name in names}
    names |= {person_behind(store, name) for name in names}
    users = [await ledger.user_by_email(name.strip().lower()) for name in names]
    return names | {user.name for user in users if user is not None}


async def _pass(
    ports: Ports, actor: Actor, permission: Permission, deed: Deed, *, persons_only: bool = False
) -> None:
    """Let pass, and note which store it is about; a refusal of somebody who sees it is kept."""
    refund_id = deed.subject.partition("/")[2]
    async with ports.book.begin() as ledger:
        seen = await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        deed.store_id = seen.store_id
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, permission, refund_id)
        if persons_only and actor.kind is not ActorKind.PERSON:
            raise NotAllowed("it takes a person, who can be asked; a program can't decide this")


def _deed(what: str, refund_id: str, **detail: str) -> Deed:
    return Deed(what=what, subject=f"refund/{refund_id}", detail=dict(detail))
