"""The fake store keeps the habits of a real one, bad ones included."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pef_adapters.platforms.contract import Hint, HintKind
from pef_woocommerce import platform
from pef_woocommerce.client import open_api
from woocommerce_bench import (
    KEY,
    SECRET,
    Listener,
    RemoteStore,
    connection,
    recording,
    rest_answer,
    store_running,
)

NAME = "x-wc-webhook-delivery-id"


@pytest.fixture
async def connected(remote: RemoteStore, listener: Listener) -> RemoteStore:
    """A store whose webhooks lead to the listener."""
    await platform().connect(connection(remote.home, callback_url=listener.url))
    remote.do("POST", "/deliveries/flush")
    return remote


def shape(value: Any) -> Any:
    """The names and types of a JSON value, without its contents."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) and value is not True else type(value)


def wait_until(happened: Callable[[], bool]) -> None:
    """Look again until it happened, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


async def test_a_new_webhook_is_greeted_unsigned(
    connected: RemoteStore, listener: Listener
) -> None:
    """Each created webhook sends one unsigned ping that the adapter takes."""
    store = connection(connected.home, callback_url=listener.url)
    hints = [platform().receive(d, store) for d in listener.deliveries]
    assert hints == [(Hint(kind=HintKind.PING),)] * 3


async def test_headers_and_body_are_as_recorded(connected: RemoteStore, listener: Listener) -> None:
    """An order.updated has the very headers and the very fields of the recorded one."""
    order_id = connected.paid_order()
    connected.press(order_id, "49.50")
    connected.do("POST", "/deliveries/flush")
    by_topic = {d.headers.get("x-wc-webhook-topic"): d for d in listener.deliveries}
    sent = by_topic["order.updated"]
    recorded = recording("amount_only_partial")["requests"][1]
    names = {name.lower() for name, _ in recorded["headers"]}
    assert names - {"connection"} <= set(sent.headers)
    ours, theirs = json.loads(sent.body), json.loads(recorded["body"])
    assert list(ours) == list(theirs)
    assert shape(ours["refunds"]) == shape(theirs["refunds"])
    assert b"\\u00d1ahui" in sent.body
    assert b"http:\\/\\/127.0.0.1" in sent.body


async def test_rest_refunds_are_as_recorded(remote: RemoteStore) -> None:
    """A refund read by REST has the recorded fields, and the amount as positive text."""
    order_id = remote.paid_order()
    remote.press(order_id, "59.90")
    async with open_api(connection(remote.home)) as api:
        answer = json.loads((await api.get(f"orders/{order_id}/refunds", {"dp": 2})).body)
    assert shape(answer) == shape(json.loads(rest_answer("get_order_refunds")))
    assert answer[0]["amount"] == "59.90"


async def test_two_refunds_before_delivery_are_merged(listener: Listener) -> None:
    """Two presses before the queue runs give one order.updated and two refund_created."""
    with store_running(delivery_delay_seconds=3600) as remote:
        await platform().connect(connection(remote.home, callback_url=listener.url))
        order_id = remote.paid_order()
        refunds = {remote.press(order_id, amount) for amount in ("10.00", "15.00")}
        remote.do("POST", "/deliveries/flush")
    sent = [d for d in listener.deliveries if "x-wc-webhook-topic" in d.headers]
    topics = [d.headers["x-wc-webhook-topic"] for d in sent]
    assert topics.count("order.updated") == 1
    assert topics.count("action.woocommerce_refund_created") == 2
    (updated,) = [d for d in sent if d.headers["x-wc-webhook-topic"] == "order.updated"]
    assert {str(r["id"]) for r in json.loads(updated.body)["refunds"]} == refunds


async def test_a_failed_delivery_is_lost_and_the_seventh_switches_off(
    connected: RemoteStore, listener: Listener
) -> None:
    """Nothing is sent twice, and after seven failures in a row the webhook is off."""
    listener.status = 500
    order_id = connected.paid_order()
    connected.do("POST", "/deliveries/flush")
    assert _status(connected, "order.updated") == "active"
    for _ in range(6):
        connected.do("POST", f"/orders/{order_id}", {"action": "save"})
        connected.do("POST", "/deliveries/flush")
    assert _status(connected, "order.updated") == "disabled"
    signed = [d for d in listener.deliveries if NAME in d.headers]
    assert len(signed) == 7


async def test_the_last_delivery_can_be_sent_again(
    connected: RemoteStore, listener: Listener
) -> None:
    """A repeat is the same delivery, byte for byte."""
    connected.press(connected.paid_order(), "10.00")
    connected.do("POST", "/deliveries/flush")
    topic = "action.woocommerce_refund_created"
    assert connected.do("POST", "/deliveries/repeat", {"times": 2, "topic": topic})["sent"] == 2
    bodies = [d for d in listener.deliveries if d.headers.get("x-wc-webhook-topic") == topic]
    assert len(bodies) == 3
    assert len({(d.body, d.headers[NAME]) for d in bodies}) == 1


async def test_webhooks_go_out_by_themselves(connected: RemoteStore, listener: Listener) -> None:
    """Without any help an event is delivered after its delay."""
    connected.press(connected.paid_order(), "10.00")
    wait_until(lambda: any(b"refund_created" in d.body for d in listener.deliveries))


@pytest.mark.parametrize(
    ("mood", "code"),
    [({"webhook_owner_may_read": False}, "cannot_view"), ({}, "invalid_id")],
)
async def test_signed_errors_are_sent(listener: Listener, mood: dict[str, bool], code: str) -> None:
    """An owner without rights, or an erased order, makes a signed error body."""
    with store_running(delivery_delay_seconds=3600) as remote:
        store = connection(remote.home, callback_url=listener.url)
        await platform().connect(store)
        order_id = remote.paid_order()
        remote.moods(**mood)
        remote.do("POST", f"/orders/{order_id}", {"action": "save" if mood else "erase"})
        remote.do("POST", "/deliveries/flush")
    (hint,) = platform().receive(listener.deliveries[-1], store)
    assert hint.kind is HintKind.STORE_TROUBLE
    assert code in hint.detail


async def test_the_admins_deletion_is_told_and_restful_is_not(
    connected: RemoteStore, listener: Listener
) -> None:
    """Deleting in the admin sends refund_deleted only; by REST nothing."""
    order_id = connected.paid_order()
    loud, silent = connected.press(order_id, "10.00"), connected.press(order_id, "11.00")
    connected.do("POST", "/deliveries/flush")
    listener.deliveries.clear()
    connected.do("DELETE", f"/orders/{order_id}/refunds/{silent}?silently=true")
    connected.do("DELETE", f"/orders/{order_id}/refunds/{loud}")
    connected.do("POST", "/deliveries/flush")
    (told,) = listener.deliveries
    body = {"action": "woocommerce_refund_deleted", "arg": int(loud)}
    assert json.loads(told.body) == body


async def test_presses_of_one_instant_all_count(remote: RemoteStore) -> None:
    """Three presses at once give three refunds, although together they exceed the order."""
    order_id = remote.paid_order("119.80")
    pressed = remote.do("POST", f"/orders/{order_id}/refunds", {"amount": "50.00", "times": 3})
    assert len(set(pressed["refund_ids"])) == 3
    assert remote.order(order_id)["refunded"] == "150.00"


async def test_a_browser_can_press_the_button(remote: RemoteStore) -> None:
    """The form on the order's page records a refund; a stale page and too much are refused."""
    order_id = remote.paid_order("119.80")
    async with httpx.AsyncClient(base_url=remote.home, follow_redirects=True) as browser:
        page = await browser.get(f"/orders/{order_id}")
        assert 'name="refunded" value="0.00"' in page.text
        form = {"refunded": "0.00", "amount": "59.90", "reason": "<b>Talla</b>"}
        pressed = await browser.post(f"/orders/{order_id}/refund", data=form)
        stale = await browser.post(f"/orders/{order_id}/refund", data=form)
        form |= {"refunded": "59.90", "amount": "60.00"}
        excess = await browser.post(f"/orders/{order_id}/refund", data=form)
        refund_id = remote.order(order_id)["refunds"][0]["id"]
        deleted = await browser.post(f"/orders/{order_id}/refunds/{refund_id}/delete")
        listed = await browser.get("/")
    assert "&lt;b&gt;Talla" in pressed.text
    assert "Error processing refund" in stale.text
    assert "Invalid refund amount" in excess.text
    assert deleted.status_code == 200
    assert f"#{order_id}" in listed.text
    assert remote.order(order_id)["refunds"] == []


