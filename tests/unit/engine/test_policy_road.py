"""A store's own policy on the road: what the engine tells it, and what it keeps."""

from typing import Any

from engine_world import World
from pef_adapters.core.policy import Outcome
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.core.policy.library import template
from pef_adapters.core.states import State


def settings(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """A store's settings with a policy that approves what no rule matches."""
    return {"policy": {"name": "shop", "version": 4, "rules": rules, "otherwise": "approve"}}


async def test_a_store_is_decided_by_its_own_policy() -> None:
    """A kept template holds what it should, and the refund keeps the policy's digest."""
    policy = template("overcharged").published(1)
    kept = policy.model_dump(mode="json")
    world = await World().open(settings={"policy": kept})
    await world.press(minor=12980)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["rule"] == "whole-payment"
    assert refund.decision["policy_digest"] == policy.digest
    assert refund.decision["approvers"] == 2
    assert "Two different people" in " ".join(explain_decision(refund.decision, "en").terms)


async def test_a_part_of_the_same_payment_goes_its_own_way() -> None:
    """The share is that of the payment at the rail, and a small one is sent."""
    kept = template("overcharged").model_dump(mode="json")
    world = await World().open(settings={"policy": kept})
    await world.press(minor=6490)
    await world.run()
    assert (await world.refund()).state is State.PENDING


async def test_the_policy_sees_what_the_store_says() -> None:
    """Platform, payment method and reason reach the rules, each as its own fact."""
    conditions: list[dict[str, Any]] = [
        {"platforms": ["fake"]},
        {"reason": {"contains": ["talla"]}},
        {"payment_methods": ["pagoefectivo"]},
        {"pressed_by": ["rosa"]},
    ]
    for when in conditions:
        rule = {"id": "seen", "when": when, "then": "hold"}
        world = await World().open(settings=settings([rule]))
        await world.press(
            reason="No era mi talla", payment_method="pagoefectivo", requested_by="Rosa"
        )
        await world.run()
        refund = await world.refund()
        assert refund.decision is not None
        assert (refund.decision["rule"], refund.state) == ("seen", State.HELD), when


async def test_old_window_settings_still_decide() -> None:
    """A store that kept only the two tiers is decided by them."""
    old = {"policy": {"original_route_days": 0, "payout_days": 1}}
    world = await World().open(settings=old)
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.AWAITING_BENEFICIARY
    assert refund.decision is not None
    assert refund.decision["outcome"] == Outcome.PAYOUT
    assert refund.decision["policy_version"] == "base-1"


async def test_an_unreadable_policy_is_shown_to_a_person() -> None:
    """Nothing is decided by half a policy, nothing is lost, and somebody is told."""
    world = await World().open(settings={"policy": {"name": "shop", "ruels": []}})
    await world.press()
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.RECEIVED, "error.POLICY_UNREADABLE")
    assert world.rail.sends == []
