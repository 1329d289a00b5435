"""Every fault of the sandbox on the real wires: paid once, or provably not at all."""

from acceptance_steps import eventually, order_says, paid_order, payments_of, reaches, refund_of
from pef_adapters.core.states import State
from pef_adapters.demo.stage import Stage
from pef_adapters.engine.janitor import poll_stores

# The last two digits choose the sandbox's fault (`sandbox.faults.MAGIC_CENTS`).
_PAID_IN_THE_END = {
    61: "lost request",
    62: "answer lost",
    64: "429 burst",
    65: "500 burst",
    66: "500 after booking",
    67: "nonsense",
    68: "truncated",
    71: "wrong amount in the answer",
    72: "wrong currency in the answer",
    73: "duplicate callbacks",
    74: "early callback",
    78: "token expired",
    79: "indented callback",
}
_NOT_PAID = {
    81: (State.HELD, "rail.MERCHANT_KYC_EXPIRED"),
    82: (State.HELD, "rail.MERCHANT_BLOCKED"),
    83: (State.FAILED, "rail.REFUND_EXPIRED"),
    84: (State.FAILED, "rail.INVALID_AMOUNT"),
    87: (State.AWAITING_BENEFICIARY, "rail.BENEFICIARY_REQUIRED"),
}


async def _press(stage: Stage, cents: int, cip: int) -> tuple[int, str]:
    order = await paid_order(stage, f"40.{cents}", str(cip))
    return order, await stage.press_refund(order, None, "")


async def test_each_passing_fault_ends_in_one_payment(running: Stage) -> None:
    """Whatever the rail loses, repeats or garbles, each refund is paid once and told."""
    pressed = {
        what: await _press(running, cents, 73000000 + cents)
        for cents, what in _PAID_IN_THE_END.items()
    }
    for _, number in pressed.values():
        await reaches(running, number, State.PENDING)
    await running.pass_business_days(3)
    for what, (order, number) in pressed.items():
        await order_says(running, order, number, State.REFUNDED)
        refund = await refund_of(running, number)
        assert refund is not None
        assert await payments_of(running, refund) == 1, what


async def test_each_refusal_is_shown_and_pays_nothing(running: Stage) -> None:
    """A proved refusal leads to the state whose owner can mend it, and the order says why."""
    for cents, (state, attention) in _NOT_PAID.items():
        order, number = await _press(running, cents, 74000000 + cents)
        refund = await reaches(running, number, state)
        assert refund.attention == attention
        await order_says(running, order, number, state)
        assert await payments_of(running, refund) == 0


async def test_bank_return_reaches_the_order(running: Stage) -> None:
    """Money that the buyer's bank sends back is told on the order as returned."""
    order, number = await _press(running, 50, 75000001)
    refund = await reaches(running, number, State.PENDING)
    await running.pass_business_days(3)
    await order_says(running, order, number, State.REFUNDED)
    at_rail = await _rail_refund_id(running, refund.id)
    (await running.sandbox.post(f"/sandbox/refunds/{at_rail}/return", json={})).raise_for_status()
    await order_says(running, order, number, State.RETURNED)


async def test_extorno_during_a_refund_calls_a_person(running: Stage) -> None:
    """An extorno while the refund is under way changes no money and asks for a look."""
    _, number = await _press(running, 50, 75000002)
    await reaches(running, number, State.PENDING)
    taken_back = await running.sandbox.post("/sandbox/cips/75000002/extorno", json={})
    taken_back.raise_for_status()

    async def seen() -> bool:
        refund = await refund_of(running, number)
        return refund is not None and refund.attention == "code.EXTORNO_DURING_REFUND"

    await eventually(seen, "the extorno at the refund")


async def test_poll_finds_what_webhooks_lost_and_replaces_them(running: Stage) -> None:
    """With every webhook lost and switched off, the poll finds the refund and mends the store."""
    await _mood(running, drop_webhooks=True)
    order, number = await _press(running, 50, 75000003)
    (await running.store.post("/_store/webhooks/off", json={})).raise_for_status()
    await poll_stores(running.ports)
    await reaches(running, number, State.PENDING)
    await order_says(running, order, number, State.PENDING)
    hooks = (await running.store.get("/_store/webhooks")).raise_for_status().json()
    assert [hook["status"] for hook in hooks] == ["active"] * 3
    await _mood(running, drop_webhooks=False)


async def test_poll_works_at_an_old_store(running: Stage) -> None:
    """Where WooCommerce has no list of refunds (8.2), modified orders lead to them."""
    await _mood(running, drop_webhooks=True, refunds_route=False)
    _, number = await _press(running, 50, 75000004)
    await poll_stores(running.ports)
    await reaches(running, number, State.PENDING)
    await _mood(running, drop_webhooks=False, refunds_route=True)


async def test_store_that_loses_answers_gets_each_note_once(running: Stage) -> None:
    """A store that books a note and loses its answer still shows each note once."""
    order, number = await _press(running, 50, 75000005)
    await reaches(running, number, State.PENDING)
    await order_says(running, order, number, State.PENDING)
    await _mood(running, lose_answers=2)
    await running.pass_business_days(3)
    told = await order_says(running, order, number, State.REFUNDED)
    assert len(told["notes"]) == len(set(told["notes"])) == 2


async def _mood(stage: Stage, **moods: object) -> None:
    (await stage.store.post("/_store/moods", json=moods)).raise_for_status()


async def _rail_refund_id(stage: Stage, refund_id: str) -> str:
    async with stage.ports.book.begin() as ledger:
        attempts = await ledger.attempts(refund_id)
    return attempts[-1].rail_refund_id or ""


async def test_seeding_a_known_cip_is_refused_in_words(running: Stage) -> None:
    """The sandbox's control call says which number is taken, instead of failing."""
    await paid_order(running, "10.50", "75000009")
    twice = await running.sandbox.post("/sandbox/cips", json={"cip": 75000009, "amount": "1.00"})
    assert twice.status_code == 422
    assert "75000009" in twice.json()["error"]
