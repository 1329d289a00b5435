"""A fake store of one's own for each test, and a place where its webhooks arrive."""

from collections.abc import Iterator

import pytest

from pef_adapters.platforms import http
from woocommerce_bench import Listener, RemoteStore, store_running


@pytest.fixture(autouse=True)
def private_stores() -> Iterator[None]:
    """The stores of these tests stand on this machine."""
    http.allow_private_stores(True)
    yield
    http.allow_private_stores(False)


@pytest.fixture
def remote() -> Iterator[RemoteStore]:
    """A fresh store."""
    with store_running() as running:
        yield running


@pytest.fixture(scope="module")
def hooks() -> Iterator[Listener]:
    """Where webhooks arrive."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
def listener(hooks: Listener) -> Listener:
    """The same, emptied and well."""
    hooks.deliveries.clear()
    hooks.status = 200
    return hooks
