"""VTEX's gateway, the adapter and the engine: paid once, whatever VTEX's retries mean."""

import json
from typing import Any

import pytest

from pef_adapters.core.errors import MaybeSent, PlatformRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Changes, Hint, HintKind
from pef_adapters.platforms.provider import Answer
from vtex_road import STORE, VtexWorld
from vtex_samples import PAYMENT, refund_body, said

REFUNDS = "/payments/{paymentId}/refunds"
CANCELLATIONS = "/payments/{paymentId}/cancellations"
SETTLEMENTS = "/payments/{paymentId}/settlements"


@pytest.fixture
async def world() -> VtexWorld:
    """A VTEX store whose payment of S/ 129.80 was asked for and paid."""
    opened = await VtexWorld().open()
    await opened.pay()
    await opened.buyer_pays()
    return opened


async def money_arrives(world: VtexWorld) -> None:
    """PagoEfectivo has paid every refund that it took."""
    world.rail.settle()
    # PagoEfectivo is asked less often, the longer it takes.
    await world.later(days=2)


def open_code(answer: Answer) -> str:
    """The code of an answer that refunds nothing."""
    body = said(answer, REFUNDS)
    assert (answer.status, body["refundId"], body["value"]) == (500, None, 0)
    return str(body["code"])


async def test_a_payment_goes_from_its_cip_to_its_settlement() -> None:
    """Undefined with an address, approved once it is paid, then settled."""
    world = await VtexWorld().open()
    first = said(await world.pay(), "/payments")
    again = said(await world.pay(), "/payments")
    assert first == again
    assert (first["status"], first["nsu"]) == ("undefined", world.rail.created[0])
    assert first["paymentUrl"].endswith(world.rail.created[0])
    assert len(world.rail.created) == 1
    await world.buyer_pays()
    assert said(await world.pay(), "/payments")["status"] == "approved"
    body = refund_body(requestId="s1", value=129.8, sandboxMode=True)
    answer = await world.call(f"/payments/{PAYMENT}/settlements", body)
    assert said(answer, SETTLEMENTS)["settleId"]


async def test_an_unpaid_payment_is_not_settled() -> None:
    """There is no money to settle, and nothing is said to be."""
    world = await VtexWorld().open()
    await world.pay()
    body = refund_body(requestId="s1", value=129.8)
    answer = await world.call(f"/payments/{PAYMENT}/settlements", body)
    assert said(answer, SETTLEMENTS)["code"] == "not-paid"


async def test_a_cip_that_may_have_been_made_is_asked_for_again() -> None:
    """The failure is the protocol's own; asked again, the payment has its CIP."""
    world = await VtexWorld().open()
    world.rail.create_faults.append(MaybeSent("the connection broke"))
    answer = await world.pay()
    assert (answer.status, said(answer, "/payments")["status"]) == (500, "error")
    assert "paymentUrl" in said(await world.pay(), "/payments")


async def test_called_again_for_a_day(world: VtexWorld) -> None:
    """First reading of VTEX's rule: every call is answered by how the refund stands."""
    assert open_code(await world.refund_call()) == "refund-in-progress"
    for _ in range(24):
        await world.later(hours=1)
        assert open_code(await world.refund_call()) == "refund-in-progress"
    await money_arrives(world)
    body = said(await world.refund_call(), REFUNDS)
    assert (body["refundId"], str(body["value"])) == ((await world.asked()).id, "20.00")
    assert world.rail.bookings == [((await world.asked()).id + "-1", Money(2000, "PEN"))]


async def test_called_again_much_later(world: VtexWorld) -> None:
    """Second reading: one call after days hears the end."""
    await world.refund_call()
    await money_arrives(world)
    await world.later(days=9)
    assert said(await world.refund_call(), REFUNDS)["refundId"] == (await world.asked()).id
    assert len(world.rail.bookings) == 1


async def test_never_called_again(world: VtexWorld) -> None:
    """Third reading: the refund is paid all the same."""
    await world.refund_call()
    await money_arrives(world)
    assert (await world.asked()).state is State.REFUNDED
    assert len(world.rail.bookings) == 1


async def test_an_earlier_refund_that_comes_again_pays_nothing(world: VtexWorld) -> None:
    """Known issue 1351358: the same amount under the old request id is the old refund."""
    await world.refund_call("r1")
    await money_arrives(world)
    body = said(await world.refund_call("r1"), REFUNDS)
    assert body["refundId"] == (await world.asked("r1")).id
    assert len(world.rail.bookings) == 1


async def test_two_equal_partials_of_one_second_are_one_refund(world: VtexWorld) -> None:
    """Dated ids make them one; less is paid, never more, and the cross-check shows the rest."""
    dated = "2026-11-22T15:00:00-2000"
    for _ in range(2):
        await world.refund_call(dated)
    assert len(world.rail.bookings) == 1


async def test_one_request_id_with_two_amounts_pays_the_first(world: VtexWorld) -> None:
    """Nobody can know which was meant: a person is told."""
    await world.refund_call("r1", 20.0)
    assert open_code(await world.refund_call("r1", 30.0)) == "REQUEST_ID_REUSED"
    assert [amount for _, amount in world.rail.bookings] == [Money(2000, "PEN")]
    assert [alarm.code for alarm in await world.alarms()] == ["code.REQUEST_ID_REUSED"]


