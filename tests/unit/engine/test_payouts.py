"""Money paid out by hand: once, from one reservation, by one lane."""

import csv
import io
from datetime import timedelta

import pytest

from desk_world import ANA, LUIS, DeskWorld, rows
from engine_world import CIP
from pef_adapters.core.errors import (
    EditorCannotApprove,
    MaybeSent,
    NotThere,
    PlatformUnreachable,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import State
from pef_adapters.engine import beneficiary, payouts
from pef_adapters.engine.people import choose_payout, retry, settle
from pef_adapters.engine.ports import RailRefund, RailStatus, Refusal
from pef_adapters.testing.hostile_rail import LOST_ANSWER


async def test_a_payout_goes_from_the_button_to_the_note() -> None:
    """Asked, given, approved by two, exported, confirmed: refunded, and the order knows."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    assert (await world.payment()).reserved.minor == 12980
    assert (await world.give()).state is State.HELD
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE
    exported = await world.export()
    refund = await world.refund()
    assert (refund.state, refund.lane) == (State.PENDING, Route.PAYOUT)
    assert (await world.answer(exported, "confirmed")).confirmed == 1
    assert (await world.refund()).state is State.REFUNDED
    payment = await world.payment()
    assert (payment.reserved.minor, payment.refunded.minor) == (0, 12980)
    assert world.rail.sends == []
    assert world.platform.order().lines["15"].state is State.REFUNDED


async def test_the_bank_file_says_what_the_bank_needs() -> None:
    """Amount, holder, document, account and order stand in it, once a refund."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    exported = await world.export()
    assert [row["amount"] for row in rows(exported.body)] == ["129.80"]
    line = rows(exported.body)[0]
    assert line["line"].lstrip("'") == f"{refund.id}-1"
    assert line["account"].lstrip("'") == ANA["account"]
    assert (line["name"], line["method"]) == (ANA["name"], "cci")


async def test_a_second_export_finds_nothing_and_the_file_can_be_had_again() -> None:
    """Pressed twice, one file leaves; lost, the very same bytes are made again."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    with pytest.raises(NotThere, match="nothing is due"):
        await world.export()
    again = await payouts.file_again(world.ports, exported.batch.id)
    assert again.body == exported.body
    assert len(await world.payouts()) == 1


async def test_a_file_that_would_differ_is_not_given_out_again() -> None:
    """What the bank may hold already is never replaced by other bytes."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    world.memory._tables.batches[exported.batch.id] = type(exported.batch)(
        **{name: getattr(exported.batch, name) for name in exported.batch.__dataclass_fields__}
        | {"sha256": "0" * 64}
    )
    with pytest.raises(TransitionRefused):
        await payouts.file_again(world.ports, exported.batch.id)


async def test_one_approval_is_not_enough_for_a_payout_by_default() -> None:
    """Amount and account take two people, unless the policy says one."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    await world.give()
    assert (await world.approve("Rosa")).state is State.HELD
    single = await DeskWorld().open_old(payout={"approvers": 1})
    await single.press()
    await single.run()
    await single.give()
    assert (await single.approve("Rosa")).state is State.PAYOUT_DUE


async def test_a_destination_changed_after_approval_voids_it_and_cools_off() -> None:
    """New bank details: the old yes is worth nothing, and the new account rests a day."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    await beneficiary.ask(world.ports, refund.id, "Carla")
    assert (await world.give(**LUIS)).state is State.HELD
    with pytest.raises(NotThere):
        await world.export()
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE
    with pytest.raises(NotThere, match="nothing"):
        await world.export()
    assert [each.waits for each in await payouts.due(world.ports, "main")] == [True]
    await world.later(hours=24, minutes=1)
    exported = await world.export()
    assert rows(exported.body)[0]["account"].lstrip("'") == LUIS["account"]


async def test_another_holder_of_the_same_account_needs_a_new_approval() -> None:
    """The yes is to the person too, not to the digits alone."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    await beneficiary.ask(world.ports, refund.id, "Carla")
    assert (await world.give(name="Luis Paredes Soto")).state is State.HELD


async def test_who_made_the_link_cannot_approve() -> None:
    """Whoever could have filled in the page is its editor."""
    world = await DeskWorld().open_old()
    await world.press()
    await world.run()
    refund = await world.refund()
    await beneficiary.ask(world.ports, refund.id, "Carla")
    await world.give()
    with pytest.raises(EditorCannotApprove):
        await world.approve("Carla")
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE


async def test_what_the_store_withdrew_meanwhile_stays_out_of_the_file() -> None:
    """A deletion that nobody announced is found before the file is made."""
    world = await DeskWorld().open_old()
    await world.until_due()
    world.platform.delete("15")
    with pytest.raises(NotThere, match="withdrawn"):
        await world.export()
    assert (await world.refund()).state is State.CANCELLED
    assert (await world.payment()).reserved.minor == 0


async def test_what_the_bank_took_back_meanwhile_stays_out_of_the_file() -> None:
    """An extorno that no notification told is found before the file is made."""
    world = await DeskWorld().open_old()
    await world.until_due()
    world.rail.reverse(CIP)
    with pytest.raises(NotThere, match="as paid any more"):
        await world.export()
    assert await world.payouts() == []


async def test_a_store_or_rail_that_is_away_holds_only_its_own_refunds() -> None:
    """What can't be asked about stays for the next file; nothing is lost or paid blindly."""
    world = await DeskWorld().open_old()
    await world.until_due()
    world.platform.trouble = PlatformUnreachable("away")
    with pytest.raises(NotThere, match="away"):
        await world.export()
    world.platform.trouble = None
    assert (await world.export()).lines == 1


