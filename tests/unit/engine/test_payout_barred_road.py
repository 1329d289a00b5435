"""A store whose refunds go back by the original route only: no road leads to a bank file."""

from dataclasses import replace
from typing import Any

import pytest

from desk_world import ANA, DeskWorld
from engine_world import CIP, PAID
from pef_adapters.core.errors import (
    LinkReplaced,
    NothingToApprove,
    NotThere,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, beneficiary
from pef_adapters.engine.people import choose_payout, retry, settle
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.records import Refund

APP_STORE = "code.PAYOUT_BARRED_BY_APP_STORE"
BY_STORE = "code.PAYOUT_BARRED_BY_STORE"


async def held(world: DeskWorld, code: str = APP_STORE, **changes: Any) -> Refund:
    """A refund pressed in a barred store, which came to be held for that."""
    await world.press(payout_barred=code, **changes)
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.decision and refund.decision["code"]) == (
        State.HELD,
        code.removeprefix("code."),
    )
    return refund


def bar(world: DeskWorld, refund_id: str = "15", code: str | None = APP_STORE) -> None:
    """The store's refunds may from now on go back by the original route only."""
    world.platform.refunds[refund_id] = replace(
        world.platform.refunds[refund_id], payout_barred=code
    )


def fresh(world: DeskWorld) -> None:
    """The payment is a day old: its money goes back by itself."""
    world.rail.pay(CIP, PAID, world.clock.now())


async def test_a_payment_too_old_for_the_original_route_is_held_and_says_why() -> None:
    """Nothing is reserved, the buyer is not asked, and the order's note explains it."""
    world = await DeskWorld().open_old()
    await held(world)
    assert (await world.payment()).reserved.minor == 0
    assert world.platform.order().messages == {}
    note = "".join(world.platform.order().notes.values())
    assert "Shopify App Store" in note
    assert "`pef refund settle`" in note
    with pytest.raises(NotThere, match="nothing is due"):
        await world.export()


async def test_nobody_can_approve_or_choose_a_barred_payout() -> None:
    """Approving, choosing the lane and asking the buyer are all refused, with the reason."""
    world = await DeskWorld().open_old()
    refund = await held(world)
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Rosa")
    with pytest.raises(TransitionRefused, match="can't be paid out by hand: This store uses"):
        await choose_payout(world.ports, refund.id, "Rosa")
    with pytest.raises(TransitionRefused, match="can't be paid out by hand"):
        await beneficiary.ask(world.ports, refund.id, "Rosa")


async def test_the_lane_can_not_be_chosen_for_a_refund_held_by_a_rule() -> None:
    """Also where the money could still go back by itself, nobody may pay it instead."""
    world = await DeskWorld().open_old(days=1, otherwise="hold")
    await world.press(payout_barred=APP_STORE)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    with pytest.raises(TransitionRefused, match="can't be paid out by hand"):
        await choose_payout(world.ports, refund.id, "Rosa")
    assert (await world.approve("Rosa")).state is State.PENDING
    assert world.rail.paid_out() == [f"{refund.id}-1"]


