"""The fake orders hook: a ping first, events with the hook's own headers, tries until taken."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from vtex_bench import ACCOUNT, STORE_KEY, Listener, RemoteVtex, free_port

CONFIG = "/api/orders/hook/config"
RETURNED = '$count(packageAttachment.packages.restitutions.Refund.value) > 0 or status = "canceled"'


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Where the hook leads."""
    with Listener().listening() as listening:
        yield listening


def hook_to(url: str, **chosen: Any) -> dict[str, Any]:
    """A hook's configuration."""
    wanted = {"type": "FromOrders", "expression": RETURNED, "disableSingleFire": True}
    return {"filter": wanted | chosen, "hook": {"url": url, "headers": {"x-secret": "made-up"}}}


def events(listener: Listener) -> list[tuple[str, str]]:
    """The events that arrived, without the ping."""
    bodies = [json.loads(delivery.body) for delivery in listener.deliveries]
    return [(body["OrderId"], body["State"]) for body in bodies if "OrderId" in body]


def test_a_hook_must_answer_the_ping(vtex: RemoteVtex, listener: Listener) -> None:
    """A hook whose address does not answer 200 is not kept."""
    nobody = hook_to(f"http://127.0.0.1:{free_port()}/hook")
    assert vtex.api("POST", CONFIG, nobody).status_code == 400
    listener.status = 500
    assert vtex.api("POST", CONFIG, hook_to(listener.url)).status_code == 400
    assert vtex.api("GET", CONFIG).status_code == 404
    listener.status = 200
    assert vtex.api("POST", CONFIG, hook_to(listener.url)).status_code == 200
    assert json.loads(listener.deliveries[-1].body) == {"hookConfig": "ping"}
    assert vtex.api("GET", CONFIG).json() == hook_to(listener.url)


def test_events_carry_the_hooks_headers(vtex: RemoteVtex, listener: Listener) -> None:
    """A return and a cancellation are told, with whose order it is and the given headers."""
    vtex.api("POST", CONFIG, hook_to(listener.url))
    returned, cancelled, quiet = vtex.returnable(), vtex.buy(), vtex.buy()
    vtex.press(returned["order_ids"][0], "return", "20.00")
    vtex.press(cancelled["order_ids"][0], "cancel")
    vtex.flush_hooks()
    told = events(listener)
    assert {order_id for order_id, _ in told} == {
        *returned["order_ids"],
        *cancelled["order_ids"],
    }
    assert quiet["order_ids"][0] not in dict(told)
    delivery = listener.deliveries[-1]
    assert delivery.headers["x-secret"] == "made-up"
    assert json.loads(delivery.body)["Origin"] == {"Account": ACCOUNT, "Key": STORE_KEY}


def test_a_single_fire_hook_speaks_once_of_an_order(vtex: RemoteVtex, listener: Listener) -> None:
    """With single fire an order is told the first time that it fits, and never again."""
    vtex.api("POST", CONFIG, hook_to(listener.url, disableSingleFire=False))
    (order_id,) = vtex.returnable()["order_ids"]
    vtex.press(order_id, "return", "20.00")
    vtex.press(order_id, "return", "20.00")
    vtex.flush_hooks()
    assert len(events(listener)) == 1


def test_a_workflow_hook_hears_of_steps(vtex: RemoteVtex, listener: Listener) -> None:
    """Filtered by status, a hook is told when an order takes that step."""
    chosen = {"type": "FromWorkflow", "status": ["ready-for-handling"]}
    vtex.api("POST", CONFIG, {**hook_to(listener.url), "filter": chosen})
    (order_id,) = vtex.settled()["order_ids"]
    vtex.flush_hooks()
    assert events(listener) == [(order_id, "ready-for-handling")]


def test_an_event_that_was_not_taken_comes_again(vtex: RemoteVtex, listener: Listener) -> None:
    """Failed deliveries are tried again at growing distances until they are answered 200."""
    vtex.api("POST", CONFIG, hook_to(listener.url))
    listener.status = 500
    (order_id,) = vtex.buy()["order_ids"]
    vtex.press(order_id, "cancel")
    vtex.advance(minutes=5)
    tries = vtex.seen()["deliveries"][0]["tries"]
    assert tries > 2
    listener.status = 200
    vtex.flush_hooks()
    assert vtex.seen()["deliveries"][0]["status"] == 200
    assert vtex.flush_hooks() == 0


def test_three_quiet_days_remove_a_hook(vtex: RemoteVtex, listener: Listener) -> None:
    """A hook without events for three days is gone without a word."""
    vtex.api("POST", CONFIG, hook_to(listener.url))
    vtex.advance(days=2)
    assert vtex.api("GET", CONFIG).status_code == 200
    vtex.advance(days=1, seconds=5)
    assert vtex.api("GET", CONFIG).status_code == 404


def test_an_expression_beyond_the_fake_is_refused(vtex: RemoteVtex, listener: Listener) -> None:
    """JSONata that the fake can't read is an error, and never a hook that tells nothing."""
    unknown = hook_to(listener.url, expression="value > 100")
    assert vtex.api("POST", CONFIG, unknown).status_code == 400
