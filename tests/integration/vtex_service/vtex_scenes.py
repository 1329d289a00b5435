"""Scenes at a VTEX store, from the button to the order's note; each has a store of its own.

A scene fails by itself. `SCENES` are played at the same time, because an order hears of a
refund only some seconds after its call was answered.
"""

import csv
import io
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, bank_answers, beneficiary, payouts
from pef_adapters.engine.outcomes import LEFT_TO_STORE
from pef_adapters.engine.records import Refund
from pef_adapters.pagoefectivo.wire import CipState
from pef_adapters.platforms.asked import CheckoutState
from vtex_service import House
from vtex_shop import Shop

OPEN = "refund-in-progress"
DETAILS: Final = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}
# Statuses and codes.
Heard = list[tuple[int, str | None]]


def soles(*amounts: str) -> list[Money]:
    """Amounts as the rail's book has them."""
    return [Money.parse(amount, "PEN") for amount in amounts]


async def heard(shop: Shop, bought: Any, operation: str = "refunds") -> Heard:
    """Status and code of each answer to the gateway, oldest first."""
    said = await shop.answers(bought["payment_id"], operation)
    return [(status, body["code"]) for status, body in said]


async def hears(shop: Shop, bought: Any, end: tuple[int, str], operation: str = "refunds") -> None:
    """VTEX hears the end: at its first call, or at its second where a busy machine took long."""
    if (await heard(shop, bought, operation))[-1] != end:
        await shop.at_vtex(shop.vtex.retry)
    assert await heard(shop, bought, operation) in ([end], [(500, OPEN), end])


async def ends_online(shop: Shop, bought: Any, refund: Refund) -> None:
    """Asked again, VTEX hears that the money is back, and paints it so; the order says it."""
    await shop.at_vtex(shop.vtex.retry)
    status, body = (await shop.answers(bought["payment_id"]))[-1]
    amount = refund.amount.decimal
    assert (status, body["refundId"], body["value"]) == (200, refund.id, amount)
    assert [(m["name"], m["value"]) for m in body["connectorMetadata"]] == [
        ("pefRefundId", refund.id)
    ]
    assert (await shop.painted(bought["payment_id"]))[-1] == ("online", str(amount))
    await shop.order_tells(bought["order_ids"][0], refund)


async def in_parts(house: House) -> None:
    """Two returns by invoice: each 500 while open, then 200 for its own amount."""
    shop = await house.opens("partes")
    bought = await shop.bought("120.00")
    (order,) = bought["order_ids"]
    for amount in ("30.00", "90.00"):
        await shop.press(order, "return", amount)
        assert (await heard(shop, bought))[-1] == (500, OPEN)
        refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
        await ends_online(shop, bought, refund)
    assert await shop.paid_back(bought) == soles("90.00", "30.00")
    await shop.kept_the_rules()


async def in_full(house: House) -> None:
    """A settled order is cancelled: all of it goes back, once."""
    shop = await house.opens("entero")
    bought = await shop.bought("119.80", invoiced=False)
    await shop.press(bought["order_ids"][0], "cancel")
    assert await heard(shop, bought) == [(500, OPEN)]
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await ends_online(shop, bought, refund)
    assert await shop.paid_back(bought) == soles("119.80")
    await shop.kept_the_rules()


async def too_late(house: House) -> None:
    """Paid 100 days ago: the policy denies, VTEX leaves it to a person, and the order says why."""
    shop = await house.opens("tarde")
    bought = await shop.bought("80.00", days_ago=100)
    await shop.press(bought["order_ids"][0], "return", "80.00")
    refund = await shop.reaches(await shop.asked(bought["payment_id"]), State.REJECTED)
    await hears(shop, bought, (500, "WINDOW_CLOSED"))
    await shop.at_vtex(shop.vtex.advance, hours=25)
    assert await shop.painted(bought["payment_id"]) == [("email-notification", "80.00")]
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


async def left_to_the_store(house: House) -> None:
    """Too old for the rail, and the store wants VTEX's own way: 501, a mail, a task, no money."""
    shop = await house.opens("amano", manual_refunds="vtex")
    bought = await shop.bought("80.00", days_ago=45)
    (order,) = bought["order_ids"]
    await shop.press(order, "return", "80.00")
    refund = await shop.reaches(await shop.asked(bought["payment_id"]), State.REJECTED)
    assert refund.attention == LEFT_TO_STORE
    await hears(shop, bought, (501, "refund-manually"))
    seen = await shop.at_vtex(shop.vtex.seen)
    mails = [mail["template"] for mail in seen["mails"] if mail["order_id"] == order]
    assert mails.count("gateway-manual-reversal-requested") == 1
    assert [task["order_id"] for task in seen["tasks"]] == [order]
    assert await shop.painted(bought["payment_id"]) == [("email-notification", "80.00")]
    await shop.order_tells(order, refund)
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


