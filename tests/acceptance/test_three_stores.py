"""The demo's three stores on their real wires: one service, one sandbox, one account."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pef_adapters.core.states import State
from pef_adapters.demo.processes import outside
from pef_adapters.demo.scenarios import play
from pef_adapters.demo.shop import Scene, Shop, get
from pef_adapters.demo.shopify import Shopify
from pef_adapters.demo.stage import Stage, environment_of, stage
from pef_adapters.demo.vtex import Vtex
from pef_adapters.demo.watch import follow, refund_of, report


@dataclass(frozen=True, slots=True)
class Played:
    """The stage after its scenes came to their end.

    `early` are the statuses that VTEX was answered before it asked again.
    """

    stage: Stage
    shopify: Shopify
    vtex: Vtex
    scenes: list[Scene]
    early: list[int]

    def at(self, shop: Shop) -> list[Scene]:
        return [scene for scene in self.scenes if scene.shop is shop]


@pytest.fixture(scope="module")
async def played() -> AsyncIterator[Played]:
    """Every button pressed, and every refund paid by the sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="pef-acceptance-"))
    async with stage(folder, usual_ports=False, all_stores=True) as everything:
        assert everything.shopify is not None
        assert everything.vtex is not None
        scenes = await play(everything)
        await follow(everything, scenes, "accepted", lambda _: None)
        await everything.pass_business_days(3)
        await follow(everything, scenes, "noted", lambda _: None)
        early = [status for status, _ in await _answers(everything.vtex)]
        await everything.vtex.ask_again()
        yield Played(everything, everything.shopify, everything.vtex, scenes, early)
    shutil.rmtree(folder, ignore_errors=True)


async def test_vtex_is_answered_by_how_the_refund_stands(played: Played) -> None:
    """VTEX asks for each refund, hears 500 while it is open and 200 with its name once paid."""
    answers = await _answers(played.vtex)
    assert played.early == [500, 500]
    assert [status for status, _ in answers] == [500, 500, 200, 200]
    named = {body["refundId"] for status, body in answers if status == 200}
    refunds = [await refund_of(played.stage, scene) for scene in played.at(played.vtex)]
    assert named == {refund.id for refund in refunds if refund is not None}
    seen = await get(played.vtex.remote, "/_vtex/seen")
    assert (seen["refunding_requests"], seen["early_writes"], seen["tasks"]) == (0, [], [])


async def test_shopify_order_tells_its_refund(played: Played) -> None:
    """The order carries the refund's state, its sentences and a tag, though Shopify said done."""
    orders = {order["name"].removeprefix("#"): order for order in await played.shopify.listed()}
    scenes = played.at(played.shopify)
    assert len(scenes) == 2
    for scene in scenes:
        order = orders[scene.order]
        assert order["record"][scene.refund_id]["state"] == State.REFUNDED
        assert "pagado" in order["record"][scene.refund_id]["notes"][-1]["text"]
        assert "pagoefectivo-refund-refunded" in order["tags"]


async def test_every_store_is_paid_once_and_told(played: Played) -> None:
    """Each refund of each platform is paid once, and its store's own records say so."""
    told = await report(played.stage, played.scenes)
    platforms = [refund["platform"] for refund in told]
    assert platforms == ["woocommerce"] * 4 + ["shopify"] * 2 + ["vtex"] * 2
    ends = {(each["state"], each["written_back"], each["rail_payments"]) for each in told}
    assert ends == {("refunded", True, 1)}


def test_every_store_passes_its_checks(played: Played) -> None:
    """`pef store check` finds nothing to mend but what a fake on this machine can't have."""
    done = subprocess.run(
        [sys.executable, "-m", "pef_adapters", "store", "check", "--json"],
        env={
            **outside(),
            **environment_of(played.stage.settings),
            **played.shopify.environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    stores = json.loads(done.stdout)["stores"]
    assert set(stores) == {shop.store_id for shop in played.stage.shops}
    failed = {
        check["name"] for checks in stores.values() for check in checks if not check["passed"]
    }
    assert failed <= {"https", "old orders"}


async def _answers(vtex: Vtex) -> list[tuple[int, Any]]:
    """What VTEX was answered to its calls for refunds, oldest first."""
    calls = (await get(vtex.remote, "/_vtex/seen"))["calls"]
    return [(c["status"], json.loads(c["answer"])) for c in calls if c["operation"] == "refunds"]