async def test_a_rail_that_wants_bank_details_gets_no_buyer_asked() -> None:
    """The refund is held instead, its money free again, and no message went to the buyer."""
    world = await DeskWorld().open_old(days=1)
    world.rail.refuse((Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"))
    refund = await held(world)
    assert len(world.rail.sends) == 1
    assert world.platform.order().messages == {}
    assert (await world.payment()).reserved.minor == 0
    async with world.book.begin() as ledger:
        assert await ledger.open_link(refund.id) is None


async def test_a_retry_tries_the_original_route_again() -> None:
    """What the rail wanted once does not keep a barred refund from the rail for ever."""
    world = await DeskWorld().open_old(days=1)
    world.rail.refuse((Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"))
    refund = await held(world)
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.PENDING
    assert world.rail.paid_out() == [f"{refund.id}-1"]


async def test_whoever_chose_the_lane_stays_an_editor_after_a_retry() -> None:
    """The choice falls with the bar, the name does not: it still can't approve."""
    world = await DeskWorld().open_old(days=1, otherwise="hold")
    await world.press()
    await world.run()
    await choose_payout(world.ports, (await world.refund()).id, "Rosa")
    bar(world)
    await world.run()
    refund = await world.refund()
    assert refund.decision is not None
    assert refund.decision["code"] == "PAYOUT_BARRED_BY_APP_STORE"
    await retry(world.ports, refund.id, "Marta")
    await world.run()
    refund = await world.refund()
    assert (refund.lane_chosen_by, refund.edited_by) == (None, "Rosa")
    assert refund.decision is not None
    assert refund.decision["code"] == "OTHERWISE_HOLDS"


async def test_details_given_before_the_bar_lead_to_no_payout() -> None:
    """The buyer's page was open already: what is given there is decided anew, and held."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    bar(world)
    refund = await world.give()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "PAYOUT_BARRED_BY_APP_STORE"
    assert (await world.payment()).reserved.minor == 0


@pytest.mark.parametrize("minor", [12980, 5000])
async def test_a_link_opens_nothing_once_the_refund_is_barred(minor: int) -> None:
    """A link from before shows no page, also where the amount changed with the bar."""
    world = await DeskWorld().open_old(otherwise="hold")
    await world.press()
    await world.run()
    refund = await world.refund()
    link = await beneficiary.ask(world.ports, refund.id, "Rosa")
    token = link.address.rpartition("/")[2]
    assert (await beneficiary.look(world.ports, token)).order_number == "14"
    bar(world)
    changed = replace(world.platform.refunds["15"], amount=Money(minor, "PEN"))
    world.platform.refunds["15"] = changed
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.HELD
    with pytest.raises(LinkReplaced):
        await beneficiary.look(world.ports, token)
    with pytest.raises(LinkReplaced):
        await beneficiary.give(world.ports, token, ANA)


async def test_what_became_barred_after_its_approval_enters_no_bank_file() -> None:
    """The store is asked before the file is made: the refund is left out, and held."""
    world = await DeskWorld().open_old()
    await world.until_due()
    bar(world)
    with pytest.raises(NotThere, match="by the original route only"):
        await world.export()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "PAYOUT_BARRED_BY_APP_STORE"
    assert await world.payouts() == []
    assert (await world.payment()).reserved.minor == 0


async def test_others_of_the_account_are_paid_without_the_barred_one() -> None:
    """One refund that has to stay behind keeps no other out of the file."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.until_due("16", 6000, account="00320000300000001731", name="Luis Paredes Soto")
    bar(world, "16")
    exported = await world.export()
    assert exported.lines == 1
    assert set(exported.left_out) == {(await world.refund("16")).id}
    await world.run()
    assert (await world.refund("15")).state is State.PENDING
    assert (await world.refund("16")).state is State.HELD


async def test_what_the_bank_sent_back_is_not_paid_out_again() -> None:
    """A payout from before the bar comes back: new details are taken, and nothing is paid."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    bar(world)
    await world.answer(exported, "returned", reason="cuenta cerrada")
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    assert (await world.give()).state is State.HELD
    assert (await world.payment()).reserved.minor == 0


async def test_a_bar_without_a_text_is_still_a_bar() -> None:
    """An adapter that names a text nobody wrote is explained as the store's own rule."""
    world = await DeskWorld().open_old()
    await world.press(payout_barred="code.NOBODY_WROTE_THIS")
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "PAYOUT_BARRED_BY_STORE"


async def test_a_person_can_say_that_the_buyer_was_paid_another_way() -> None:
    """The way out that the advice names: the refund ends, and the order says so."""
    world = await DeskWorld().open_old()
    refund = await held(world, BY_STORE)
    assert (await settle(world.ports, refund.id, "Rosa", paid=True)).state is State.REFUNDED


async def test_a_fresh_payment_of_a_barred_store_goes_back_by_itself() -> None:
    """The bar is about people's payouts only: PagoEfectivo pays as ever."""
    world = await DeskWorld().open_old()
    fresh(world)
    await world.press(payout_barred=APP_STORE)
    await world.run()
    assert (await world.refund()).state is State.PENDING
