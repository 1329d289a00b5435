"""What was pressed here and is withdrawn again: never paid, its rest free, and over for good."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from by_hand_world import ROSA, ByHandWorld
from desk_world import ANA
from engine_world import CIP, PAID
from pef_adapters.core.errors import (
    InvalidInput,
    LinkReplaced,
    NothingToApprove,
    NotThere,
    TransitionRefused,
)
from pef_adapters.core.states import TABLE, State
from pef_adapters.engine import approvals, beneficiary, by_hand, dossier, payouts, people
from pef_adapters.engine.asked_refunds import keep_asked_refund
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.records import PayoutEnd, Refund, ReviewEnd, TimelineEntry
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.by_hand import BY_HAND, own_id
from storage_samples import checkout

WITHDRAWABLE = {
    State.RECEIVED,
    State.HELD,
    State.AWAITING_BENEFICIARY,
    State.PAYOUT_DUE,
    State.READY,
}


async def withdraw(world: ByHandWorld, refund: Refund, why: str = "Se pidió por error") -> Refund:
    """Luis withdraws it."""
    return await by_hand.withdraw(world.ports, refund.id, "Luis", why)


async def held(**changes: str) -> tuple[ByHandWorld, Refund]:
    """A refund of the whole payment, pressed here, that waits for people."""
    world = await ByHandWorld().start(settings={"policy": {"name": "shop", "otherwise": "hold"}})
    world.platform.press("99", PAID, at=world.clock.now(), order_id="14", ours=False)
    refund = await world.press_here(12980, **changes)
    await world.run()
    refund = await world.now(refund)
    assert refund.state is State.HELD
    return world, refund


async def awaited() -> tuple[ByHandWorld, Refund, str]:
    """One whose payment is too old for the original route, and its buyer's link."""
    world = await ByHandWorld().start(platform=BY_HAND)
    world.rail.pay(CIP, PAID, world.clock.now() - timedelta(days=40))
    refund = await world.press_here(12980)
    await world.run()
    refund = await world.now(refund)
    assert refund.state is State.AWAITING_BENEFICIARY
    async with world.book.begin() as ledger:
        link = await ledger.open_link(refund.id)
    assert link is not None
    return world, refund, world.ports.links.token(link.id)


def way_to(state: State) -> tuple[State, ...]:
    """Steps of the state table that lead from the press to this state."""
    ways: list[tuple[State, ...]] = [(State.RECEIVED,)]
    for way in ways:
        if way[-1] is state:
            return way
        ways += [(*way, each) for each in TABLE[way[-1]].values() if each not in way]
    raise AssertionError(f"nothing leads to {state}")


async def saved(world: ByHandWorld, refund: Refund, *states: State) -> Refund:
    """The refund, kept in these states one after the other."""
    async with world.book.begin() as ledger:
        for state in states:
            refund = replace(refund, state=state)
            await ledger.save_refund(refund)
    return refund


async def timeline(world: ByHandWorld, refund: Refund) -> list[TimelineEntry]:
    """All that is kept of what happened to it."""
    async with world.book.begin() as ledger:
        return await ledger.timeline(refund.id)


async def test_a_held_one_is_withdrawn_and_never_paid() -> None:
    """Its review is void, nobody can approve it any more, and its amount is free again."""
    world, refund = await held()
    assert (await world.find()).rest.minor == 0
    assert (await withdraw(world, refund)).state is State.CANCELLED
    found = await world.find()
    assert (found.asked.minor, found.rest) == (0, PAID)
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Marta")
    await world.later(days=2)
    async with world.book.begin() as ledger:
        reviews = await ledger.reviews(refund.id)
    assert [each.ended_as for each in reviews] == [ReviewEnd.VOID]
    assert (await world.now(refund)).state is State.CANCELLED
    assert world.rail.paid_out() == []


async def test_a_queued_wake_up_pays_nothing() -> None:
    """Withdrawn before its first step: the step that is queued finds nothing to do."""
    world = await ByHandWorld().start()
    refund = await world.press_here(5000)
    await withdraw(world, refund)
    await world.run()
    await world.later(days=1)
    assert (await world.now(refund)).state is State.CANCELLED
    assert world.rail.paid_out() == []
    assert (await world.find()).rest == PAID


