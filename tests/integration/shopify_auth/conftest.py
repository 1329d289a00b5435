"""A fake Shopify on the wire, and our routes for its admin."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from pef_adapters.platforms import http
from shopify_room import CLIENT_ID, OLDER, SECRET, Room, Shop, fake_shop, room


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A shop that knows our app; this process is told of both."""
    http.allow_private_stores(allowed=True)
    async with fake_shop(lambda: datetime.now(UTC)) as running:
        monkeypatch.setenv("PEF_SHOPIFY_API_URL", running.address)
        monkeypatch.setenv("PEF_SHOPIFY_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", f"{SECRET},{OLDER}")
        yield running
    http.allow_private_stores(allowed=False)


@pytest.fixture
async def at_shopify(shop: Shop) -> AsyncIterator[Room]:
    """Our routes, with a world behind them."""
    async with room(shop) as opened:
        yield opened
