"""The adapter at a shop in bad moods: throttled, racing, losing answers, or down."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import (
    Hint,
    HintKind,
    OrderReport,
    RefundLine,
    StoreRefund,
)
from pef_adapters.testing.fake_shopify import Limits
from pef_shopify import Shopify, outbound, webhooks
from pef_shopify.client import open_api
from pef_shopify.throttle import MOST_WAITED_SECONDS
from shopify_bench import RemoteShop, shop_running, shopify_app
from shopify_connected import connected, reached

APP = shopify_app(scopes=("read_orders", "write_orders", "read_all_orders"))
EVER = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Naps:
    """Waits that are asked for, and not really taken."""

    taken: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def shop() -> Iterator[RemoteShop]:
    """A fresh shop."""
    with shop_running(apps=(APP,)) as remote, reached(remote):
        yield remote


@pytest.fixture
def naps() -> Naps:
    """How long the adapter would have slept."""
    return Naps()


@pytest.fixture
def adapter(naps: Naps) -> Shopify:
    """The adapter, which sleeps no real second."""
    return Shopify(naps)


async def read(adapter: Shopify, order_id: str) -> tuple[StoreRefund, ...]:
    """All refunds of an order."""
    hint = Hint(kind=HintKind.ORDER_CHANGED, order_id=order_id)
    return await adapter.read(hint, connected())


def report(order_id: str, refund_id: str, **changes: Any) -> OrderReport:
    """What an order shall say about one refund."""
    given: dict[str, Any] = {
        "our_id": "ours",
        "state": State.PENDING,
        "amount": Money(5990, "PEN"),
        "revision": 1,
        "expected_on": None,
        "updated_at": datetime(2026, 11, 23, tzinfo=UTC),
        "note": "PagoEfectivo aceptó el reembolso.",
        "marker": f"{refund_id}/1",
    }
    return OrderReport(order_id, (RefundLine(refund_id=refund_id, **given | changes),))


def pressed(shop: RemoteShop) -> tuple[str, str]:
    """A paid order and its refund."""
    order_id = shop.paid_order()
    return order_id, shop.press(order_id, "59.90")


# --- throttled ---


async def test_a_throttled_answer_is_waited_out(
    shop: RemoteShop, adapter: Shopify, naps: Naps
) -> None:
    """THROTTLED comes with HTTP 200; the question is asked again after a while."""
    order_id, refund_id = pressed(shop)
    shop.moods(throttle_answers=3)
    (found,) = await read(adapter, order_id)
    assert found.refund_id == refund_id
    assert len(naps.taken) == 3
    assert all(seconds >= 1 for seconds in naps.taken)


async def test_a_throttled_minute_fails_nothing(
    shop: RemoteShop, adapter: Shopify, naps: Naps
) -> None:
    """One call waits for a bound and says "try again"; once the minute is over, it works."""
    order_id, refund_id = pressed(shop)
    shop.do("POST", "/throttle", {"seconds": 60})
    for work in (
        read(adapter, order_id),
        adapter.find_changes(EVER, connected()),
        adapter.write_back(report(order_id, refund_id), connected()),
        adapter.connect(connected()),
    ):
        naps.taken.clear()
        with pytest.raises(PlatformUnreachable, match="slow down"):
            await work
        assert 0 < sum(naps.taken) <= MOST_WAITED_SECONDS
    shop.do("POST", "/throttle", {"seconds": 0})
    await adapter.write_back(report(order_id, refund_id), connected())
    assert shop.order(order_id)["record"][refund_id]["state"] == "pending"


async def test_a_throttled_shop_fails_checks_and_raises_nothing(
    shop: RemoteShop, adapter: Shopify
) -> None:
    """Checks that could not be asked say so, and how to mend it."""
    shop.do("POST", "/throttle", {"seconds": 60})
    (check,) = await adapter.check(connected())
    assert not check.passed
    assert check.mend


async def test_a_low_bucket_is_waited_for(naps: Naps) -> None:
    """What is waited is what the missing points take to flow back, and no blind retry."""
    limits = Limits(maximum_available=500, restore_rate=1)
    with shop_running(apps=(APP,), admin_limits=limits) as shop, reached(shop):
        for _ in range(90):
            shop.paid_order()
        # Nobody really sleeps here, so no points come back and the second wait is too long.
        with pytest.raises(PlatformUnreachable, match="slow down"):
            await Shopify(naps).find_changes(EVER, connected())
    (seconds,) = naps.taken
    assert 20 < seconds < MOST_WAITED_SECONDS


# --- two writers ---


async def test_two_writers_at_once_lose_nothing(shop: RemoteShop, adapter: Shopify) -> None:
    """Reports about refunds of one order, written all at once, stand beside each other."""
    order_id = shop.paid_order()
    refunds = [shop.press(order_id, "10.00") for _ in range(4)]
    async with anyio.create_task_group() as group:
        for refund_id in refunds:
            group.start_soon(adapter.write_back, report(order_id, refund_id), connected())
    record = shop.order(order_id)["record"]
    assert set(record) == set(refunds)
    assert all(len(entry["notes"]) == 1 for entry in record.values())


@pytest.mark.parametrize("known", [False, True], ids=["no record yet", "a record"])
async def test_a_stale_record_is_never_written_over(
    shop: RemoteShop, adapter: Shopify, *, known: bool
) -> None:
    """What was read before another writer wrote is not written, and is read again."""
    order_id = shop.paid_order()
    first, second, third = (shop.press(order_id, "10.00") for _ in range(3))
    if known:
        await adapter.write_back(report(order_id, third), connected())
    async with open_api(connected()) as api:
        stale = await outbound._standing(order_id, api)
        await adapter.write_back(report(order_id, first), connected())
        assert stale is not None
        assert not await outbound._written(report(order_id, second), stale, api)
    await adapter.write_back(report(order_id, second), connected())
    assert {first, second} <= set(shop.order(order_id)["record"])


# --- lost answers ---


@pytest.mark.parametrize("operation", ["metafieldsSet", "tagsAdd"])
async def test_a_lost_answer_writes_once(
    operation: str, shop: RemoteShop, adapter: Shopify
) -> None:
    """Whether it was written nobody knows; written again, it stands there once."""
    order_id, refund_id = pressed(shop)
    shop.moods(lose_answers=1, lose_operation=operation)
    with pytest.raises(PlatformUnreachable):
        await adapter.write_back(report(order_id, refund_id), connected())
    await adapter.write_back(report(order_id, refund_id), connected())
    order = shop.order(order_id)
    assert len(order["record"][refund_id]["notes"]) == 1
    assert order["tags"] == ["pagoefectivo-refund-pending"]


async def test_what_stands_is_not_written_again(shop: RemoteShop, adapter: Shopify) -> None:
    """A repeated report changes nothing: there is no mutation whose answer could be lost."""
    order_id, refund_id = pressed(shop)
    await adapter.write_back(report(order_id, refund_id), connected())
    shop.moods(lose_answers=1)
    await adapter.write_back(report(order_id, refund_id), connected())
    assert shop.do("POST", "/moods", {})["lose_answers"] == 1


async def test_a_lost_answer_makes_one_webhook(shop: RemoteShop, adapter: Shopify) -> None:
    """A webhook whose making was not heard of is found, and none is made twice."""
    shop.moods(lose_answers=1, lose_operation="webhookSubscriptionCreate")
    with pytest.raises(PlatformUnreachable):
        await adapter.connect(connected())
    await adapter.connect(connected())
    assert len(shop.live_webhooks()) == len(webhooks.TOPICS)


async def test_two_connections_at_once_make_one_webhook_each(
    shop: RemoteShop, adapter: Shopify
) -> None:
    """Of two processes that connect, one makes each webhook, and neither fails."""
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(adapter.connect, connected())
    found = shop.live_webhooks()
    assert len(found) == len(set(found)) == len(webhooks.TOPICS)


async def test_a_shop_that_is_down_is_unreachable(shop: RemoteShop, adapter: Shopify) -> None:
    """A page that says "something went wrong" is never taken for an answer."""
    order_id, refund_id = pressed(shop)
    shop.moods(down=True)
    for work in (
        read(adapter, order_id),
        adapter.find_changes(EVER, connected()),
        adapter.write_back(report(order_id, refund_id), connected()),
    ):
        with pytest.raises(PlatformUnreachable):
            await work