async def cancelled_to_the_store(house: House) -> None:
    """The same for a payment that was never settled: 501 in the cancellation's own word."""
    shop = await house.opens("anulamano", manual_refunds="vtex")
    bought = await shop.buys("80.00")
    await shop.pays(bought, days_ago=45)
    await shop.press(bought["order_ids"][0], "cancel")
    refund = await shop.reaches(await shop.asked(bought["payment_id"], "cancel"), State.REJECTED)
    await hears(shop, bought, (501, "cancel-manually"), "cancellations")
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


async def by_our_desk(house: House) -> None:
    """Too old for the rail, and our desk pays: 500 until the bank confirms, then 200."""
    shop = await house.opens("escritorio")
    bought = await shop.bought("129.80", days_ago=45)
    await shop.press(bought["order_ids"][0], "return", "129.80")
    assert await heard(shop, bought) == [(500, OPEN)]
    refund = await shop.reaches(await shop.asked(bought["payment_id"]), State.AWAITING_BENEFICIARY)
    refund = await paid_out(shop, refund)
    await ends_online(shop, bought, refund)
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


async def paid_out(shop: Shop, refund: Refund) -> Refund:
    """The buyer fills in the page, two people agree, and the bank says that it has paid."""
    ports = shop.ports
    link = (await beneficiary.ask(ports, refund.id, "Clara")).address
    async with httpx.AsyncClient(trust_env=False) as buyer:
        assert (await buyer.get(link)).status_code == 200
        assert (await buyer.post(link, data=DETAILS)).status_code == 200
    await shop.reaches(refund, State.HELD)
    for person in ("Rosa", "Marta"):
        await approvals.approve(ports, refund.id, person)
    await shop.reaches(refund, State.PAYOUT_DUE)
    exported = await payouts.export(ports, refund.account_id, "csv", "Rosa")
    done = confirmed(exported.body)
    taken = await bank_answers.take_answers(ports, exported.batch.id, done, "Rosa")
    assert taken.confirmed == 1
    return await shop.reaches(refund, State.REFUNDED)


async def cancelled_before_payment(house: House) -> None:
    """Nothing was paid in: the CIP is withdrawn, 200 at once, and no refund comes of it."""
    shop = await house.opens("sinpago")
    bought = await shop.buys("59.90")
    await shop.press(bought["order_ids"][0], "cancel")
    assert await heard(shop, bought, "cancellations") == [(200, None)]
    await shop.checkout_reaches(bought["payment_id"], CheckoutState.CANCELLED)
    assert (await shop.at_vtex(shop.vtex.order, bought["order_ids"][0]))["status"] == "canceled"
    assert shop.rail_shows(bought) == CipState.DELETED
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


async def cancelled_after_payment(house: House) -> None:
    """Paid and not settled yet: the cancellation is a refund of all, 500 and then 200."""
    shop = await house.opens("anulado")
    bought = await shop.buys("64.90")
    await shop.pays(bought)
    await shop.press(bought["order_ids"][0], "cancel")
    assert await heard(shop, bought, "cancellations") == [(500, OPEN)]
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"], "cancel"))
    await shop.at_vtex(shop.vtex.retry)
    status, body = (await shop.answers(bought["payment_id"], "cancellations"))[-1]
    assert (status, body["cancellationId"]) == (200, refund.id)
    assert (await shop.payment(bought["payment_id"]))["status"] == "cancelled"
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == soles("64.90")
    await shop.kept_the_rules()


async def called_for_a_day(house: House) -> None:
    """First reading of VTEX's rule: every call of the day hears how it stands, until it is paid."""
    shop = await house.opens("undia", moods={"refund_retry": "for_a_day"})
    bought = await shop.bought("40.00")
    await shop.press(bought["order_ids"][0], "return", "40.00")
    asked = await shop.asked(bought["payment_id"])
    await shop.reaches(asked, State.PENDING)
    assert await shop.at_vtex(shop.vtex.advance, hours=4) > 3
    assert set(await heard(shop, bought)) == {(500, OPEN)}
    refund = await shop.rail_pays(asked)
    await shop.at_vtex(shop.vtex.advance, hours=20)
    assert (await heard(shop, bought))[-1] == (200, None)
    assert await shop.painted(bought["payment_id"]) == [("online", "40.00")]
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == soles("40.00")
    await shop.kept_the_rules()


async def called_much_later(house: House) -> None:
    """Second reading: one call after a day hears the end."""
    shop = await house.opens("luego", moods={"refund_retry": "later"})
    bought = await shop.bought("41.00")
    await shop.press(bought["order_ids"][0], "return", "41.00")
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await shop.at_vtex(shop.vtex.advance, hours=26)
    assert await heard(shop, bought) == [(500, OPEN), (200, None)]
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == soles("41.00")
    await shop.kept_the_rules()


async def never_called_again(house: House) -> None:
    """Third reading: VTEX gave it up and mailed; it is paid, and the order says so."""
    shop = await house.opens("nunca", moods={"refund_retry": "never"})
    bought = await shop.bought("42.00")
    await shop.press(bought["order_ids"][0], "return", "42.00")
    assert await shop.painted(bought["payment_id"]) == [("email-notification", "42.00")]
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await heard(shop, bought) == [(500, OPEN)]
    assert await shop.paid_back(bought) == soles("42.00")
    await shop.kept_the_rules()


