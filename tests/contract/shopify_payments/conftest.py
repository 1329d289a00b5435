"""One fake shop and our side of it for the suite; each test gets a store of its own."""

from collections.abc import Iterator

import pytest

from pef_adapters.platforms import http
from shopify_bench import RemoteShop
from shopify_payments_bench import OurSide, PaymentsHarness, shop_with_payments


@pytest.fixture(scope="session")
def our_side() -> Iterator[OurSide]:
    """Where the shop's sessions arrive."""
    with OurSide().listening() as listening:
        yield listening


@pytest.fixture(scope="session")
def payments_shop(our_side: OurSide) -> Iterator[RemoteShop]:
    """A shop that offers our payment method."""
    with shop_with_payments(our_side) as shop:
        yield shop


@pytest.fixture
def harness(
    payments_shop: RemoteShop, our_side: OurSide, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PaymentsHarness]:
    """The shop, connected as a sandbox store."""
    http.allow_private_stores(True)
    yield PaymentsHarness(payments_shop, our_side, monkeypatch)
    http.allow_private_stores(False)
