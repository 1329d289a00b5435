"""Asking the buyer for bank details: once, by the store's own mail, and never for nothing."""

import json
from dataclasses import asdict, replace

import pytest

from buyer_world import links_in
from desk_world import ANA, LUIS, DeskWorld
from pef_adapters.core import texts
from pef_adapters.core.errors import (
    BeneficiaryInvalid,
    LinkExhausted,
    LinkExpired,
    LinkReplaced,
    LinkUsed,
    NotThere,
    PlatformUnreachable,
    TransitionRefused,
)
from pef_adapters.core.states import State
from pef_adapters.engine import beneficiary
from pef_adapters.engine.people import retry
from pef_adapters.engine.records import TimelineEntry

TO_BE_ASKED, SILENT = "code.BUYER_TO_BE_ASKED", "code.BUYER_DID_NOT_ANSWER"


async def _asked(*, mails: bool = True, **policy: object) -> DeskWorld:
    """A refund that waits for its buyer's details."""
    world = await DeskWorld().open_old(**policy)
    world.platform.mails_buyers = mails
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    return world


def _messages(world: DeskWorld) -> list[str]:
    return list(world.platform.order().messages.values())


def _token(link: str) -> str:
    return link.rpartition("/")[2]


async def _timeline(world: DeskWorld) -> list[TimelineEntry]:
    refund = await world.refund()
    async with world.book.begin() as ledger:
        return await ledger.timeline(refund.id)


async def _days(world: DeskWorld, days: int) -> None:
    for _ in range(days * 4):
        await world.later(hours=6)


async def test_the_buyer_is_asked_once_and_at_once() -> None:
    """One message with amount, order, time and link; no day until the link's end brings another."""
    world = await _asked()
    (message,) = _messages(world)
    (link,) = links_in(world)
    refund = await world.refund()
    figures = {
        "amount": refund.amount.shown("en"),
        "order": "#14",
        "at": "26/11/2026 10:00",
        "link": link,
    }
    assert message == texts.explain("buyer_message.ask_details", "en", figures)
    assert link.startswith("https://refunds.example/payout/")
    assert (await beneficiary.look(world.ports, _token(link))).tries_left == 5
    await _days(world, 2)
    assert _messages(world) == [message]
    assert (await world.refund()).attention is None


async def test_the_message_is_written_in_the_store_s_language() -> None:
    """A Peruvian store's buyer is asked in Spanish."""
    world = DeskWorld()
    await world.open_old()
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        assert store is not None
        await ledger.add_store(replace(store, language="es_PE"))
    await world.press()
    await world.run()
    (message,) = _messages(world)
    assert message.startswith("Le devolvemos S/")


async def test_only_the_buyer_sees_the_link() -> None:
    """Neither a note of the order nor the refund's story holds it, before or after it is used."""
    world = await _asked()
    (link,) = links_in(world)
    await world.give()
    left = [
        *world.platform.order().notes.values(),
        *(str(line) for line in world.platform.order().lines.values()),
        *(json.dumps(asdict(entry), default=str) for entry in await _timeline(world)),
        json.dumps(asdict(await world.refund()), default=str),
    ]
    secrets = (_token(link), ANA["account"], ANA["document_number"], "Quispe")
    assert [text for text in left if any(secret in text for secret in secrets)] == []


async def test_a_message_that_could_not_leave_is_tried_again() -> None:
    """The store was away while the buyer was to be asked: later the same link is sent, once."""
    world = await DeskWorld().open_old()
    await world.press()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.platform, "tell_buyer", _away)
        await world.run()
    assert _messages(world) == []
    await _days(world, 1)
    assert len(_messages(world)) == 1
    await world.give()
    assert len(await _links_made(world)) == 1


async def _away(*_: object) -> None:
    raise PlatformUnreachable


async def _links_made(world: DeskWorld) -> list[TimelineEntry]:
    return [each for each in await _timeline(world) if each.what == "link for the buyer made"]


async def test_a_process_that_died_after_the_message_sends_no_second_one() -> None:
    """Nobody kept that the buyer was told; the store knows the message by its marker."""
    world = await _asked()
    refund = await world.refund()
    async with world.book.begin() as ledger:
        link = await ledger.open_link(refund.id)
        assert link is not None
        await ledger.save_link(replace(link, told_at=None))
    await beneficiary.ask_buyer(world.ports, refund)
    assert len(_messages(world)) == 1