async def test_a_changed_amount_at_the_store_stays_out_of_the_file() -> None:
    """What was approved is what is paid, or nothing."""
    world = await DeskWorld().open_old()
    await world.until_due()
    world.platform.press("15", Money(5000, "PEN"), at=world.clock.now())
    with pytest.raises(NotThere, match="amount changed"):
        await world.export()


async def test_an_attempt_at_the_rail_that_lived_after_all_keeps_its_refund_out() -> None:
    """The rail booked what it seemed to have lost: it is paid there, and not by the bank."""
    world = await DeskWorld().open_old(days=1)
    world.rail.fail_sends(LOST_ANSWER)
    await world.press()
    await world.run()
    refund = await world.refund()
    hidden = dict(world.rail.book)
    world.rail.book.clear()
    await settle(world.ports, refund.id, "Rosa", paid=False)
    await choose_payout(world.ports, refund.id, "Rosa")
    await world.run()
    await world.give()
    assert (await world.approve("Marta", "Luis")).state is State.PAYOUT_DUE
    world.rail.book.update(hidden)
    with pytest.raises(NotThere, match="not due any more"):
        await world.export()
    refund = await world.refund()
    assert (refund.state, refund.lane) == (State.PENDING, Route.ORIGINAL)
    assert await world.payouts() == []


async def test_the_rail_paying_beside_a_bank_file_is_an_alarm() -> None:
    """Money by two lanes can't be undone here: a person sees it at once."""
    world = await DeskWorld().open_old(days=1)
    world.rail.refuse((Refusal.FINAL, "REFUND_EXPIRED"))
    await world.press()
    await world.run()
    refund = await world.refund()
    async with world.book.begin() as ledger:
        first = (await ledger.attempts(refund.id))[0]
    await choose_payout(world.ports, refund.id, "Rosa")
    await world.run()
    await world.give()
    await world.approve("Marta", "Luis")
    await world.export()
    assert (await world.refund()).generation == 2
    world.rail.book[first.merchant_refund_id] = RailRefund(
        merchant_refund_id=first.merchant_refund_id,
        rail_refund_id="RFD-1",
        status=RailStatus.REFUNDED,
        status_word="REFUNDED",
        expected_on=None,
    )
    await world.notify("refund.refunded", merchant_refund_id=first.merchant_refund_id)
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.PENDING, "code.PAID_BEYOND_REST")


async def test_a_refund_in_a_bank_file_never_goes_to_the_rail() -> None:
    """Retries, days and jobs later the rail has not been asked to pay it."""
    world = await DeskWorld().open_old()
    await world.until_due()
    await world.export()
    refund = await world.refund()
    await retry(world.ports, refund.id, "Rosa")
    for _ in range(20):
        await world.later(days=1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.PENDING, "code.PAYOUT_OVERDUE")
    assert world.rail.sends == []


async def test_the_manual_lane_cannot_be_chosen_while_the_rail_may_pay() -> None:
    """Under way is under way: there is no second lane for the same money."""
    world = await DeskWorld().open_old(days=1)
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.PENDING
    with pytest.raises(TransitionRefused):
        await choose_payout(world.ports, refund.id, "Rosa")


