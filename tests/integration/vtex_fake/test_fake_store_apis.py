"""The fake store's APIs: orders, history, notes, transactions, and who may use them."""

from urllib.parse import quote

import httpx
import pytest

from tiny_provider import TinyProvider
from vtex_bench import (
    ALL_POWER_KEY,
    READER_KEY,
    STORE_KEY,
    RemoteVtex,
)

ORDERS = "/api/oms/pvt/orders"
NOTES = "/api/do/notes"


def note(order_id: str, text: str) -> dict[str, object]:
    """A note as the API takes it."""
    target = {"id": order_id, "type": "order", "url": f"/orders/{order_id}"}
    return {"target": target, "domain": "oms", "description": text}


def test_an_order_is_read_by_its_group(vtex: RemoteVtex) -> None:
    """A group lists every order of a purchase; a group that nobody knows has none."""
    bought = vtex.buy("20.00", "30.00")
    listed = vtex.api("GET", f"{ORDERS}/order-group/{bought['group']}").json()
    assert [order["orderId"] for order in listed] == bought["order_ids"]
    assert [order["value"] for order in listed] == [2000, 3000]
    (transaction,) = listed[0]["paymentData"]["transactions"]
    assert transaction["payments"][0]["id"] == bought["payment_id"]
    assert vtex.api("GET", f"{ORDERS}/order-group/1").json() == []
    assert vtex.api("GET", f"{ORDERS}/1-01").status_code == 404


@pytest.mark.parametrize(
    ("key", "status"), [(STORE_KEY, 200), (READER_KEY, 403), ("vtexappkey-unknown", 401)]
)
def test_a_key_needs_the_role(vtex: RemoteVtex, key: str, status: int) -> None:
    """Writing to an order's history takes a key of the account that has the role for it."""
    (order_id,) = vtex.buy()["order_ids"]
    body = {"source": "PagoEfectivo", "message": "Reembolso recibido."}
    assert vtex.api("POST", f"{ORDERS}/{order_id}/interactions", body, key).status_code == status
    lines = [line["message"] for line in vtex.order(order_id)["interactions"]]
    assert ("Reembolso recibido." in lines) == (status == 200)


def test_the_providers_keys_open_nothing_here(vtex: RemoteVtex) -> None:
    """A token that belongs to another key is refused."""
    headers = {"X-VTEX-API-AppKey": STORE_KEY, "X-VTEX-API-AppToken": "another"}
    assert httpx.get(f"{vtex.home}{ORDERS}", headers=headers).status_code == 401


def test_thirty_notes_and_no_more(vtex: RemoteVtex) -> None:
    """An order takes thirty notes of two thousand characters, and lists the newest first."""
    (order_id,) = vtex.buy()["order_ids"]
    long = vtex.api("POST", NOTES, note(order_id, "x" * 2001))
    assert long.status_code == 400
    statuses = [vtex.api("POST", NOTES, note(order_id, f"n{n}")).status_code for n in range(31)]
    assert statuses == [200] * 30 + [400]
    params = f"target.id={order_id}&perPage=30"
    items = vtex.api("GET", f"{NOTES}?{params}").json()["items"]
    assert [item["description"] for item in items[:2]] == ["n29", "n28"]
    assert len(items) == 30


def test_a_lost_answer_has_taken_effect(vtex: RemoteVtex) -> None:
    """A write whose answer never comes was done all the same."""
    (order_id,) = vtex.buy()["order_ids"]
    vtex.moods(lose_writes=1)
    assert vtex.api("POST", NOTES, note(order_id, "once")).status_code == 504
    assert vtex.order(order_id)["notes"] == ["once"]


def test_the_list_knows_documented_filters_only(vtex: RemoteVtex) -> None:
    """Orders are found by their dates, status and returns; never by their last change."""
    kept, returned = vtex.buy("20.00"), vtex.returnable("30.00")
    vtex.press(returned["order_ids"][0], "return", "10.00")
    span = quote("creationDate:[2020-01-01T00:00:00.000Z TO 2100-01-01T00:00:00.000Z]")
    found = vtex.api("GET", f"{ORDERS}?f_hasInputInvoice=true&f_creationDate={span}").json()
    assert [order["orderId"] for order in found["list"]] == returned["order_ids"]
    assert found["paging"] == {"total": 1, "pages": 1, "currentPage": 1, "perPage": 15}
    assert "lastChange" not in found["list"][0]
    approved = vtex.api("GET", f"{ORDERS}?f_status=payment-approved").json()["list"]
    assert [order["orderId"] for order in approved] == kept["order_ids"]
    changed = span.replace("creationDate", "lastChange")
    assert vtex.api("GET", f"{ORDERS}?f_lastChange={changed}").status_code == 400


