"""The store's own plugin calls: proved, fresh, answered within moments; anything else is nothing.

What is refused is tried on the recorded store; the rest on a fake WooCommerce, real
PostgreSQL and, where a decision is waited for, a real worker.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine_world import CIP, PAID
from pef_adapters.core.texts import explain
from pef_adapters.server.plugin import routes
from pef_adapters.storage.postgres import PostgresBook
from pef_adapters.storage.queue import Queue
from plugin_bench import CALLS, Shop, alarms, connect, opened, post, refusal, said, stored
from web_service import RECORDED_SECRETS, Service
from woocommerce_bench import store_running

Change = Callable[[dict[str, Any]], bytes]
MANY_DAYS = 120


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-WC-Webhook-Signature": ""}, (401, "SIGNATURE_MISSING")),
        ({"X-WC-Webhook-Signature": "bm8="}, (401, "SIGNATURE_INVALID")),
        ({"X-WC-Webhook-Signature": "ñ"}, (401, "SIGNATURE_INVALID")),
        ({"X-WC-Webhook-Source": "https://otra.pe/"}, (403, "SOURCE_MISMATCH")),
        ({"X-WC-Webhook-Source": ""}, (403, "SOURCE_MISMATCH")),
    ],
    ids=["unsigned", "forged", "no text", "another store", "no source"],
)
async def test_an_unproved_call_changes_nothing(
    service: Service, call: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Whoever did not sign under the store's name gets no further, whatever is called."""
    before = await stored(service.ports)
    body = json.dumps(said(call, service.world.clock.now())).encode()
    assert refusal(await post(service, call, body, **headers)) == expected
    assert await service.kept() == 0
    assert await stored(service.ports) == before
    assert await alarms(service.ports) == []


@pytest.mark.parametrize("call", CALLS)
async def test_another_stores_secret_opens_nothing(service: Service, call: str) -> None:
    """A store that signs rightly with its own secret can't speak for another."""
    before = await stored(service.ports)
    body = json.dumps(said(call, service.world.clock.now())).encode()
    answer = await post(service, call, body, secret=RECORDED_SECRETS["order"])
    assert refusal(answer) == (401, "SIGNATURE_INVALID")
    assert await service.kept() == 0
    assert await stored(service.ports) == before


@pytest.mark.parametrize("store", ["nobody", "tienda-pe", "%00", "%F0%28"])
async def test_an_unknown_store_looks_like_a_wrong_signature(service: Service, store: str) -> None:
    """Nobody learns by asking which stores there are, nor one of another platform."""
    body = json.dumps(said("checks", service.world.clock.now())).encode()
    answer = await post(service, "checks", body, store=store)
    assert refusal(answer) == (401, "SIGNATURE_INVALID")


def _without_time(body: dict[str, Any]) -> bytes:
    return json.dumps({key: value for key, value in body.items() if key != "at"}).encode()


def _with(**changes: Any) -> Change:
    return lambda body: json.dumps({**body, **changes}).encode()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: b"", (400, "BODY_UNREADABLE")),
        (lambda _: b"<br />", (400, "BODY_UNREADABLE")),
        (lambda _: b"\xff\xfe", (400, "BODY_UNREADABLE")),
        (lambda _: b"[]", (400, "BODY_UNREADABLE")),
        (lambda _: b"null", (400, "BODY_UNREADABLE")),
        (_without_time, (400, "BODY_UNREADABLE")),
        (_with(at="soon"), (400, "BODY_UNREADABLE")),
        (_with(at=-1), (400, "BODY_UNREADABLE")),
        (_with(at=1_764_000_000_000), (400, "BODY_UNREADABLE")),
        (_with(at=1), (401, "SIGNATURE_INVALID")),
        (_with(at=10**12), (401, "SIGNATURE_INVALID")),
        (_with(padding="x" * 10_000), (413, "BODY_TOO_LARGE")),
    ],
    ids=[
        *("empty", "not JSON", "not text", "a list", "null", "no time", "a word for time"),
        *("before time", "milliseconds", "very old", "beyond the calendar", "too large"),
    ],
)
async def test_a_signed_call_that_makes_no_sense_changes_nothing(
    service: Service, call: str, change: Change, expected: tuple[int, str]
) -> None:
    """Even the store's own signature carries nothing that can't be read, is old or is too large."""
    before = await stored(service.ports)
    body = change(said(call, service.world.clock.now()))
    assert refusal(await post(service, call, body)) == expected
    assert await service.kept() == 0
    assert await stored(service.ports) == before


