"""Presses at the store, on the real wires."""

from acceptance_steps import order_says, paid_order, payments_of, reaches, shown
from pef_adapters.core.states import State
from pef_adapters.demo.stage import Stage


async def test_three_identical_presses_pay_one(running: Stage) -> None:
    """Three presses in one instant are probably one: the others are held, and say of which."""
    order = await paid_order(running, "120.00", "70000001")
    pressed = await running.store.post(
        f"/_store/orders/{order}/refunds", json={"amount": "50.00", "times": 3}
    )
    numbers = [str(n) for n in pressed.raise_for_status().json()["refund_ids"]]
    assert len(set(numbers)) == 3
    refunds = [await reaches(running, n, State.PENDING, State.HELD) for n in numbers]
    states = [refund.state for refund in refunds]
    assert sorted(states) == [State.HELD, State.HELD, State.PENDING]
    paid = [await payments_of(running, refund) for refund in refunds]
    assert sorted(paid) == [0, 0, 1]
    held = refunds[states.index(State.HELD)]
    order_now = await order_says(running, order, held.platform_refund_id, State.HELD)
    assert any("dos veces" in note and held.id in note for note in order_now["notes"])


async def test_zero_refund_moves_no_money(running: Stage) -> None:
    """A restock-only refund of 0.00 is rejected with a note, and nothing is paid."""
    order = await paid_order(running, "40.00", "70000002")
    number = await running.press_refund(order, "0.00", "solo stock")
    refund = await reaches(running, number, State.REJECTED)
    assert await payments_of(running, refund) == 0


async def test_other_payment_method_is_left_alone(running: Stage) -> None:
    """A refund of an order paid otherwise leaves neither note nor record."""
    answer = await running.store.post(
        "/_store/orders", json={"total": "40.00", "payment_method": "cheque"}
    )
    theirs = int(answer.raise_for_status().json()["id"])
    await running.press_refund(theirs, "10.00", "")
    ours = await paid_order(running, "40.00", "70000003")
    number = await running.press_refund(ours, "10.00", "")
    await order_says(running, ours, number, State.PENDING)
    order = await shown(running, theirs)
    assert (order["notes"], order["record"] or {}) == ([], {})


async def test_refund_deleted_while_the_rail_is_down_is_never_paid(running: Stage) -> None:
    """A press taken back before the money could leave is cancelled."""
    order = await paid_order(running, "80.00", "70000004")
    await _rail(running, "rail_unavailable")
    number = await running.press_refund(order, None, "")
    await reaches(running, number, State.RECEIVED, State.READY)
    (await running.store.delete(f"/_store/orders/{order}/refunds/{number}")).raise_for_status()
    refund = await reaches(running, number, State.CANCELLED)
    (await running.sandbox.delete("/sandbox/faults")).raise_for_status()
    assert await payments_of(running, refund) == 0


async def test_own_write_back_echo_starts_nothing(running: Stage) -> None:
    """The order.updated that our own note causes leads to no second refund or payment."""
    order = await paid_order(running, "64.90", "70000005")
    number = await running.press_refund(order, None, "")
    refund = await reaches(running, number, State.PENDING)
    await order_says(running, order, number, State.PENDING)
    (await running.store.post("/_store/deliveries/flush", json={})).raise_for_status()
    repeat = {"times": 3, "topic": "order.updated"}
    (await running.store.post("/_store/deliveries/repeat", json=repeat)).raise_for_status()
    await running.pass_business_days(3)
    order_now = await order_says(running, order, number, State.REFUNDED)
    assert await payments_of(running, refund) == 1
    assert len(order_now["refunds"]) == 1
    assert len(order_now["notes"]) == len(set(order_now["notes"])) == 2


async def _rail(running: Stage, fault: str) -> None:
    body = {"fault": fault, "times": None}
    (await running.sandbox.post("/sandbox/faults", json=body)).raise_for_status()
