"""What a running store tells of a refund's products, and what reading them costs."""

import logging
from typing import Any

import pytest

from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund
from pef_woocommerce import platform
from woocommerce_bench import RemoteStore, connection

CLOTHES = {"Ropa & accesorios", "ropa-accesorios"}
FOOD = {"Alimentos", "alimentos"}


async def read_all(remote: RemoteStore, order_id: str) -> tuple[StoreRefund, ...]:
    """Every refund of an order, as the adapter reads it."""
    hint = Hint(kind=HintKind.ORDER_CHANGED, order_id=order_id)
    return await platform().read(hint, connection(remote.home))


async def read_one(remote: RemoteStore, **pressed: Any) -> StoreRefund:
    """The refund that was pressed on an order of a jumper and two coffees."""
    order_id = remote.paid_order(None, items={11: 1, 13: 2})
    remote.press(order_id, "32.40", **pressed)
    (refund,) = await read_all(remote, order_id)
    return refund


def asked(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The requests that were made, as the HTTP client logs them."""
    return [record.getMessage() for record in caplog.records if record.name == "httpx"]


async def test_a_refund_of_one_article_tells_its_products(remote: RemoteStore) -> None:
    """The coffee's refund has the coffee's category and tags, and not the jumper's."""
    refund = await read_one(remote, items={13: 1})
    assert refund.categories == FOOD
    assert refund.tags == {"Perecible", "perecible", "茶"}


async def test_an_amount_alone_tells_all_products(remote: RemoteStore) -> None:
    """A refund of an amount has the categories of everything in the order."""
    assert (await read_one(remote)).categories == CLOTHES | FOOD


async def test_two_refunds_of_an_order_have_their_own(remote: RemoteStore) -> None:
    """Each refund of an order is told with its own articles' categories."""
    order_id = remote.paid_order(None, items={11: 1, 13: 2})
    for product, amount in ((11, "249.50"), (13, "32.40")):
        remote.press(order_id, amount, items={product: 1})
    told = {r.amount.minor: r.categories for r in await read_all(remote, order_id)}
    assert told == {24950: CLOTHES, 3240: FOOD}


@pytest.mark.parametrize(
    ("moods", "categories"),
    [
        ({"products_may_be_read": False}, None),
        ({"erased_products": [11]}, FOOD),
        ({"erased_products": [11, 13]}, None),
    ],
)
async def test_a_refund_is_read_without_its_products(
    remote: RemoteStore, moods: dict[str, Any], categories: set[str] | None
) -> None:
    """Erased or withheld products take away what is known of them, and nothing else."""
    remote.moods(**moods)
    refund = await read_one(remote)
    assert refund.categories == categories
    assert refund.amount.minor == 3240


async def test_keys_that_may_read_no_products_fail_their_check(remote: RemoteStore) -> None:
    """Withheld products are told by the check, with the role that mends it."""
    remote.moods(products_may_be_read=False)
    failed = {c.name: c for c in await platform().check(connection(remote.home)) if not c.passed}
    assert "Shop manager" in failed["products"].mend


async def test_products_cost_one_request(
    remote: RemoteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading an order of three refunds asks for order, refunds and products: three requests."""
    order_id = remote.paid_order(None, items={11: 1, 13: 2})
    for _ in range(3):
        remote.press(order_id, "10.00")
    caplog.set_level(logging.INFO)
    caplog.clear()
    assert len(await read_all(remote, order_id)) == 3
    assert len(asked(caplog)) == 3
    assert sum("/products" in request for request in asked(caplog)) == 1


@pytest.mark.parametrize(
    "order",
    [
        {"total": None},
        {"total": "10.00", "payment_method": "bacs"},
    ],
)
async def test_products_are_not_asked_for_nothing(
    remote: RemoteStore, caplog: pytest.LogCaptureFixture, order: dict[str, Any]
) -> None:
    """An order without products, or of another payment method, costs no request for them."""
    order_id = remote.paid_order(**order)
    remote.press(order_id, "0.00")
    caplog.set_level(logging.INFO)
    caplog.clear()
    (refund,) = await read_all(remote, order_id)
    assert (refund.categories, refund.tags) == (None, None)
    assert not [request for request in asked(caplog) if "/products" in request]
