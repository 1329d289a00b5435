"""What an attacker, a crash or plain bad luck would try on the money path."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_world import LUIS, DeskWorld
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    InvalidInput,
    NothingToApprove,
    NotThere,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route, read_policy
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, beneficiary
from pef_adapters.engine.digest import digest
from pef_adapters.engine.payouts import Exported
from pef_adapters.engine.people import choose_payout, retry, set_deadline, settle
from pef_adapters.engine.policies import owner_of_store, publish
from pef_adapters.engine.ports import RailRefund, RailStatus, Refusal
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import LOST_REQUEST

RETURNED = {"reason": "La cuenta no existe"}
HOLDS_TWICE = {"rules": [{"id": "big", "when": {}, "then": "hold", "approvers": 2}]}
BY_HAND = {"rules": [{"id": "hand", "when": {}, "then": "payout"}]}


async def sent_to_bank(**policy: object) -> tuple[DeskWorld, Exported]:
    """A world with one payout in the bank's hands for an hour, approved a minute before."""
    world = await DeskWorld().open_old(**policy)
    await world.until_due()
    await world.later(minutes=1)
    exported = await world.export()
    await world.later(hours=1)
    return world, exported


async def publish_text(world: DeskWorld, text: str) -> None:
    """Publish the store's next policy."""
    await publish(world.ports, owner_of_store("tienda-pe"), read_policy(text), "Rosa")


# --- paid once, by one lane ------------------------------------------------------


async def test_a_bank_line_and_an_attempt_at_the_rail_never_share_an_id() -> None:
    """Returned by the bank, then sent to the rail under a new policy: two ids, two payments."""
    world = await DeskWorld().open_old(days=1, **BY_HAND)
    await world.until_due()
    first = await world.export()
    await world.answer(first, "returned", **RETURNED)
    await publish_text(world, "name: shop\notherwise: approve\n")
    await retry(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.lane) == (State.PENDING, Route.ORIGINAL)
    assert world.rail.sends == [f"{refund.id}-2"]
    await world.answer(first, "confirmed")
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.PENDING, "code.PAID_BEYOND_REST")


async def test_a_line_confirmed_after_a_second_one_was_paid_is_an_alarm() -> None:
    """Returned, paid by another line, and then confirmed after all: paid twice, and seen."""
    world, first = await sent_to_bank()
    await world.answer(first, "returned", **RETURNED)
    await world.give(**LUIS)
    await world.approve("Rosa", "Marta")
    await world.later(days=1, minutes=1)
    await world.answer(await world.export(), "confirmed")
    assert (await world.refund()).attention is None
    await world.answer(first, "confirmed")
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.REFUNDED, "code.PAID_BEYOND_REST")


async def test_what_the_bank_confirmed_after_all_is_not_paid_by_another_file() -> None:
    """The buyer fills in and people approve, unaware: the export knows the bank's word."""
    world, first = await sent_to_bank()
    await world.answer(first, "returned", **RETURNED)
    await world.answer(first, "confirmed")
    await world.give(**LUIS)
    await world.approve("Rosa", "Marta")
    await world.later(days=1, minutes=1)
    assert (await world.refund()).state is State.PAYOUT_DUE
    with pytest.raises(NotThere, match="confirmed"):
        await world.export()
    assert len(await world.payouts()) == 1
    await settle(world.ports, (await world.refund()).id, "Luis", paid=True)
    assert (await world.refund()).state is State.REFUNDED


async def test_what_the_bank_confirmed_after_all_is_not_paid_by_the_rail() -> None:
    """Given up by a person, confirmed by the bank, retried under another policy: held."""
    world = await DeskWorld().open_old(days=1, **BY_HAND)
    await world.until_due()
    exported = await world.export()
    refund = await world.refund()
    await settle(world.ports, refund.id, "Luis", paid=False)
    await world.answer(exported, "confirmed")
    await publish_text(world, "name: shop\notherwise: approve\n")
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.PAID_BEYOND_REST")
    assert world.rail.sends == []


async def test_an_approval_pays_once() -> None:
    """One person gives a payout up and retries it: the old yes does not pay it again."""
    world, _ = await sent_to_bank()
    refund = await world.refund()
    await settle(world.ports, refund.id, "Rosa", paid=False)
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.HELD
    with pytest.raises(NotThere):
        await world.export()
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE
    assert (await world.export()).lines == 1


