"""`refundWithdraw`: what was pressed by hand is taken back, once, by who may act on refunds."""

from dataclasses import replace
from typing import Any

from by_hand_world import BothPlatforms
from graphql_world import Api, ApiWorld, gid
from pef_adapters.core.access import Permission, store_place
from pef_adapters.engine.records import AuditSearch

CREATE = """mutation($store: ID!) {
  refundCreate(input: {
    idempotencyKey: "press-1", storeId: $store, transactionId: "11546901",
    amount: {minor: 5000, currency: "PEN"}, expectedRest: {minor: 12980, currency: "PEN"},
    reason: "No le quedó"
  }) { ... on RefundDone { refund { id number } } }
}"""
WITHDRAW = """mutation($key: String!, $id: ID!, $why: String!) {
  refundWithdraw(input: {idempotencyKey: $key, refundId: $id, why: $why}) {
    __typename
    ... on RefundDone { refund { number state payment { rest { minor } } } }
    ... on UserError { code }
  }
}"""


async def opened() -> ApiWorld:
    """A world in which everything waits for people."""
    world = ApiWorld()
    world.ports = replace(world.ports, platforms=BothPlatforms(world.platform))
    world.app.state.ports = world.ports
    await world.open(settings={"policy": {"name": "shop", "otherwise": "hold"}})
    return world


async def pressed(world: ApiWorld, api: Api) -> dict[str, Any]:
    """A refund that was pressed by hand and is held."""
    made = await api.ask(CREATE, store=gid("Store", "tienda-pe"))
    await world.run()
    found: dict[str, Any] = made["refundCreate"]["refund"]
    return found


async def withdrawn(api: Api, refund: str, key: str = "k", why: str = "error") -> dict[str, Any]:
    """What the change answers."""
    answer = await api.ask(WITHDRAW, key=key, id=refund, why=why)
    found: dict[str, Any] = answer["refundWithdraw"]
    return found


async def test_a_program_withdraws_what_was_pressed() -> None:
    """It is cancelled, its rest is free again, and the same key does it once."""
    world = await opened()
    async with world.program() as api:
        refund = await pressed(world, api)
        first, second = [await withdrawn(api, refund["id"]) for _ in "12"]
    assert first == second
    assert first["refund"]["state"] == "CANCELLED"
    assert first["refund"]["payment"]["rest"]["minor"] == 12980
    async with world.book.begin() as ledger:
        done = await ledger.audits(AuditSearch(subject=f"refund/{refund['number']}"))
    assert [each.what for each in done].count("withdraw_by_hand") == 1


async def test_without_the_permission_or_a_reason_nothing_is_withdrawn() -> None:
    """Who may only see is refused; elsewhere it is not there; no reason is no input."""
    world = await opened()
    here, there = store_place("tienda-pe"), store_place("norte-1")
    async with world.program() as api:
        refund = await pressed(world, api)
        assert (await withdrawn(api, refund["id"], why=" "))["code"] == "INVALID_INPUT"
    async with world.program(here, [Permission.SEE_REFUNDS]) as reader:
        assert (await withdrawn(reader, refund["id"]))["code"] == "NOT_ALLOWED"
    acts = [Permission.SEE_REFUNDS, Permission.ACT_ON_REFUNDS]
    async with world.program(there, acts) as foreign:
        assert (await withdrawn(foreign, refund["id"]))["code"] == "NOT_THERE"
    async with world.program() as api:
        assert (await withdrawn(api, refund["id"], key="last"))["refund"]["state"] == "CANCELLED"
