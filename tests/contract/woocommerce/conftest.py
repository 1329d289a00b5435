"""One fake store and one listener for the suite; each test gets a healed, connected store."""

from collections.abc import AsyncIterator, Iterator

import pytest

from pef_adapters.platforms import http
from woocommerce_bench import Listener, RemoteStore, WooHarness, connection, store_running


@pytest.fixture(scope="session", params=["11.0.1", "8.2.2"])
def woocommerce_store(request: pytest.FixtureRequest) -> Iterator[RemoteStore]:
    """A present store, and one from before the list of all refunds."""
    with store_running(woocommerce_version=request.param) as remote:
        yield remote


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    """Where the store's webhooks arrive."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
async def harness(woocommerce_store: RemoteStore, listener: Listener) -> AsyncIterator[WooHarness]:
    """The store, connected and well."""
    http.allow_private_stores(True)
    store = connection(woocommerce_store.home, callback_url=listener.url)
    listener.deliveries.clear()
    harness = WooHarness(woocommerce_store, listener, store)
    await harness.heal()
    await harness.platform.connect(store)
    yield harness
    http.allow_private_stores(False)