async def test_the_buyers_link_opens_nothing_any_more() -> None:
    """While it waits for the buyer's details it holds money: withdrawn it holds none."""
    world, refund, token = await awaited()
    assert (await world.payment()).reserved == PAID
    await withdraw(world, refund)
    assert (await world.payment()).reserved.minor == 0
    with pytest.raises(LinkReplaced):
        await beneficiary.give(world.ports, token, ANA)
    with pytest.raises(TransitionRefused):
        await beneficiary.ask(world.ports, refund.id, ROSA)


async def test_what_is_due_leaves_the_next_bank_file() -> None:
    """Approved and waiting for the bank file: withdrawn no file has it, and its rest is free."""
    world, refund, token = await awaited()
    await beneficiary.give(world.ports, token, ANA)
    await world.run()
    for person in ("Luis", "Marta"):
        await approvals.approve(world.ports, refund.id, person)
    await world.run()
    assert (await world.now(refund)).state is State.PAYOUT_DUE
    await withdraw(world, refund)
    with pytest.raises(NotThere):
        await payouts.export(world.ports, "main", "csv", "Marta")
    assert (await world.find()).rest == PAID


@pytest.mark.parametrize("state", sorted(set(State) - WITHDRAWABLE - {State.CANCELLED}))
async def test_what_is_on_its_way_or_over_stays(state: State) -> None:
    """From the moment of sending nothing is withdrawn, and nothing of it is changed."""
    world = await ByHandWorld().start()
    refund = await saved(world, await world.press_here(5000), *way_to(state))
    before = await timeline(world, refund)
    with pytest.raises(TransitionRefused):
        await withdraw(world, refund)
    assert await world.now(refund) == refund
    assert await timeline(world, refund) == before
    assert dossier.WITHDRAW not in dossier.possible(refund)


async def test_it_is_offered_where_it_can_be_done_and_nowhere_else() -> None:
    """Only what was pressed here, not yet sent, and without an alarm shows the button."""
    _, refund = await held()
    offered = {s for s in State if dossier.WITHDRAW in dossier.possible(replace(refund, state=s))}
    assert offered == WITHDRAWABLE
    stores_own = replace(refund, platform="fake")
    assert dossier.WITHDRAW not in dossier.possible(stores_own)
    for alarm in ALARMS:
        assert dossier.WITHDRAW not in dossier.possible(replace(refund, attention=alarm))


async def test_what_was_withdrawn_is_over_for_good() -> None:
    """No person, no store and no poll brings it back; nothing of that is offered."""
    world, refund = await held(order_number="14")
    withdrawn = await withdraw(world, refund)
    assert not {dossier.RETRY, dossier.CHOOSE_PAYOUT} & dossier.possible(withdrawn)
    with pytest.raises(TransitionRefused, match="press a new one"):
        await people.retry(world.ports, refund.id, "Luis")
    with pytest.raises(TransitionRefused, match="press a new one"):
        await people.choose_payout(world.ports, refund.id, "Luis")
    world.platform.press(own_id("form-1"), PAID, at=world.clock.now() + timedelta(minutes=1))
    await world.deliver(own_id("form-1"))
    await world.poll()
    await world.later(days=3)
    assert (await world.now(refund)).state is State.CANCELLED
    assert world.rail.paid_out() == []


async def test_the_same_key_goes_on_naming_what_was_withdrawn() -> None:
    """The old form sent again pays nothing; a new one pays, once."""
    world = await ByHandWorld().start()
    refund = await withdraw(world, await world.press_here(5000))
    again = await world.press_here(5000)
    await world.run()
    assert (again.id, again.state) == (refund.id, State.CANCELLED)
    assert world.rail.paid_out() == []
    anew = await world.press_here(12980, key="form-2")
    await world.run()
    assert world.rail.paid_out() == [f"{anew.id}-1"]


