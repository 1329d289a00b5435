"""The first answer to a refund that the store pays by hand: VTEX may never ask again."""

import asyncio

import httpx

from pef_adapters.core.states import State
from pef_adapters.engine.decide import decide_refund
from pef_adapters.engine.digest import digest
from pef_adapters.engine.outcomes import leave_to_store
from pef_adapters.server.app import create_app
from pef_adapters.storage.memory import Wake
from served import served
from vtex_road import KEYS, VtexWorld
from vtex_samples import PAYMENT, refund_body
from vtex_shop import until


async def test_vtex_waits_for_what_is_about_to_be_left_to_the_store() -> None:
    """Between the policy's word and the store's there is no answer, so the first one is 501."""
    world = await VtexWorld().open(settings={"manual_refunds": "vtex"})
    await world.pay()
    await world.buyer_pays(days_ago=45)
    app = create_app(world.ports, "https://refunds.example")
    async with served(app) as home, httpx.AsyncClient(base_url=home, trust_env=False) as client:
        path = f"/provider/vtex/payments/{PAYMENT}/refunds"
        body = refund_body(requestId="r1", sandboxMode=True)
        calling = asyncio.create_task(client.post(path, json=body, headers=KEYS))
        await taken_in(world)
        refund = await world.asked()
        assert await decide_refund(world.ports, refund) is State.AWAITING_BENEFICIARY
        # As long as several looks of the service at the refund.
        answered, _ = await asyncio.wait({calling}, timeout=0.5)
        assert not answered
        await leave_to_store(world.ports, refund.id)
        answer = await calling
    assert (answer.status_code, answer.json()["code"]) == (501, "refund-manually")


async def taken_in(world: VtexWorld) -> None:
    """The call was kept, and its refund is registered but not decided."""
    waiting: list[Wake] = []

    async def kept() -> bool:
        waiting.extend(wake for wake in world.memory.drain() if wake.task == "digest")
        return bool(waiting)

    await until(kept, "the call being kept")
    for wake in waiting:
        await digest(world.ports, int(wake.subject))
