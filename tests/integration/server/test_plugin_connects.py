"""The store's own plugin connects its store by a code of the operator's, and leaves again."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pef_adapters.core.policy import Mode
from pef_adapters.engine import plugin_codes
from pef_adapters.engine.store_records import connection
from pef_adapters.storage.postgres import PostgresBook
from pef_adapters.storage.queue import Queue
from pef_woocommerce.client import open_api
from plugin_bench import CHOICES, TOPICS, Shop, alarms, connect, opened, refusal, request_of, stored
from woocommerce_bench import KEY, SECRET, store_running


@pytest.fixture
async def shop(postgres_book: PostgresBook, queue: Queue) -> AsyncIterator[Shop]:
    """A connected store whose webhooks never arrive: the plugin's calls are all there is."""
    with store_running() as remote:
        async with opened(postgres_book, queue, remote) as ready:
            await connect(ready)
            await ready.moods(drop_webhooks=True)
            yield ready


# --- leaving ---------------------------------------------------------------------


async def test_disconnecting_notes_it_and_removes_our_webhooks(shop: Shop) -> None:
    """The store is asked no more, a person hears of it, and nobody else's webhook is touched."""
    another = await _webhook_of_somebody_else(shop)
    assert {hook["topic"] for hook in await shop.webhooks()} == TOPICS
    answer = await shop.call("disconnect")
    assert (answer.status_code, answer.json()) == (200, {})
    assert [hook["delivery_url"] for hook in await shop.webhooks()] == [another]
    assert "left_at" in (await stored(shop.ports, shop.name)).settings
    assert [alarm.code for alarm in await alarms(shop.ports)] == ["code.STORE_UNINSTALLED"]


async def _webhook_of_somebody_else(shop: Shop) -> str:
    """Another service hears of orders too; answers where."""
    url = "https://otro.example/hook"
    hook = {"name": "otro", "topic": "order.updated", "delivery_url": url, "secret": "x"}
    async with open_api(connection(shop.ports, await stored(shop.ports, shop.name))) as api:
        await api.write("POST", "webhooks", hook)
    return url


async def test_disconnecting_again_is_no_news(shop: Shop) -> None:
    """The button pressed twice leaves one note of one moment, and one alarm."""
    await shop.call("disconnect")
    first = await stored(shop.ports, shop.name)
    assert (await shop.call("disconnect")).status_code == 200
    assert await stored(shop.ports, shop.name) == first
    assert len(await alarms(shop.ports)) == 1


async def test_a_store_that_can_not_be_reached_has_left_all_the_same(shop: Shop) -> None:
    """The webhooks could not be removed and the plugin hears so; tried again, they are."""
    await shop.moods(down=True)
    answer = await shop.call("disconnect")
    assert answer.status_code >= 500
    assert answer.json()["code"].startswith("PLATFORM_")
    assert "left_at" in (await stored(shop.ports, shop.name)).settings
    await shop.moods(down=False)
    assert (await shop.call("disconnect")).status_code == 200
    assert await shop.webhooks() == []


# --- connecting -------------------------------------------------------------------


@pytest.fixture
async def stranger(postgres_book: PostgresBook, queue: Queue) -> AsyncIterator[Shop]:
    """A store that nobody has connected yet."""
    with store_running() as remote:
        async with opened(postgres_book, queue, remote) as ready:
            yield ready


async def ask_to_connect(shop: Shop, given: str, **changes: Any) -> httpx.Response:
    """The owner types the code into the plugin and presses *Connect*."""
    asked = {
        "code": given,
        "address": f"{shop.remote.home}/",
        "return_url": f"{shop.remote.home}/wp-admin/admin.php?page=pef",
        **CHOICES,
        "payment_methods": ["pagoefectivo"],
    }
    return await shop.client.post("/plugin/woocommerce/connect", json=asked | changes)


async def offered(shop: Shop) -> str:
    """A code from the operator."""
    request = replace(request_of(shop.remote), settings={"allow_http": True}, mode=Mode.SANDBOX)
    return await plugin_codes.offer(shop.ports, request)


async def approved(shop: Shop, link: str) -> httpx.Response:
    """The owner approves: WooCommerce posts the keys, unsigned, with our state."""
    (state,) = re.findall(r"user_id=([\w-]+)", link)
    keys = {"consumer_key": KEY, "consumer_secret": SECRET, "key_permissions": "read_write"}
    return await shop.client.post(
        "/connect/woocommerce/keys", json={"key_id": 1, "user_id": state, **keys}
    )


async def test_a_store_connects_by_its_code(stranger: Shop) -> None:
    """Code, approval, keys: the store is there with its owner's choices, and has its webhooks."""
    answer = await ask_to_connect(stranger, await offered(stranger), auth="query")
    link = answer.json()["authorize_url"]
    assert link.startswith(f"{stranger.remote.home}/wc-auth/v1/authorize?")
    assert "wp-admin" in link
    connected = (await approved(stranger, link)).json()
    store = await stored(stranger.ports, connected["store"])
    assert (store.account_id, store.mode) == ("main", Mode.SANDBOX)
    assert store.settings["platform"] == {
        "payment_methods": ["pagoefectivo"],
        "transaction_id_from": "transaction_id",
        "auth": "query",
        "allow_http": True,
    }
    assert {hook["topic"] for hook in await stranger.webhooks()} == TOPICS


async def test_a_wrong_code_connects_nothing(stranger: Shop) -> None:
    """Nobody is sent anywhere without a code of ours, and the code is for one address."""
    code = await offered(stranger)
    wrong = await ask_to_connect(stranger, "0000-0000-0000")
    other = await ask_to_connect(stranger, code, address="https://otra.example")
    assert [refusal(each) for each in (wrong, other)] == [(404, "NOT_THERE")] * 2
    assert (await ask_to_connect(stranger, code)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": None},
        {"code": "x" * 41},
        {"address": "a" * 501},
        {"return_url": "a" * 1001},
        {"payment_methods": []},
        {"payment_methods": ["  "]},
        {"transaction_id_from": "order_key"},
        {"auth": "cookie"},
        {"padding": "x" * 10_000},
    ],
    ids=str,
)
async def test_choices_are_checked_before_the_owner_is_sent_away(
    stranger: Shop, wrong: dict[str, Any]
) -> None:
    """A bad choice is told on the plugin's page, and not by keys that the store undoes."""
    answer = await ask_to_connect(stranger, await offered(stranger), **wrong)
    assert answer.status_code in {400, 413, 422}
    assert "authorize_url" not in answer.json()


async def test_an_unusable_address_is_told(stranger: Shop) -> None:
    """What is no address is refused by name."""
    answer = await ask_to_connect(stranger, await offered(stranger), address="tienda")
    assert refusal(answer) == (422, "SETTING_INVALID")
