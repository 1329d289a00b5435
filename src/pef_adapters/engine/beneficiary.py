"""Ask the buyer for bank details, by a signed one-time link, and take them in.

Details are checked, sealed and hashed; nothing of them is shown whole again but in the
bank file. Whoever could have filled in the page counts as the refund's last editor. New
details undo every approval: the refund is decided anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pef_adapters.core.beneficiary import Beneficiary, read_details
from pef_adapters.core.calendar import lima_time
from pef_adapters.core.errors import (
    BeneficiaryInvalid,
    LinkExhausted,
    LinkExpired,
    LinkRefused,
    LinkReplaced,
    LinkTampered,
    LinkUsed,
    NotThere,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Policy, Route, barred_by
from pef_adapters.core.policy.model import PayoutTerms
from pef_adapters.core.states import Event, State
from pef_adapters.core.texts import explain
from pef_adapters.engine.known import locked_refund
from pef_adapters.engine.people import named, refuse_if_barred
from pef_adapters.engine.policies import policy_of
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Destination, Link, LinkEnd, Refund, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.transition import ENGINE, call_for_attention, move, remember
from pef_adapters.platforms.by_hand import is_no_order

BUYER = "buyer"
TO_BE_ASKED = "code.BUYER_TO_BE_ASKED"
SILENT = "code.BUYER_DID_NOT_ANSWER"
# Here new details can still be used: no bank file holds the old ones.
_OPEN = frozenset({State.AWAITING_BENEFICIARY, State.HELD, State.PAYOUT_DUE})
_ENDED: Mapping[LinkEnd, type[LinkRefused]] = {
    LinkEnd.USED: LinkUsed,
    LinkEnd.EXHAUSTED: LinkExhausted,
    LinkEnd.REPLACED: LinkReplaced,
}


@dataclass(frozen=True, slots=True)
class Invited:
    """What the page shows to whoever opens a good link; nothing else about the buyer."""

    store_address: str
    order_number: str
    amount: Money
    language: str
    expires_at: datetime
    tries_left: int
    check_digits: bool


@dataclass(frozen=True, slots=True)
class SentLink:
    """A link as it was made: its whole address opens the page, so it is shown once."""

    address: str
    expires_at: datetime


async def ask(ports: Ports, refund_id: str, person: str) -> SentLink:
    """Make a new link for the buyer; an older one opens nothing any more.

    Raises:
        NotThere: no such refund.
        TransitionRefused: the refund is not one that needs bank details, or nobody may
            pay it out by hand.
    """
    who = named(person)
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        refuse_if_barred(refund)
        if not _takes_details(refund):
            raise TransitionRefused(f"a refund that is {refund.state} needs no bank details")
        link = await _new_link(ports, ledger, refund, who)
        await _asked(ledger, refund, ports.clock.now())
    return SentLink(_address(ports, link), link.expires_at)


async def ask_buyer(ports: Ports, refund: Refund) -> None:
    """What the engine does by itself while a refund waits for details; safe to repeat.

    Where nobody may pay by hand it was the rail that wanted details: it is decided anew.

    Raises:
        PlatformError: the store could not pass the message on; tried again later.
    """
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        store = await ledger.store(refund.store_id)
        if locked is None or store is None or locked.state is not State.AWAITING_BENEFICIARY:
            return
        if barred_by(locked.decision) is not None:
            await ledger.wake(await move(ledger, locked, Event.REOPENED, ports.clock.now()))
            return
        link = await _link_of(ports, ledger, locked)
        terms = (await policy_of(ledger, store)).payout
        again = await ledger.newest_destination(refund.id) is not None
    await _tell(ports, locked, store, link=link, terms=terms, again=again)


async def look(ports: Ports, token: str) -> Invited:
    """What a buyer's link opens.

    Raises:
        LinkRefused: the link opens nothing; its class says why.
    """
    async with ports.book.begin() as ledger:
        link, refund, store, policy = await _opened(ports, ledger, token)
    return Invited(
        store_address=store.identity,
        order_number=refund.order_number,
        amount=refund.amount,
        language=store.language,
        expires_at=link.expires_at,
        tries_left=link.tries_left,
        check_digits=policy.payout.check_digits,
    )


async def give(ports: Ports, token: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """Take the buyer's details in; answers them masked.

    Raises:
        BeneficiaryInvalid: some are wrong; one of the link's tries is used up.
        LinkRefused: the link opens nothing; its class says why.
    """
    async with ports.book.begin() as ledger:
        link, refund, _, policy = await _opened(ports, ledger, token)
        try:
            details = read_details(fields, check_digits=policy.payout.check_digits)
        except BeneficiaryInvalid as error:
            await _count_try(ledger, link, ports.clock.now())
            refused = error
        else:
            await _take(ports, ledger, refund, link=link, details=details, terms=policy.payout)
            return details.masked()
    # Only here, after the commit: an exception inside would give the try back.
    raise refused


async def _opened(ports: Ports, ledger: Ledger, token: str) -> tuple[Link, Refund, Store, Policy]:
    """Everything behind a good link, with its refund locked."""
    link_id = ports.links.read(token)
    named_by = await ledger.link(link_id)
    refund = await ledger.lock_refund(named_by.refund_id) if named_by else None
    # Read again under the refund's lock: a second press may have used it meanwhile.
    link = await ledger.link(link_id)
    store = await ledger.store(refund.store_id) if refund else None
    if link is None or refund is None or store is None:
        raise LinkTampered
    if link.ended_as is not None:
        raise _ENDED[link.ended_as]
    if ports.clock.now() >= link.expires_at:
        raise LinkExpired
    if not _takes_details(refund):
        raise LinkReplaced
    return link, refund, store, await policy_of(ledger, store)


async def _count_try(ledger: Ledger, link: Link, now: datetime) -> None:
    worn = replace(link, tries_left=max(link.tries_left - 1, 0))
    if not worn.tries_left:
        worn = replace(worn, ended_at=now, ended_as=LinkEnd.EXHAUSTED)
    await ledger.save_link(worn)


def _takes_details(refund: Refund) -> bool:
    """Where it is held, its lane tells; an older release wrote no lane with the others."""
    if refund.state not in _OPEN or barred_by(refund.decision) is not None:
        return False
    return refund.lane is Route.PAYOUT or refund.state is not State.HELD


async def _take(
    ports: Ports,
    ledger: Ledger,
    refund: Refund,
    *,
    link: Link,
    details: Beneficiary,
    terms: PayoutTerms,
) -> None:
    now = ports.clock.now()
    await ledger.save_link(replace(link, ended_at=now, ended_as=LinkEnd.USED))
    given = await _destination(ports, ledger, refund, details=details, terms=terms, by=link.made_by)
    await ledger.add_destination(given)
    awaited = refund.state is State.AWAITING_BENEFICIARY
    moved = await move(
        ledger,
        refund,
        Event.BENEFICIARY_GIVEN if awaited else Event.REOPENED,
        now,
        actor=BUYER,
        detail={**given.masked},
        destination=given.account,
        edited_by=refund.edited_by if link.made_by == ENGINE else link.made_by,
    )
    await ledger.wake(moved)


async def _destination(
    ports: Ports,
    ledger: Ledger,
    refund: Refund,
    *,
    details: Beneficiary,
    terms: PayoutTerms,
    by: str,
) -> Destination:
    now = ports.clock.now()
    account = ports.fingerprint(f"account/{refund.account_id}/{details.account_key}")
    before = await ledger.newest_destination(refund.id)
    good_from = now
    if before is not None and before.account == account:
        good_from = before.good_from
    elif before is not None:
        good_from = now + timedelta(hours=terms.cooling_off_hours)
    return Destination(
        id=0,
        refund_id=refund.id,
        account=account,
        bound=ports.fingerprint(f"details/{json.dumps(details.as_secrets(), sort_keys=True)}"),
        masked=details.masked(),
        details=details.as_secrets(),
        given_by=BUYER if by == ENGINE else f"{BUYER}, by a link of {by}",
        given_at=now,
        good_from=good_from,
    )


async def _link_of(ports: Ports, ledger: Ledger, refund: Refund) -> Link:
    """The refund's open link, or a new one where it has none.

    One of the engine's own that ran out before the buyer was told of it was none.
    """
    link = await ledger.open_link(refund.id)
    if link is None or (_is_engines(link) and ports.clock.now() >= link.expires_at):
        return await _new_link(ports, ledger, refund, ENGINE)
    return link


def _is_engines(link: Link) -> bool:
    """Whether the engine made it and has not told the buyer so far."""
    return link.made_by == ENGINE and link.told_at is None


async def _new_link(ports: Ports, ledger: Ledger, refund: Refund, by: str) -> Link:
    now = ports.clock.now()
    store = await ledger.store(refund.store_id)
    if store is None:
        raise NotThere(f"refund {refund.id} has no store")
    terms = (await policy_of(ledger, store)).payout
    older = await ledger.open_link(refund.id)
    if older is not None:
        await ledger.save_link(replace(older, ended_at=now, ended_as=LinkEnd.REPLACED))
    link_id, _ = ports.links.new()
    link = Link(
        id=link_id,
        refund_id=refund.id,
        made_by=by,
        made_at=now,
        expires_at=now + timedelta(hours=terms.link_hours),
        tries_left=terms.link_tries,
    )
    await ledger.add_link(link)
    await remember(ledger, refund, "link for the buyer made", now, by=by)
    return link


async def _tell(
    ports: Ports, refund: Refund, store: Store, *, link: Link, terms: PayoutTerms, again: bool
) -> None:
    """Let the store's own mail carry the link, once; else a person has to send one."""
    now = ports.clock.now()
    no_order = is_no_order(refund.order_id)
    carrier = None if no_order else ports.platforms.named(store.platform).buyer_messages
    if now >= link.expires_at:
        await _show(ports, refund, SILENT)
    elif not _is_engines(link):
        return
    elif carrier is None or not terms.tell_buyer:
        await _show(ports, refund, TO_BE_ASKED)
    else:
        text = _message(ports, refund, store, link, again=again)
        marker = f"{refund.id}/{link.id[:6]}"
        await carrier.tell_buyer(refund.order_id, text, marker, connection(ports, store))
        async with ports.book.begin() as ledger:
            kept = await ledger.link(link.id)
            if kept is not None and kept.ended_as is None:
                await ledger.save_link(replace(kept, told_at=now))
            await remember(ledger, refund, "buyer asked for bank details", now)


def _message(ports: Ports, refund: Refund, store: Store, link: Link, *, again: bool) -> str:
    figures = {
        "amount": refund.amount.shown(store.language),
        "order": f"#{refund.order_number}",
        "at": f"{lima_time(link.expires_at):%d/%m/%Y %H:%M}",
        "link": _address(ports, link),
    }
    key = "buyer_message.ask_again" if again else "buyer_message.ask_details"
    return explain(key, store.language, figures)


def _address(ports: Ports, link: Link) -> str:
    return f"{ports.public_url}/payout/{ports.links.token(link.id)}"


async def _show(ports: Ports, refund: Refund, attention: str) -> None:
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is not None and locked.state is State.AWAITING_BENEFICIARY:
            await call_for_attention(ledger, locked, attention, ports.clock.now())


async def _asked(ledger: Ledger, refund: Refund, now: datetime) -> None:
    """A new link is there: what called for one stands no more."""
    stands = None if refund.attention in (TO_BE_ASKED, SILENT) else refund.attention
    kept = replace(refund, attention=stands, updated_at=now)
    await ledger.save_refund(kept)
    await ledger.wake(kept)