async def answers_get_lost(house: House) -> None:
    """VTEX loses two answers of ours, the rail loses one of its own: paid once."""
    shop = await house.opens("perdido")
    bought = await shop.bought("43.62")
    await shop.at_vtex(shop.vtex.moods, lose_answers=2)
    # The sandbox books a refund of this many cents, and lets its answer get lost.
    await shop.press(bought["order_ids"][0], "return", "43.62")
    calls = [c for c in await shop.at_vtex(shop.vtex.calls, "refunds") if c["lost"]]
    assert len({call["body"] for call in calls}) == 1
    assert await heard(shop, bought) == [(500, OPEN)] * 3
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await ends_online(shop, bought, refund)
    assert await shop.paid_back(bought) == soles("43.62")
    await shop.kept_the_rules()


async def an_old_request_comes_again(house: House) -> None:
    """Known issue 1351358: the earlier request in place of a new one is the earlier refund."""
    shop = await house.opens("repetido")
    bought = await shop.bought("100.00")
    (order,) = bought["order_ids"]
    await shop.press(order, "return", "25.00")
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await ends_online(shop, bought, refund)
    await shop.at_vtex(shop.vtex.moods, repeat_earlier_refund=1)
    await shop.press(order, "return", "25.00")
    await shop.answers_again(bought["payment_id"])
    answers = (await shop.answers(bought["payment_id"]))[-3:]
    assert [(status, body["refundId"]) for status, body in answers] == [(200, refund.id)] * 3
    assert len(await shop.asks(bought["payment_id"])) == 2
    assert await shop.paid_back(bought) == soles("25.00")
    await shop.kept_the_rules()


async def twins_of_one_second(house: House) -> None:
    """Two equal returns whose dated ids are one: one refund, which both calls are told of."""
    shop = await house.opens("gemelos", moods={"request_ids": "dated"})
    bought = await shop.bought("100.00")
    await shop.press(bought["order_ids"][0], "return", "20.00", times=2)
    assert await heard(shop, bought) == [(500, OPEN)] * 2
    asks = await shop.asks(bought["payment_id"])
    assert len({ask["request_id"] for ask in asks}) == 1
    refund = await shop.rail_pays(await shop.asked(bought["payment_id"]))
    await ends_online(shop, bought, refund)
    assert await shop.paid_back(bought) == soles("20.00")
    await shop.kept_the_rules()


async def twins_with_names_of_their_own(house: House) -> None:
    """Two equal returns at once are one press or two: one is paid, the other waits for a person."""
    shop = await house.opens("dobles")
    bought = await shop.bought("100.00")
    (order,) = bought["order_ids"]
    await shop.press(order, "return", "20.00", times=2)
    both = [await shop.asked(bought["payment_id"], which=place) for place in (0, 1)]
    both = [await shop.reaches(each, State.PENDING, State.HELD) for each in both]
    assert sorted(each.state for each in both) == [State.HELD, State.PENDING]
    (held,) = (each for each in both if each.state is State.HELD)
    await shop.order_tells(order, held)
    assert await shop.paid_back(bought) == soles("20.00")
    await shop.kept_the_rules()


async def more_than_captured(house: House) -> None:
    """VTEX's own error: what is beyond the captured amount is held, and the order says why."""
    shop = await house.opens("demas")
    bought = await shop.bought("100.00")
    await shop.at_vtex(shop.vtex.call_refunds, bought["payment_id"], "100.01")
    asked = await shop.asked(bought["payment_id"])
    refund = await shop.reaches(asked, State.HELD)
    assert await heard(shop, bought) == [(500, OPEN)]
    await shop.order_tells(bought["order_ids"][0], refund)
    assert await shop.paid_back(bought) == []
    await shop.kept_the_rules()


def confirmed(file: bytes) -> bytes:
    """The bank's answer to a payout file: all of it was paid."""
    read = csv.DictReader(io.StringIO(file.decode("utf-8-sig")))
    lines = [row for row in read if not row["line"].startswith("#")]
    answer = {"status": "confirmed", "bank_reference": "OP-77"}
    text = io.StringIO()
    out = csv.DictWriter(text, fieldnames=list(lines[0] | answer))
    out.writeheader()
    out.writerows(line | answer for line in lines)
    return text.getvalue().encode()


SCENES: tuple[Callable[[House], Awaitable[None]], ...] = (
    in_parts,
    in_full,
    too_late,
    left_to_the_store,
    cancelled_to_the_store,
    by_our_desk,
    cancelled_before_payment,
    cancelled_after_payment,
    called_for_a_day,
    called_much_later,
    never_called_again,
    answers_get_lost,
    an_old_request_comes_again,
    twins_of_one_second,
    twins_with_names_of_their_own,
    more_than_captured,
)