async def test_basic_keys_are_refused_over_http(remote: RemoteStore) -> None:
    """Over plain http a basic header proves nothing."""
    url = f"{remote.home}/wp-json/wc/v3/orders"
    async with httpx.AsyncClient(auth=(KEY, SECRET)) as client:
        answer = await client.get(url)
    assert answer.status_code == 401
    assert answer.json()["code"] == "woocommerce_rest_cannot_view"


async def test_the_store_survives_a_restart(tmp_path: Any, listener: Listener) -> None:
    """With a state file, orders, refunds and webhooks are there again after a restart."""
    file = tmp_path / "store.json"
    with store_running(state_file=file) as remote:
        await platform().connect(connection(remote.home, callback_url=listener.url))
        order_id = remote.paid_order()
        refund_id = remote.press(order_id, "59.90")
    with store_running(state_file=file) as again:
        assert str(again.order(order_id)["refunds"][0]["id"]) == refund_id
        assert len(again.do("GET", "/webhooks")) == 3


async def test_one_click_keys_reach_the_callback_only(listener: Listener) -> None:
    """Approving posts working keys to the callback, unsigned, and redirects without them."""
    with store_running(allow_http_callback=True) as remote:
        asked = {
            "app_name": "PagoEfectivo",
            "scope": "read_write",
            "user_id": "one-time-state",
            "return_url": "http://127.0.0.1/done",
            "callback_url": listener.url,
        }
        async with httpx.AsyncClient(base_url=remote.home) as browser:
            page = await browser.get("/wc-auth/v1/authorize", params=asked)
            assert "127.0.0.1" in page.text
            approved = await browser.post(
                "/wc-auth/v1/authorize", data=asked | {"answer": "approve"}
            )
        state, keys = platform().one_click.read_keys(listener.deliveries[-1].body)
        assert approved.headers["location"].endswith("?success=1&user_id=one-time-state")
        assert "ck_" not in approved.headers["location"]
        assert state == "one-time-state"
        checks = await platform().check(connection(remote.home, secrets=keys))
    assert {check.name for check in checks if check.passed} >= {"keys", "writing"}


@pytest.mark.parametrize(("status", "secure"), [(202, False), (200, True)])
async def test_keys_that_were_not_taken_are_forgotten(
    listener: Listener, status: int, *, secure: bool
) -> None:
    """A callback that answers other than 200, or is not https, gets no keys that work."""
    listener.status = status
    with store_running(allow_http_callback=not secure) as remote:
        asked = {"app_name": "x", "scope": "read_write", "user_id": "s", "answer": "approve"}
        urls = {"return_url": "http://127.0.0.1/done", "callback_url": listener.url}
        async with httpx.AsyncClient(base_url=remote.home) as browser:
            answer = await browser.post("/wc-auth/v1/authorize", data=asked | urls)
        assert answer.status_code == 401
        for delivery in listener.deliveries:
            _, keys = platform().one_click.read_keys(delivery.body)
            checks = await platform().check(connection(remote.home, secrets=keys))
            assert "keys" not in {check.name for check in checks if check.passed}


def _status(remote: RemoteStore, topic: str) -> str:
    (hook,) = [hook for hook in remote.do("GET", "/webhooks") if hook["topic"] == topic]
    return str(hook["status"])