async def test_who_and_why_are_kept_once() -> None:
    """The timeline has the person and the reason without long numbers; twice changes nothing."""
    world, refund = await held()
    first = await withdraw(world, refund, " Cuenta 00219310000000000117 errada ")
    again = await by_hand.withdraw(world.ports, refund.id, "Marta", "otra vez")
    kept = [each for each in await timeline(world, refund) if each.what == "store_withdrew"]
    assert again == first
    assert [each.actor for each in kept] == ["person:Luis"]
    assert kept[0].detail["why"].startswith("Cuenta ")
    assert "0021931000" not in kept[0].detail["why"]


async def test_the_order_is_told() -> None:
    """The order shows it as withdrawn, and says that no money left."""
    world, refund = await held(order_number="14")
    await withdraw(world, refund)
    await world.run()
    order = world.platform.order("14")
    assert order.lines[refund.platform_refund_id].state is State.CANCELLED
    assert "no money left" in list(order.notes.values())[-1]
    refund = await world.now(refund)
    assert refund.written_revision == refund.revision


async def test_what_a_stores_button_made_is_withdrawn_in_the_store() -> None:
    """Here it is refused, and goes on; what is not there is not there."""
    world = await ByHandWorld().start(settings={"policy": {"name": "shop", "otherwise": "hold"}})
    await world.press("15", 1000)
    await world.run()
    with pytest.raises(TransitionRefused, match="delete it there"):
        await withdraw(world, await world.refund())
    assert (await world.refund()).state is State.HELD
    with pytest.raises(NotThere):
        await by_hand.withdraw(world.ports, "nowhere", "Luis", "error")


@pytest.mark.parametrize("why", ["", "  ", "a\x00b", "a\ud800", "x" * 501])
async def test_a_reason_is_needed(why: str) -> None:
    """None, too long, or one that can't be kept: nothing is done; so without a name."""
    world, refund = await held()
    with pytest.raises(InvalidInput):
        await withdraw(world, refund, why)
    with pytest.raises(InvalidInput):
        await by_hand.withdraw(world.ports, refund.id, " ", "error")
    assert (await world.now(refund)).state is State.HELD


@pytest.mark.parametrize("alarm", ALARMS)
async def test_under_an_alarm_nothing_is_withdrawn(alarm: str) -> None:
    """Its money may have gone: its amount must not be offered again before a person looked."""
    world, refund = await held()
    async with world.book.begin() as ledger:
        await ledger.save_refund(replace(refund, attention=alarm))
    with pytest.raises(TransitionRefused, match="alarm"):
        await withdraw(world, refund)
    assert (await world.find()).rest.minor == 0


async def test_what_a_bank_has_or_has_paid_is_not_withdrawn() -> None:
    """A line in a bank file that never came back keeps its refund from being withdrawn."""
    world, refund, token = await awaited()
    await beneficiary.give(world.ports, token, ANA)
    await world.run()
    for person in ("Luis", "Marta"):
        await approvals.approve(world.ports, refund.id, person)
    await world.run()
    await payouts.export(world.ports, "main", "csv", "Rosa")
    async with world.book.begin() as ledger:
        (line,) = await ledger.payouts_of_refund(refund.id)
        await ledger.save_payout(replace(line, ended_as=PayoutEnd.CONFIRMED))
    exported = await world.now(refund)
    refund = await saved(world, exported, State.FAILED, State.RECEIVED, State.HELD)
    assert dossier.WITHDRAW in dossier.possible(refund)
    with pytest.raises(TransitionRefused, match="bank file"):
        await withdraw(world, refund)


async def test_a_gateway_can_ask_for_what_was_withdrawn() -> None:
    """Of a payment that the store's gateway took, the withdrawn part is left again."""
    world = await ByHandWorld().start()
    taken = checkout(
        store_id="tienda-pe", account_id="main", transaction_id=CIP, payment_id="P-1", amount=PAID
    )
    async with world.book.begin() as ledger:
        await ledger.add_checkout(taken)
    await withdraw(world, await world.press_here(4000))
    asked = AskedRefund(
        refund_id="R-1", operation=Operation.REFUND, payment_id="P-1", amount=None, currency="PEN"
    )
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        assert store is not None
        rest = await keep_asked_refund(world.ports, ledger, store, asked)
    assert rest.amount.decimal == Decimal("129.80")
