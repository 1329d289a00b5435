"""One fake shop and one listener for the suite; each test gets a healed, connected store."""

from collections.abc import AsyncIterator, Iterator

import pytest
from shopify_harness import ShopifyHarness, app

from shopify_bench import Listener, RemoteShop, shop_running
from shopify_connected import API_URL, connected, reached


@pytest.fixture(scope="session")
def shopify_store() -> Iterator[RemoteShop]:
    """A shop whose app may see orders of any age."""
    with shop_running(apps=(app(),)) as remote:
        yield remote


@pytest.fixture(scope="session")
def shopify_listener() -> Iterator[Listener]:
    """Where the shop's webhooks arrive."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
async def harness(
    shopify_store: RemoteShop, shopify_listener: Listener
) -> AsyncIterator[ShopifyHarness]:
    """The store, connected and well."""
    shopify_listener.deliveries.clear()
    store = connected(callback_url=shopify_listener.url)
    with reached(shopify_store) as patch:
        harness = ShopifyHarness(
            shopify_store, shopify_listener, store, lambda url: patch.setenv(API_URL, url)
        )
        await harness.heal()
        await harness.platform.connect(store)
        yield harness
