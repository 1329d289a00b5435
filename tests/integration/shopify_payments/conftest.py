"""A fake shop with our payments app, and its hands, fresh for each test."""

from collections.abc import Iterator

import pytest

from pef_adapters.platforms import http
from shopify_payments_bench import OurSide, PaymentsHarness, shop_with_payments


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[PaymentsHarness]:
    """A shop that nobody else uses, connected as a sandbox store."""
    http.allow_private_stores(True)
    with OurSide().listening() as ours, shop_with_payments(ours) as shop:
        yield PaymentsHarness(shop, ours, monkeypatch)
    http.allow_private_stores(False)