async def test_an_approval_does_not_send_again_what_may_have_been_sent() -> None:
    """The same at the rail: an unknown that one person ends needs a new yes."""
    world = await DeskWorld().open_old(days=1, **HOLDS_TWICE)
    world.rail.fail_sends(LOST_REQUEST)
    await world.press()
    await world.run()
    refund = await world.refund()
    for person in ("Rosa", "Marta"):
        await approvals.approve(world.ports, refund.id, person)
    world.clock.advance(seconds=1)
    await world.run()
    assert (await world.refund()).state is State.UNKNOWN
    await settle(world.ports, refund.id, "Rosa", paid=False)
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.HELD
    assert len(world.rail.sends) == 1


async def test_the_same_details_after_a_return_are_approved_anew() -> None:
    """The bank sent the money back; sending it there once more is a new decision."""
    world, exported = await sent_to_bank()
    await world.answer(exported, "returned", **RETURNED)
    assert (await world.give()).state is State.HELD
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE


async def test_an_extorno_known_to_the_ledger_stops_the_file() -> None:
    """The process died between the payment and its refunds: the file asks the payment."""
    world = await DeskWorld().open_old()
    await world.until_due()
    payment = await world.payment()
    async with world.book.begin() as ledger:
        await ledger.save_payment(replace(payment, reversed_at=world.clock.now()))
    with pytest.raises(NotThere, match="took its payment back"):
        await world.export()
    assert await world.payouts() == []


# --- never lost ------------------------------------------------------------------


async def test_a_refund_withdrawn_while_its_payout_was_out_ends_when_it_returns() -> None:
    """Too late at first; once the money is back there is nothing to pay, and nobody to ask."""
    world, exported = await sent_to_bank()
    world.platform.delete("15")
    await world.deliver("15", HintKind.REFUND_DELETED)
    await world.run()
    assert (await world.refund()).attention == "code.STORE_WITHDREW_TOO_LATE"
    asked = len(world.platform.order().messages)
    await world.answer(exported, "returned", **RETURNED)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.CANCELLED, None)
    assert (await world.payment()).reserved.minor == 0
    assert len(world.platform.order().messages) == asked


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal.BUSY, "RATE_LIMITED"),
        (Refusal.NEEDS_OWNER, "INSUFFICIENT_FUNDS"),
        (Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"),
    ],
)
async def test_a_refund_withdrawn_while_it_was_sent_ends_when_it_was_refused(
    refusal: Refusal, code: str
) -> None:
    """The store deletes it in the very moment of sending and the rail says no: cancelled."""
    world = await DeskWorld().open_old(days=1)
    await world.press()
    world.rail.refuse((refusal, code))

    def delete_meanwhile(_: object) -> None:
        world.platform.delete("15")
        kept = world.memory._tables.refunds
        for key, refund in kept.items():
            kept[key] = replace(refund, attention="code.STORE_WITHDREW_TOO_LATE")

    world.rail.on_send = delete_meanwhile
    await world.run()
    await world.later(days=1, minutes=1)
    refund = await world.refund()
    assert refund.state is State.CANCELLED
    assert refund.next_action_at is None
    assert (await world.payment()).reserved.minor == 0


async def test_what_an_older_release_left_waiting_can_be_finished() -> None:
    """Written without a lane: the buyer's page opens, and the bank is waited for, not the rail."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    await _as_older_release(world)
    assert (await world.give()).state is State.HELD
    await world.approve("Rosa", "Marta")
    await _as_older_release(world)
    await world.export()
    await world.later(days=1, minutes=1)
    refund = await world.refund()
    assert (refund.state, refund.lane) == (State.PENDING, Route.PAYOUT)
    assert refund.counted_at is not None
    assert refund.next_action_at is not None
    assert refund.next_action_at > world.clock.now()


async def _as_older_release(world: DeskWorld) -> None:
    """What a process of the release before would have written."""
    async with world.book.begin() as ledger:
        refund = await ledger.find_refund("tienda-pe", "15")
        assert refund is not None
        await ledger.save_refund(replace(refund, lane=Route.ORIGINAL, counted_at=None))


async def test_a_payout_of_an_older_release_is_not_passed_over_in_silence() -> None:
    """Due without bank details: the export says what to do, and the buyer can be asked."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    world.memory._tables.destinations.clear()
    await _as_older_release(world)
    with pytest.raises(NotThere, match="no bank details"):
        await world.export()
    await beneficiary.ask(world.ports, refund.id, "Carla")
    assert (await world.give(**LUIS)).state is State.HELD
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE
    assert (await world.export()).lines == 1


