"""Sixty-four refund calls of VTEX's gateway in one moment; the rail's own book is the judge."""

import asyncio
from collections import Counter
from typing import Any

from vtex_scenes import OPEN, soles

from pef_adapters.core.states import State
from vtex_service import House
from vtex_shop import Shop, answer_of

MANY, ORDERS = 64, 4
# Two equal refunds within minutes may be one that was pressed twice; this store says no.
AS_OFTEN_AS_ASKED = {"name": "often", "otherwise": "approve", "double_press_minutes": 0}


async def at_once(shop: Shop, bought: Any, amount: str, **more: Any) -> list[tuple[int, Any]]:
    """Refund calls in one moment; each answer is the protocol's, and in time."""
    do, payment = shop.vtex.call_refunds, bought["payment_id"]
    return [answer_of(call) for call in await shop.at_vtex(do, payment, amount, **more)]


async def test_one_request_in_many_calls_is_one_refund(running: House) -> None:
    """All of them are told of the same refund, which is paid once."""
    shop = await running.opens("unmomento")
    bought = await shop.bought("120.00")
    answers = await at_once(shop, bought, "50.00", times=MANY, same=True)
    assert len(answers) == MANY
    assert {(status, body["code"], body["refundId"]) for status, body in answers} == {
        (500, OPEN, None)
    }
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    name = answers[0][1]["requestId"]
    again = await at_once(shop, bought, "50.00", times=MANY, same=True, request_id=name)
    assert {(status, body["refundId"], str(body["value"])) for status, body in again} == {
        (200, refund.id, "50.00")
    }
    assert await shop.paid_back(bought) == soles("50.00")
    assert await shop.refunds_asked(bought) == 1
    await shop.kept_the_rules()
    assert running.stumbles() == []


async def test_many_requests_pay_no_more_than_was_captured(running: House) -> None:
    """Of each S/ 129.80, S/ 10.00 is asked for 16 times: 12 are paid, 4 wait for a person."""
    shop = await running.opens("muchos", policy=AS_OFTEN_AS_ASKED)
    purchases = [await shop.bought("129.80") for _ in range(ORDERS)]
    each = MANY // ORDERS
    answers = await asyncio.gather(*(at_once(shop, b, "10.00", times=each) for b in purchases))
    said = [answer for of_one in answers for answer in of_one]
    assert len({body["requestId"] for _, body in said}) == MANY
    assert {(status, body["code"]) for status, body in said} == {(500, OPEN)}
    for bought in purchases:
        states = await ends(shop, bought)
        assert states == {State.PENDING: 12, State.HELD: 4}
        assert await shop.paid_back(bought) == soles("10.00") * 12
    await shop.kept_the_rules()
    assert running.stumbles() == []


async def ends(shop: Shop, bought: Any) -> Counter[State]:
    """Where the purchase's refunds are, once all of them were decided and sent."""
    asks = await shop.asks(bought["payment_id"])
    names = [f"{bought['payment_id']}/refund/{ask['request_id']}" for ask in asks]
    refunds = [await shop.refund(name) for name in names]
    ended = [await shop.reaches(each, State.PENDING, State.HELD) for each in refunds]
    return Counter(each.state for each in ended)