@pytest.mark.parametrize("call", ["refunds", "deletions"])
@pytest.mark.parametrize("field", ["order_id", "refund_id"])
@pytest.mark.parametrize("value", [None, 0, -15, 1.5, "", "fifteen", [15]])
async def test_only_numbers_of_orders_and_refunds_are_taken(
    service: Service, call: str, field: str, value: object
) -> None:
    """What names no order or refund is refused, and the answer names the field."""
    body = json.dumps(said(call, service.world.clock.now(), **{field: value})).encode()
    answer = await post(service, call, body)
    assert refusal(answer) == (400, "BODY_UNREADABLE")
    assert field in answer.json()["message"]
    assert await service.kept() == 0


@pytest.mark.parametrize(
    ("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)]
)
async def test_a_call_is_good_for_five_minutes_either_way(
    service: Service, seconds: int, status: int
) -> None:
    """A clock may be a little wrong; a recorded call is worthless soon."""
    at = service.world.clock.now() + timedelta(seconds=seconds)
    body = json.dumps(said("deletions", at)).encode()
    assert (await post(service, "deletions", body)).status_code == status
    assert await service.kept() == (1 if status == 200 else 0)


async def test_only_posts_are_served(service: Service) -> None:
    """Opening an address in a browser does nothing."""
    for call in (*(f"abc/{each}" for each in CALLS), "connect"):
        answer = await service.client.get(f"/plugin/woocommerce/{call}")
        assert answer.status_code in {404, 405}
    assert await service.kept() == 0


# --- settings ---------------------------------------------------------------------


async def test_the_owners_choices_replace_the_settings(service: Service) -> None:
    """What the page shows is what counts from now on; what only the operator sets, stays."""
    chosen = {"payment_methods": ["pagoefectivo", "pe"], "auth": "query"}
    found = said("settings", service.world.clock.now(), **chosen, transaction_id_from="meta:_cip")
    answer = await post(service, "settings", json.dumps(found | {"allow_http": False}).encode())
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await stored(service.ports)).settings["platform"] == {
        **chosen,
        "transaction_id_from": "meta:_cip",
        "allow_http": True,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"payment_methods": []},
        {"payment_methods": [""]},
        {"payment_methods": ["  "]},
        {"payment_methods": "cheque"},
        {"payment_methods": [f"m{number}" for number in range(51)]},
        {"transaction_id_from": "meta:"},
        {"transaction_id_from": "order_key"},
        {"transaction_id_from": ""},
        {"auth": "cookie"},
        {"auth": None},
    ],
    ids=str,
)
async def test_a_bad_setting_changes_nothing(service: Service, wrong: dict[str, Any]) -> None:
    """One bad choice leaves all settings as they were, and the answer names it."""
    before = await stored(service.ports)
    body = json.dumps(said("settings", service.world.clock.now(), **wrong)).encode()
    answer = await post(service, "settings", body)
    assert refusal(answer)[1] in {"BODY_UNREADABLE", "SETTING_INVALID"}
    assert next(iter(wrong)) in answer.json()["message"]
    assert await stored(service.ports) == before


# --- a store that is there ---------------------------------------------------------


@pytest.fixture
async def shop(postgres_book: PostgresBook, queue: Queue) -> AsyncIterator[Shop]:
    """A connected store whose webhooks never arrive: the plugin's calls are all there is."""
    with store_running() as remote:
        async with opened(postgres_book, queue, remote) as ready:
            await connect(ready)
            await ready.moods(drop_webhooks=True)
            yield ready


async def test_a_pressed_refund_is_decided_while_the_store_waits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted within moments, with its day, our id and a sentence in the store's language."""
    # A busy machine's moments are longer.
    monkeypatch.setattr(routes, "_PATIENCE_SECONDS", 30.0)
    pressed = await shop.press()
    async with shop.working():
        told = await shop.refunds(**pressed)
    refund = await shop.refund(pressed["refund_id"])
    assert refund is not None
    assert (told["outcome"], told["state"], told["our_id"]) == ("accepted", "pending", refund.id)
    assert told["expected_on"] == refund.expected_on
    figures = {"amount": refund.amount.shown("es_PE"), "expected_on": refund.expected_on or ""}
    assert told["sentence"] == explain("note.pending", "es_PE", {**figures, "refund": "15"})
    assert shop.world.rail.paid_out() == [f"{refund.id}-1"]