async def test_a_refund_held_by_an_older_release_is_approved_after_a_retry() -> None:
    """No review was opened for it then: the refusal says what to do, and it works."""
    world = await DeskWorld().open_old(days=1, **HOLDS_TWICE)
    await world.press()
    await world.run()
    world.memory._tables.reviews.clear()
    refund = await world.refund()
    with pytest.raises(NothingToApprove, match="retry"):
        await approvals.approve(world.ports, refund.id, "Rosa")
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.approve("Marta", "Luis")).state is State.PENDING


async def test_one_line_that_no_file_can_hold_keeps_only_itself_out() -> None:
    """A store's order number with a line break stops its own refund, not the account's."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.until_due("16", 3000)
    bad = await world.refund("16")
    async with world.book.begin() as ledger:
        await ledger.save_refund(replace(bad, order_number="14\n=cmd()"))
    exported = await world.export()
    assert exported.lines == 1
    assert "order_number" in exported.left_out[bad.id]
    assert (await world.refund("16")).state is State.PAYOUT_DUE


async def test_a_refund_worth_nothing_abroad_keeps_only_itself_out() -> None:
    """S/ 0.01 in dollars is nothing: it is left out, and the others are paid."""
    world = await DeskWorld().open_old()
    now = world.clock.now()
    rates = [{"from": "PEN", "to": "USD", "day": f"{now:%Y-%m-%d}", "rate": "0.27"}]
    old = f"{now - timedelta(days=40):%Y-%m-%d}"
    rates.append({**rates[0], "day": old})
    await world.set_account(
        costs={"payout_currency": "USD", "exchange": {"rates": rates, "borne_by": "merchant"}}
    )
    await world.until_due("15", 5000)
    await world.until_due("16", 1)
    exported = await world.export()
    assert exported.lines == 1
    assert (await world.refund("16")).id in exported.left_out


async def test_a_new_deadline_takes_the_old_alarm_away() -> None:
    """Moved into the future or taken away, a deadline alarms nobody."""
    world = await DeskWorld().open_old(days=1, **HOLDS_TWICE)
    await world.press()
    await world.run()
    refund = await world.refund()
    for later in (timedelta(days=90), None):
        await set_deadline(world.ports, refund.id, "Luis", world.clock.now())
        await world.later(minutes=1)
        assert "code.DEADLINE_PASSED" in {alarm.code for alarm in await world.alarms()}
        at = world.clock.now() + later if later else None
        await set_deadline(world.ports, refund.id, "Luis", at)
        await world.later(minutes=1)
        assert "code.DEADLINE_PASSED" not in {alarm.code for alarm in await world.alarms()}


async def test_finished_refunds_do_not_push_a_deadline_out_of_sight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many were done before, the one that is due is told."""
    monkeypatch.setattr("pef_adapters.engine.watch._BATCH", 2)
    world = await DeskWorld().open_old(days=1, rules=[{"id": "no", "then": "reject"}])
    at = world.clock.now() + timedelta(hours=2)
    for number in ("15", "16", "17"):
        await world.press(number, 1000, deadline_at=at - timedelta(hours=1))
    await world.run()
    await publish_text(world, "name: shop\nrules: [{id: h, then: hold}]\notherwise: approve\n")
    await world.press("18", 1000, deadline_at=at)
    await world.run()
    await world.later(minutes=1)
    assert [alarm.code for alarm in await world.alarms()] == ["code.DEADLINE_NEAR"]


# --- who may say yes -------------------------------------------------------------


async def test_an_operators_number_and_name_are_one_person() -> None:
    """Two are needed: Rosa under her name and as operator 7 is still one."""
    world = await DeskWorld().open_old(days=1, **HOLDS_TWICE)
    await world.set_store(people={"7": "Rosa Díaz"})
    await world.press()
    await world.run()
    await world.approve("rosa diaz")
    with pytest.raises(AlreadyApproved):
        await world.approve("7")
    assert (await world.refund()).state is State.HELD