async def test_a_rail_that_wants_bank_details_gets_a_payout_instead() -> None:
    """The buyer is asked at once, and the payout desk pays."""
    world = await DeskWorld().open_old(days=1)
    world.rail.refuse((Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"))
    await world.press()
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.lane) == (State.AWAITING_BENEFICIARY, Route.PAYOUT)
    await world.give()
    assert (await world.approve("Rosa", "Marta")).state is State.PAYOUT_DUE
    assert (await world.export()).lines == 1


async def test_a_policy_rule_can_send_a_young_payment_to_the_desk() -> None:
    """`payout` is an outcome like any other."""
    rule = {"id": "by-hand", "when": {"amount": {"min": "100.00", "currency": "PEN"}}}
    world = await DeskWorld().open_old(days=1, rules=[{**rule, "then": "payout"}])
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY


async def test_several_refunds_share_one_file_in_one_order() -> None:
    """Each refund is one line, and the file adds up to what is reserved."""
    world = await DeskWorld().open_old()
    for number, minor in (("15", 5000), ("16", 3000), ("17", 2000)):
        await world.until_due(number, minor)
    exported = await world.export()
    assert exported.lines == 3
    amounts = sorted(row["amount"] for row in rows(exported.body))
    assert amounts == ["20.00", "30.00", "50.00"]
    assert (await world.payment()).reserved.minor == 10000


async def test_a_dollar_refund_is_paid_in_soles_by_the_users_rate() -> None:
    """The merchant bears the rate: the soles of the refund's day leave, and are written down."""
    world = DeskWorld()
    now = world.clock.now()
    usd = Money(10000, "USD")
    world.rail.pay(CIP, usd, now - timedelta(days=40))
    await world.open()
    rates = [
        {"from": "USD", "to": "PEN", "day": f"{now - timedelta(days=40):%Y-%m-%d}", "rate": "3.70"},
        {"from": "USD", "to": "PEN", "day": f"{now:%Y-%m-%d}", "rate": "3.80"},
    ]
    exchange = {"rates": rates, "borne_by": "merchant"}
    await world.set_account(costs={"payout_currency": "PEN", "exchange": exchange})
    world.platform.press("15", usd, at=now)
    await world.deliver("15")
    await world.run()
    await world.give()
    await world.approve("Rosa", "Marta")
    exported = await world.export()
    assert [(r["amount"], r["currency"]) for r in rows(exported.body)] == [("380.00", "PEN")]
    [payout] = await world.payouts()
    assert payout.exchange["difference"] == "10.00 PEN"
    assert (await world.payment()).reserved == usd


async def test_without_a_rate_a_dollar_refund_stays_and_says_so() -> None:
    """No rate is guessed: the refund waits for one."""
    world = DeskWorld()
    usd = Money(10000, "USD")
    world.rail.pay(CIP, usd, world.clock.now() - timedelta(days=40))
    await world.open()
    await world.set_account(costs={"payout_currency": "PEN"})
    world.platform.press("15", usd, at=world.clock.now())
    await world.deliver("15")
    await world.run()
    await world.give()
    await world.approve("Rosa", "Marta")
    with pytest.raises(NotThere, match="rate"):
        await world.export()
    assert (await world.refund()).state is State.PAYOUT_DUE


async def test_a_rail_that_cannot_be_asked_keeps_a_refund_with_attempts_out() -> None:
    """Without knowing what became of an earlier attempt nothing is paid by hand."""
    world = await DeskWorld().open_old(days=1)
    world.rail.refuse((Refusal.FINAL, "REFUND_EXPIRED"))
    await world.press()
    await world.run()
    await choose_payout(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    await world.give()
    await world.approve("Marta", "Luis")
    world.rail.find_faults.append(MaybeSent("no answer"))
    with pytest.raises(NotThere, match="no answer"):
        await world.export()


def test_the_control_row_adds_up() -> None:
    """The helper of these tests reads payout rows only, not the file's control."""
    text = "line,amount\r\n'#control,9\r\n'a-1,5\r\n"
    assert rows(text.encode()) == [{"line": "'a-1", "amount": "5"}]
    assert len(list(csv.reader(io.StringIO(text)))) == 3


async def test_a_rate_that_moves_after_the_approval_asks_anew() -> None:
    """People agreed to what the buyer gets; another exchange is another payout."""
    world = DeskWorld()
    now = world.clock.now()
    usd = Money(10000, "USD")
    world.rail.pay(CIP, usd, now - timedelta(days=40))
    await world.open()
    old = {"from": "USD", "to": "PEN", "day": f"{now - timedelta(days=40):%Y-%m-%d}", "rate": "3"}
    today = {**old, "day": f"{now:%Y-%m-%d}", "rate": "3.80"}

    async def rates(*known: dict[str, str]) -> None:
        exchange = {"rates": list(known), "borne_by": "merchant"}
        await world.set_account(costs={"payout_currency": "PEN", "exchange": exchange})

    await rates(old, today)
    world.platform.press("15", usd, at=now)
    await world.deliver("15")
    await world.run()
    await world.give()
    await world.approve("Rosa", "Marta")
    await rates(old, {**today, "rate": "9.90"})
    with pytest.raises(NotThere, match="not what was approved"):
        await world.export()
    await world.run()
    assert (await world.refund()).state is State.HELD
    await world.approve("Rosa", "Marta")
    assert [row["amount"] for row in rows((await world.export()).body)] == ["990.00"]


async def test_a_file_whose_lines_the_bank_answered_is_given_out_no_more() -> None:
    """Uploaded a second time it would pay what was paid, or returned and paid since."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    await world.answer(exported, "returned", reason="Cuenta cerrada")
    with pytest.raises(TransitionRefused, match="is over"):
        await payouts.file_again(world.ports, exported.batch.id)


async def test_what_the_bank_paid_after_all_can_be_settled_and_the_order_is_true() -> None:
    """Returned, asked again, confirmed late: a named person says paid, and the order hears it."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    await world.answer(exported, "returned", reason="Cuenta cerrada")
    await world.answer(exported, "confirmed")
    await settle(world.ports, (await world.refund()).id, "Luis", paid=True)
    await world.run()
    assert (await world.refund()).state is State.REFUNDED
    assert world.platform.order().lines["15"].state is State.REFUNDED
    assert (await world.payment()).refunded.minor == 12980