async def test_the_buyer_is_asked_again_when_the_bank_returned_the_money() -> None:
    """The second message has the other words and a link of its own; the first one stays used."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    await world.answer(exported, "returned", reason="cuenta cerrada")
    first, second = links_in(world)
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    assert _messages(world)[1].startswith("Your bank sent back the")
    with pytest.raises(LinkUsed):
        await beneficiary.look(world.ports, _token(first))
    assert (await beneficiary.look(world.ports, _token(second))).tries_left == 5
    await _days(world, 2)
    assert len(_messages(world)) == 2
    assert (await world.give(**LUIS)).state is State.HELD


@pytest.mark.parametrize("reason", ["no mail", "policy"])
async def test_where_the_store_tells_no_buyer_a_person_has_to(reason: str) -> None:
    """The refund shows that somebody must send a link, until somebody has made one."""
    terms = {"payout": {"tell_buyer": False}} if reason == "policy" else {}
    world = await _asked(mails=reason == "policy", **terms)
    refund = await world.refund()
    assert refund.attention == TO_BE_ASKED
    sent = await beneficiary.ask(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).attention is None
    await _days(world, 2)
    assert (await world.refund()).attention is None
    assert _messages(world) == []
    assert (await beneficiary.look(world.ports, _token(sent.address))).tries_left == 5


@pytest.mark.parametrize("who", ["the store", "a person"])
async def test_a_buyer_who_never_answers_is_shown(who: str) -> None:
    """Within a day of the link's end a person sees that nobody answered; a new link clears it."""
    world = await _asked()
    refund = await world.refund()
    if who == "a person":
        await beneficiary.ask(world.ports, refund.id, "Rosa")
    await world.later(hours=71)
    assert (await world.refund()).attention is None
    await _days(world, 1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.AWAITING_BENEFICIARY, SILENT)
    await beneficiary.ask(world.ports, refund.id, "Rosa")
    assert (await world.refund()).attention is None
    await world.give()
    assert (await world.refund()).attention != SILENT


async def test_silence_is_shown_at_the_links_end_and_not_a_day_later() -> None:
    """72 hours after the buyer was asked, the very next look finds the link expired."""
    world = await _asked()
    await world.later(hours=72)
    assert (await world.refund()).attention == SILENT
    with pytest.raises(LinkExpired):
        await beneficiary.look(world.ports, _token(links_in(world)[0]))


async def test_a_withdrawn_refund_kills_its_link() -> None:
    """The store deletes the refund: nobody can give details for it any more."""
    world = await _asked()
    (link,) = links_in(world)
    world.platform.delete("15")
    await _days(world, 2)
    assert (await world.refund()).state is State.CANCELLED
    with pytest.raises(LinkReplaced):
        await beneficiary.look(world.ports, _token(link))
    with pytest.raises(LinkReplaced):
        await beneficiary.give(world.ports, _token(link), ANA)
    assert len(_messages(world)) == 1


async def test_a_newer_link_replaces_the_older() -> None:
    """A person makes one: only the newest opens the page, and the buyer is not mailed by us."""
    world = await _asked()
    (link,) = links_in(world)
    sent = await beneficiary.ask(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    with pytest.raises(LinkReplaced):
        await beneficiary.look(world.ports, _token(link))
    assert (await beneficiary.look(world.ports, _token(sent.address))).tries_left == 5
    assert len(_messages(world)) == 1


async def test_a_used_up_link_is_followed_by_a_new_one() -> None:
    """Five wrong forms close a link; at the next daily look the buyer is sent another."""
    world = await _asked()
    (link,) = links_in(world)
    for _ in range(5):
        with pytest.raises(BeneficiaryInvalid):
            await beneficiary.give(world.ports, _token(link), {**ANA, "account": "1"})
    with pytest.raises(LinkExhausted):
        await beneficiary.give(world.ports, _token(link), ANA)
    await _days(world, 1)
    assert len(links_in(world)) == 2
    assert (await world.give()).state is State.HELD


async def test_a_retry_does_not_ask_again() -> None:
    """A refund that is decided anew while its link is open does not ask the buyer twice."""
    world = await _asked()
    await retry(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    assert len(_messages(world)) == 1


async def test_a_link_is_made_only_for_a_refund_that_needs_one() -> None:
    """Neither an unknown refund nor one that the rail pays has a page for bank details."""
    world = await DeskWorld().open_old(days=1)
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.PENDING
    with pytest.raises(TransitionRefused, match="needs no bank details"):
        await beneficiary.ask(world.ports, refund.id, "Rosa")
    with pytest.raises(NotThere):
        await beneficiary.ask(world.ports, "RFNOBODY", "Rosa")
    assert _messages(world) == []