async def test_an_operators_number_does_not_hide_an_editor() -> None:
    """Who chose the lane under her name can't approve as operator 7."""
    world = await DeskWorld().open_old(days=1, **HOLDS_TWICE)
    await world.set_store(people={"7": "Rosa Díaz"})
    await world.press()
    await world.run()
    await choose_payout(world.ports, (await world.refund()).id, "Rosa Díaz")
    await world.run()
    with pytest.raises(EditorCannotApprove):
        await world.approve("7")


@pytest.mark.parametrize("act", ["link", "lane"])
async def test_somebody_elses_touch_does_not_wash_an_editor_clean(act: str) -> None:
    """Whoever could have typed the account in force stays its editor, whoever came after."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    refund = await world.refund()
    await beneficiary.ask(world.ports, refund.id, "Carla")
    await world.give(**LUIS)
    if act == "link":
        await beneficiary.ask(world.ports, refund.id, "Luis")
    else:
        await choose_payout(world.ports, refund.id, "Luis")
        await world.run()
    with pytest.raises(EditorCannotApprove):
        await world.approve("Carla")
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE


async def test_whom_the_store_names_later_pressed_it_none_the_less() -> None:
    """Unknown at first, told at the decision: counted for his limit, and no approver."""
    limit = {"per": "operator", "days": 1, "count": 1}
    world = await DeskWorld().open_old(days=1, limits=[limit])
    for number in ("15", "16"):
        world.platform.press(number, Money(1000, "PEN"), at=world.clock.now(), requested_by=None)
        await digest(world.ports, await world.deliver(number))
        world.platform.press(number, Money(1000, "PEN"), at=world.clock.now(), requested_by="9")
    await world.run()
    found = [await world.refund(number) for number in ("15", "16")]
    assert sorted(refund.state for refund in found) == [State.HELD, State.PENDING]
    held = next(refund for refund in found if refund.state is State.HELD)
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, held.id, "9")


@pytest.mark.parametrize("name", ["engine", " Engine ", "rail"])
async def test_nobody_acts_under_the_engines_name(name: str) -> None:
    """A link of "engine" would make nobody its editor."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    with pytest.raises(InvalidInput, match="no person"):
        await beneficiary.ask(world.ports, (await world.refund()).id, name)


# --- the buyer's link ------------------------------------------------------------


async def test_a_buyer_who_was_never_asked_is_not_called_silent() -> None:
    """The store's mail was away for four days: the buyer is asked with a link that works."""
    world = await DeskWorld().open_old()
    world.platform.mails_buyers = False
    await world.press()
    await world.run()
    for _ in range(4):
        await world.later(days=1, minutes=1)
    assert (await world.refund()).attention == "code.BUYER_TO_BE_ASKED"
    world.platform.mails_buyers = True
    await world.later(days=1, minutes=1)
    assert len(world.platform.order().messages) == 1
    assert (await world.give()).state is State.HELD


# --- limits and the order's truth ------------------------------------------------


async def test_money_that_left_after_all_uses_its_limits_up() -> None:
    """Given up, then held, then found paid at the rail: it counts like any other."""
    limit = {"per": "store", "days": 1, "count": 1}
    world = await DeskWorld().open_old(days=1, limits=[limit])
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    refund = await world.refund()
    await settle(world.ports, refund.id, "Rosa", paid=False)
    await publish_text(
        world,
        "name: shop\nrules: [{id: h, then: hold}]\notherwise: approve\n"
        "limits: [{per: store, days: 1, count: 1}]\n",
    )
    await retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.HELD
    key = f"{refund.id}-1"
    world.rail.book[key] = RailRefund(
        merchant_refund_id=key,
        rail_refund_id="RFD-1",
        status=RailStatus.REFUNDED,
        status_word="REFUNDED",
        expected_on=None,
    )
    await world.notify("refund.refunded", merchant_refund_id=key)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.REFUNDED
    assert refund.counted_at is not None


async def test_a_returned_payout_promises_no_day() -> None:
    """The order is not told a day on which money will arrive that came back."""
    world, exported = await sent_to_bank()
    assert (await world.refund()).expected_on is not None
    await world.answer(exported, "returned", **RETURNED)
    assert (await world.refund()).expected_on is None