def test_a_return_by_the_api_makes_its_refund(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """An Input invoice refunds by itself and stands on the order, once all was invoiced."""
    (order_id,) = vtex.settled()["order_ids"]
    body = {
        "type": "Input",
        "issuanceDate": "2026-11-22T10:00:00",
        "invoiceNumber": "FC-1",
        "invoiceValue": "2000",
        "items": [{"id": "19", "price": 2000, "quantity": 1}],
    }
    assert vtex.api("POST", f"{ORDERS}/{order_id}/invoice", body).status_code == 200
    assert provider.asked("settleId") == []
    vtex.press(order_id, "invoice")
    again = body | {"invoiceNumber": "FC-2"}
    assert vtex.api("POST", f"{ORDERS}/{order_id}/invoice", again).status_code == 200
    assert vtex.api("POST", f"{ORDERS}/{order_id}/invoice", again).status_code == 200
    assert [refund["value"] for refund in provider.asked("settleId")] == [20]
    packages = vtex.api("GET", f"{ORDERS}/{order_id}").json()["packageAttachment"]["packages"]
    assert packages[0]["restitutions"] == {}
    assert packages[-1]["restitutions"]["Refund"]["value"] == 2000


def test_an_article_on_two_lines_is_not_refunded(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Known issue 1198829: a return that names one article twice refunds nothing."""
    (order_id,) = vtex.returnable()["order_ids"]
    line = {"id": "19", "price": 1000, "quantity": 1}
    body = {"type": "Input", "invoiceNumber": "FC-1", "invoiceValue": "2000", "items": [line] * 2}
    assert vtex.api("POST", f"{ORDERS}/{order_id}/invoice", body).status_code == 200
    assert provider.asked("settleId") == []


def test_an_invoiced_order_is_not_cancelled(vtex: RemoteVtex) -> None:
    """Cancelling is for orders of which nothing was invoiced."""
    open_order, invoiced = vtex.buy()["order_ids"][0], vtex.returnable()["order_ids"][0]
    why = {"reason": "sin stock"}
    assert vtex.api("POST", f"{ORDERS}/{open_order}/cancel", why).status_code == 200
    assert vtex.api("POST", f"{ORDERS}/{invoiced}/cancel", why).status_code == 400


def test_a_transaction_shows_vtexs_books(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Requests and actions of refunds are read in cents, with the provider's last answer."""
    provider.refund_answers = ["open"]
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    where = f"/api/pvt/transactions/{bought['transaction_id']}"
    books = vtex.api("GET", f"{where}/refunds").json()
    assert [request["value"] for request in books["requests"]] == [2000]
    assert books["actions"] == []
    vtex.retry()
    (action,) = vtex.api("GET", f"{where}/refunds").json()["actions"]
    assert (action["type"], action["value"]) == ("online", 2000)
    assert action["paymentId"] == bought["payment_id"]
    payment = vtex.api("GET", f"{where}/payments/{bought['payment_id']}").json()
    fields = {field["name"] for field in payment["fields"]}
    assert {"refundingConnectorResponse", "settlementConnectorResponse", "refund"} <= fields
    (settled,) = vtex.api("GET", f"{where}/settlements").json()["actions"]
    assert settled["value"] == 11980


def test_refunding_requests_are_counted(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Asking the gateway for one more refund is seen, even where the key may not do it."""
    bought = vtex.settled()
    where = f"/api/pvt/transactions/{bought['transaction_id']}/refunding-request"
    assert vtex.seen()["refunding_requests"] == 0
    assert vtex.api("POST", where, {"value": 2000}).status_code == 403
    assert provider.asked("settleId") == []
    assert vtex.api("POST", where, {"value": 2000}, ALL_POWER_KEY).status_code == 200
    assert len(provider.asked("settleId")) == 1
    assert vtex.seen()["refunding_requests"] == 2


def test_a_store_that_is_down_answers_503(vtex: RemoteVtex) -> None:
    """Down means down for every API, and nothing is written."""
    (order_id,) = vtex.buy()["order_ids"]
    vtex.moods(down=True)
    assert vtex.api("POST", NOTES, note(order_id, "never")).status_code == 503
    assert vtex.order(order_id)["notes"] == []


def test_who_writes_during_a_call_is_seen(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Writing to an order while the gateway waits for an answer about it does not go unseen."""
    (order_id,) = vtex.returnable()["order_ids"]
    provider.meanwhile = lambda: vtex.api("POST", NOTES, note(order_id, "too early"))
    vtex.press(order_id, "return", "20.00")
    assert vtex.seen()["early_writes"] == [order_id]
    provider.meanwhile = None
    vtex.api("POST", NOTES, note(order_id, "in time"))
    assert vtex.seen()["early_writes"] == [order_id]