async def test_a_refund_that_is_pressed_twice_is_paid_once(shop: Shop) -> None:
    """Eight calls at once, another after, and its webhook too: one payment."""
    await shop.moods(drop_webhooks=False)
    pressed = await shop.press()
    async with shop.working():
        told = await asyncio.gather(*(shop.refunds(**pressed) for _ in range(8)))
        again = await shop.refunds(**pressed)
    assert {each["outcome"] for each in told} == {"accepted"}
    assert again["our_id"] == told[0]["our_id"]
    assert shop.world.rail.paid_out() == [f"{again['our_id']}-1"]


async def test_a_refusal_brings_the_policys_sentence(shop: Shop) -> None:
    """Too old to go back: the store is told why in its own language, and nothing is sent."""
    long_ago = datetime.now(UTC) - timedelta(days=MANY_DAYS)
    shop.world.rail.pay(CIP, PAID, long_ago)
    pressed = await shop.press()
    async with shop.working():
        told = await shop.refunds(**pressed)
    refund = await shop.refund(pressed["refund_id"])
    assert refund is not None
    assert refund.decision is not None
    assert (told["outcome"], told["state"]) == ("refused", "rejected")
    why = explain(f"code.{refund.decision['code']}", "es_PE", dict(refund.decision["figures"]))
    assert why in told["sentence"]
    assert shop.world.rail.sends == []


async def test_what_needs_a_person_is_held(shop: Shop) -> None:
    """The store hears at once that somebody has to decide."""
    await connect(shop, otherwise="hold")
    pressed = await shop.press()
    async with shop.working():
        told = await shop.refunds(**pressed)
    assert (told["outcome"], told["state"]) == ("held", "held")
    assert shop.world.rail.sends == []


async def test_without_a_worker_it_is_kept_and_told_later(shop: Shop) -> None:
    """Nobody decides: within two seconds the store hears "later", and a later worker pays."""
    pressed = await shop.press()
    started = time.monotonic()
    told = await shop.refunds(**pressed)
    assert time.monotonic() - started < 2
    assert (told["outcome"], told["state"], told["sentence"]) == ("later", None, "")
    async with shop.working():
        after = await shop.refunds(**pressed)
    assert (after["outcome"], after["our_id"]) == ("accepted", told["our_id"])


async def test_a_store_that_is_down_makes_it_later(shop: Shop) -> None:
    """Whoever can't be read is not believed: kept, not decided, not paid."""
    pressed = await shop.press()
    await shop.moods(down=True)
    async with shop.working():
        told = await shop.refunds(**pressed)
    assert told["outcome"] == "later"
    assert shop.world.rail.sends == []


async def test_a_deleted_refund_is_stopped(shop: Shop) -> None:
    """Held, then deleted at the store without any webhook: the plugin's word makes us look."""
    await connect(shop, otherwise="hold")
    pressed = await shop.press()
    path = f"/orders/{pressed['order_id']}/refunds/{pressed['refund_id']}?silently=true"
    async with shop.working():
        assert (await shop.refunds(**pressed))["outcome"] == "held"
        await asyncio.to_thread(shop.remote.do, "DELETE", path)
        answer = await shop.call("deletions", **pressed)
        assert isinstance(answer.json()["received"], int)
        async with asyncio.timeout(20):
            while (await shop.refunds(**pressed))["state"] != "cancelled":
                pass
    assert shop.world.rail.sends == []


async def test_checks_have_a_shape(shop: Shop) -> None:
    """Each has a name, whether it passed, what was found, and how to mend what was not."""
    found = (await shop.call("checks")).json()["checks"]
    assert len(found) > 3
    for check in found:
        assert set(check) == {"name", "passed", "detail", "mend"}
        assert check["name"]
        assert check["passed"] in {True, False}
        assert check["passed"] or check["mend"]


async def test_checks_of_an_unreachable_store_are_an_answer(shop: Shop) -> None:
    """The store does not answer us: that is a check that failed, and how to mend it."""
    await shop.moods(down=True)
    answer = await shop.call("checks")
    assert answer.status_code == 200
    failed = [check for check in answer.json()["checks"] if not check["passed"]]
    assert failed
    assert all(check["mend"] for check in failed)


@pytest.mark.parametrize("meant", ["checks", "refunds", "deletions", "settings"])
async def test_a_recorded_call_is_good_for_nothing_else(service: Service, meant: str) -> None:
    """What was signed to ask something can't be sent again to disconnect the store."""
    body = json.dumps(said(meant, service.world.clock.now())).encode()
    answer = await post(service, "disconnect", body)
    assert refusal(answer) == (401, "SIGNATURE_INVALID")
    assert await service.kept() == 0