async def test_more_than_is_left_is_not_paid(world: VtexWorld) -> None:
    """Captured less already refunded is the most that can go back."""
    await world.refund_call("r1", 100.0)
    await world.refund_call("r2", 29.81)
    assert open_code(await world.refund_call("r2", 29.81)) == "refund-in-progress"
    assert (await world.asked("r2")).state is State.HELD
    assert [amount for _, amount in world.rail.bookings] == [Money(10000, "PEN")]


async def test_cancelling_before_payment_withdraws_the_cip() -> None:
    """No money came in, so VTEX hears at once that it is done."""
    world = await VtexWorld().open()
    await world.pay()
    answer = await world.cancel_call()
    assert said(answer, CANCELLATIONS)["cancellationId"]
    assert (await world.checkout()).state is CheckoutState.CANCELLED
    assert said(await world.cancel_call(), CANCELLATIONS)["cancellationId"]
    assert said(await world.pay(), "/payments")["status"] == "denied"


async def test_cancelling_after_payment_is_a_refund(world: VtexWorld) -> None:
    """It goes through the policy, for all that is left, and ends when the money is back."""
    first = said(await world.cancel_call(), CANCELLATIONS)
    assert (first["cancellationId"], first["code"]) == (None, "refund-in-progress")
    await money_arrives(world)
    body = said(await world.cancel_call(), CANCELLATIONS)
    assert body["cancellationId"] == (await world.asked("c1", "cancel")).id
    assert [amount for _, amount in world.rail.bookings] == [Money(12980, "PEN")]


async def paid_long_ago(**settings: Any) -> VtexWorld:
    """A store whose payment is too old to go back by itself."""
    world = await VtexWorld().open(settings=settings)
    await world.pay()
    await world.buyer_pays(days_ago=45)
    return world


async def test_a_store_may_pay_by_hand_with_vtexs_own_task() -> None:
    """501 makes VTEX mail the merchant; from then on nothing is ever paid from here."""
    world = await paid_long_ago(manual_refunds="vtex")
    await world.refund_call()
    answer = await world.refund_call()
    assert (answer.status, said(answer, REFUNDS)["code"]) == (501, "refund-manually")
    await world.later(days=3)
    assert (await world.refund_call()).status == 501
    assert world.rail.bookings == []
    cancelled = await world.cancel_call()
    await world.run()
    cancelled = await world.cancel_call()
    assert (cancelled.status, said(cancelled, CANCELLATIONS)["code"]) == (501, "cancel-manually")


async def test_else_our_own_desk_pays_by_hand() -> None:
    """VTEX hears that it is under way, until our desk has paid."""
    world = await paid_long_ago()
    await world.refund_call()
    assert open_code(await world.refund_call()) == "refund-in-progress"
    assert (await world.asked()).state is State.AWAITING_BENEFICIARY


async def test_a_refund_of_an_unknown_payment_is_denied() -> None:
    """What was never paid through us is not refunded."""
    world = await VtexWorld().open()
    assert open_code(await world.refund_call()) == "NOT_THERE"


async def test_a_live_call_reaches_no_sandbox(world: VtexWorld) -> None:
    """Real and made-up money never meet."""
    body = refund_body(requestId="r1", sandboxMode=False)
    answer = await world.call(f"/payments/{PAYMENT}/refunds", body)
    assert open_code(answer) == "KEYS_MIXED"


async def test_wrong_keys_change_nothing(world: VtexWorld) -> None:
    """401, and no refund."""
    headers = {"x-vtex-api-appkey": STORE, "x-vtex-api-apptoken": "wrong"}
    answer = await world.call(f"/payments/{PAYMENT}/refunds", refund_body(), headers)
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "SIGNATURE_INVALID")
    await world.run()
    assert world.rail.bookings == []


async def test_an_order_event_reads_what_its_group_was_asked(world: VtexWorld) -> None:
    """The hook names an order of a group; refunds are kept under the group."""
    await world.refund_call()
    hint = Hint(kind=HintKind.ORDER_CHANGED, order_id="1172452900788-01")
    (found,) = await world.vtex.read(hint, await here(world))
    assert (found.refund_id, found.amount) == (f"{PAYMENT}/refund/r1", Money(2000, "PEN"))
    assert found.order_paid_at is not None


async def test_a_poll_lists_what_was_asked(world: VtexWorld) -> None:
    """Without keys for the store's orders, that is all that a poll can find."""
    since = world.clock.now()
    await world.refund_call()
    found: Changes = await world.vtex.find_changes(since, await here(world))
    assert [hint.refund_id for hint in found.hints] == [f"{PAYMENT}/refund/r1"]
    assert found.findings == ()


async def test_a_payment_that_waits_needs_no_callback() -> None:
    """It was answered so; telling begins with what changes."""
    world = await VtexWorld().open()
    await world.pay()
    assert (await world.checkout()).told is CheckoutState.WAITING


async def test_without_partner_keys_the_payment_waits_to_be_told(world: VtexWorld) -> None:
    """Nothing is lost: the gateway is told as soon as there are some."""
    checkout = await world.checkout()
    assert (checkout.state, checkout.told) == (CheckoutState.PAID, CheckoutState.WAITING)
    with pytest.raises(PlatformRefused, match="partner keys"):
        await world.vtex.provider.tell_payment(checkout, await here(world))


async def here(world: VtexWorld) -> Any:
    """The store as its adapter sees it."""
    async with world.book.begin() as ledger:
        store = await ledger.store(STORE)
    assert store is not None
    return connection(world.ports, store)
