"""Follows the demo's refunds to their end, by the ledger and by the stores themselves."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from pef_adapters.core.errors import PefError
from pef_adapters.demo.shop import Scene
from pef_adapters.demo.stage import Stage
from pef_adapters.engine.records import Refund

STEPS = ("received", "decided", "sent", "accepted", "refunded", "noted")
_STEP_OF = {
    "registered": "received",
    "approved": "decided",
    "send_started": "sent",
    "rail_accepted": "accepted",
    "rail_refunded": "refunded",
    "order told: refunded": "noted",
}
_PATIENCE_SECONDS = 120
_LOOK_SECONDS = 0.1

Shown = Callable[[list[Scene]], None]


class DemoStuck(PefError):
    """The demo did not come to its end in time."""

    code = "DEMO_STUCK"


async def follow(stage: Stage, scenes: list[Scene], step: str, shown: Shown) -> None:
    """Wait until every scene has reached `step`.

    Raises:
        DemoStuck: they did not, in two minutes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for scene in scenes:
            scene.steps |= await _steps(stage, scene)
        shown(scenes)
        if all(step in scene.steps for scene in scenes):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoStuck


async def refund_of(stage: Stage, scene: Scene) -> Refund | None:
    """The ledger's refund behind a scene."""
    async with stage.ports.book.begin() as ledger:
        return await ledger.find_refund(scene.shop.store_id, scene.refund_id)


async def report(stage: Stage, scenes: list[Scene]) -> list[dict[str, Any]]:
    """What became of each refund: by the ledger, by its store and by the rail's own book."""
    payments = await stage.payments()
    return [await _result(stage, scene, payments) for scene in scenes]


async def _steps(stage: Stage, scene: Scene) -> set[str]:
    refund = await refund_of(stage, scene)
    if refund is None:
        return set()
    async with stage.ports.book.begin() as ledger:
        entries = await ledger.timeline(refund.id)
    return {_STEP_OF[entry.what] for entry in entries if entry.what in _STEP_OF}


async def _result(stage: Stage, scene: Scene, payments: dict[str, int]) -> dict[str, Any]:
    refund = await refund_of(stage, scene)
    if refund is None:
        raise DemoStuck(f"refund {scene.refund_id} never reached the ledger")
    return {
        "platform": refund.platform,
        "order": scene.order,
        "amount": str(refund.amount.decimal),
        "currency": refund.amount.currency,
        "state": refund.state.value,
        "written_back": await scene.shop.tells(scene, refund),
        "rail_payments": sum(
            times for key, times in payments.items() if key.startswith(f"{refund.id}-")
        ),
    }
