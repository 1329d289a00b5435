"""A refund that was pressed a moment ago: what the store's button can say, for each state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine_world import CIP, PAID, World
from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.engine import pressed
from pef_adapters.engine.identity import refund_id
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.pressed import Pressed, Verdict
from pef_adapters.engine.records import Store
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import LOST_ANSWER

HOLDS = {"name": "shop", "otherwise": "hold"}
ACCEPTED, HELD, REFUSED, LATER = Verdict.ACCEPTED, Verdict.HELD, Verdict.REFUSED, Verdict.LATER
BY_STATE = {
    State.RECEIVED: LATER,
    State.READY: LATER,
    State.HELD: HELD,
    State.AWAITING_BENEFICIARY: HELD,
    State.PAYOUT_DUE: HELD,
    State.RETURNED: HELD,
    State.SENDING: ACCEPTED,
    State.UNKNOWN: ACCEPTED,
    State.PENDING: ACCEPTED,
    State.REFUNDED: ACCEPTED,
    State.REJECTED: REFUSED,
    State.FAILED: REFUSED,
    State.CANCELLED: REFUSED,
    State.REVERSED: REFUSED,
}


async def store_of(world: World) -> Store:
    """The world's store."""
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


async def press(world: World, refund: str = "15", *, order: str = "14") -> Pressed:
    """The button is pressed and taken in; how it stands once the engine is at rest."""
    world.platform.press(refund, PAID, at=world.clock.now())
    await take_in(world, refund, order=order)
    await world.run()
    return await standing(world, refund)


async def take_in(
    world: World, refund: str, *, order: str = "14", kind: HintKind = HintKind.REFUND_CREATED
) -> int:
    """The news arrives; nobody has worked it off."""
    store = await store_of(world)
    return await pressed.take_in(
        world.ports, store, kind, order_id=order, refund=refund, body=b"{}"
    )


async def standing(world: World, refund: str = "15") -> Pressed:
    """What the store is told about it now."""
    return await pressed.standing(world.ports, await store_of(world), refund)


async def test_a_refund_nobody_knows_yet_comes_later() -> None:
    """Before it is worked off it has our id already, but neither a state nor a sentence."""
    world = await World().open()
    await take_in(world, "15")
    store = await store_of(world)
    assert await standing(world) == Pressed(
        verdict=LATER,
        our_id=refund_id(store.identity, store.platform, "15"),
        state=None,
        sentence="",
        expected_on=None,
    )


async def test_the_id_it_is_told_at_once_is_the_one_it_keeps() -> None:
    """What the store was told before the decision names the same refund after it."""
    world = await World().open()
    await take_in(world, "15")
    before = await standing(world)
    assert (await press(world)).our_id == before.our_id == (await world.refund()).id


async def test_a_paid_refund_is_accepted_with_its_day() -> None:
    """Sent to PagoEfectivo: accepted, in the store's language, with the expected day."""
    world = await World().open(language="es_PE")
    found = await press(world)
    assert (found.verdict, found.state) == (ACCEPTED, State.PENDING)
    assert found.expected_on == "2026-12-02"
    figures = {"amount": PAID.shown("es_PE"), "expected_on": "2026-12-02", "refund": "15"}
    assert found.sentence == explain("note.pending", "es_PE", figures)


async def test_a_lost_answer_is_accepted_and_not_promised() -> None:
    """Nobody knows yet whether it was sent, so the store must not delete it."""
    world = await World().open()
    world.rail.fail_sends(LOST_ANSWER)
    assert (await press(world)).verdict is ACCEPTED


@pytest.mark.parametrize("language", ["en", "es_PE", "zh_Hans"])
async def test_a_refusal_says_why_in_the_stores_language(language: str) -> None:
    """The policy's own sentence reaches the person who pressed."""
    world = World()
    world.rail.pay(CIP, PAID, world.clock.now() - timedelta(days=120))
    await world.open(language=language)
    found = await press(world)
    decision = (await world.refund()).decision
    assert decision is not None
    assert (found.verdict, found.state) == (REFUSED, State.REJECTED)
    why = explain(f"code.{decision['code']}", language, dict(decision["figures"]))
    assert why
    assert why in found.sentence


async def test_a_final_refusal_of_the_rail_is_refused() -> None:
    """Nothing will be paid of it, so the store may take it back."""
    world = await World().open()
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    found = await press(world)
    assert (found.verdict, found.state) == (REFUSED, State.FAILED)
    assert world.rail.bookings == []


async def test_what_needs_a_person_is_held() -> None:
    """It is neither paid nor refused until somebody decides."""
    world = await World().open(settings={"policy": HOLDS})
    assert (await press(world)).verdict is HELD
    assert world.rail.sends == []


async def test_pressing_again_is_the_same_refund() -> None:
    """The call repeated, before and after the decision, pays once and answers alike."""
    world = await World().open()
    for _ in range(3):
        await take_in(world, "15")
    first = await press(world)
    assert await press(world) == first
    assert world.rail.sends == [f"{first.our_id}-1"]


async def test_a_call_about_the_wrong_order_pays_nothing() -> None:
    """The store's own record counts: this order has no such refund."""
    world = await World().open()
    assert (await press(world, order="99")).verdict is LATER
    assert world.rail.sends == []


async def test_a_deleted_refund_is_refused_from_then_on() -> None:
    """Deleted while it was held: it is cancelled, and the button says so."""
    world = await World().open(settings={"policy": HOLDS})
    await press(world)
    world.platform.delete("15")
    await take_in(world, "15", kind=HintKind.REFUND_DELETED)
    await world.run()
    found = await standing(world)
    assert (found.verdict, found.state) == (REFUSED, State.CANCELLED)


async def test_a_deletion_that_did_not_happen_changes_nothing() -> None:
    """The store still has the refund: what was said about it is not believed."""
    world = await World().open(settings={"policy": HOLDS})
    await press(world)
    await take_in(world, "15", kind=HintKind.REFUND_DELETED)
    await world.run()
    assert (await standing(world)).verdict is HELD


@pytest.mark.parametrize("language", ["en", "es_PE", "zh_Hans"])
@pytest.mark.parametrize("state", State)
async def test_every_state_has_a_verdict_and_a_sentence(state: State, language: str) -> None:
    """Whatever a refund's state, the button says something to people, and never a bare key."""
    world = await World().open(settings={"policy": HOLDS}, language=language)
    await press(world)
    refund = replace(await world.refund(), state=state)
    found = pressed._pressed(await store_of(world), refund)
    assert (found.state, found.verdict) == (state, BY_STATE[state])
    assert found.sentence.endswith((".", "。"))
    assert "note." not in found.sentence
