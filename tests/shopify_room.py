"""A store at Shopify and our rooms for it: a fake shop on the wire, our routes beside it."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from engine_world import World
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.engine import installs
from pef_adapters.engine.onboarding import StoreRequest, store_id
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.receive import hint_record, keep
from pef_adapters.engine.records import Refund, Source, Store
from pef_adapters.platforms.contract import Hint, HintKind, Platform
from pef_adapters.server.shopify.routes import ROUTES
from pef_adapters.testing.fake_shopify import ShopifyApp, ShopSettings
from pef_adapters.testing.fake_shopify import create_app as create_shop
from pef_shopify.app import AppSettings
from served import served

SHOP = "tienda.myshopify.com"
ADDRESS = f"https://{SHOP}"
STORE = store_id(ADDRESS)
OURS = "https://refunds.example"
CLIENT_ID = "0f3a91c8d2e84b7796a5c1f40b2d6e13"
SECRET = "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"
OLDER = "shpss_1111111111111111aaaaaaaaaaaaaaaa"
FOREIGN = "shpss_2222222222222222bbbbbbbbbbbbbbbb"
APP = AppSettings(client_id=CLIENT_ID, client_secret=SecretStr(f"{SECRET},{OLDER}"))
SETTINGS: Mapping[str, Any] = {"gateways": ["PagoEfectivo"]}


def session_token(now: datetime, key: str = SECRET, /, **changes: Any) -> str:
    """A session token of App Bridge, good for the minute after `now`, but for `changes`."""
    claims = {
        "iss": f"{ADDRESS}/admin",
        "dest": ADDRESS,
        "aud": CLIENT_ID,
        "sub": "42",
        "exp": int(now.timestamp()) + 60,
        "nbf": int(now.timestamp()),
        "iat": int(now.timestamp()),
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021",
    }
    told = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(told, key, algorithm="HS256")


def signed(now: datetime, key: str = SECRET, /, **told: str) -> str:
    """A query as Shopify signs it."""
    query = urlencode(
        sorted({"shop": SHOP, "timestamp": str(int(now.timestamp())), **told}.items())
    )
    return f"{query}&hmac={hmac.new(key.encode(), query.encode(), hashlib.sha256).hexdigest()}"


class OnePlatform:
    """Every store of the world has the world's fake platform, whatever it is called."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def named(self, _: str) -> Platform:
        return self._platform


@dataclass(slots=True)
class Shop:
    """The fake shop's remote control; `asked` is each request for tokens that it answered."""

    address: str
    asked: list[str] = field(default_factory=list)

    async def control(self, path: str, **body: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            return (await client.post(f"/_shop{path}", json=body)).raise_for_status().json()

    async def install(self, **how: Any) -> dict[str, str]:
        """Install the app as the owner would; answers a pair of tokens."""
        pair: dict[str, str] = await self.control(f"/apps/{CLIENT_ID}/install", **how)
        return pair

    async def approve(self, link: str) -> str:
        """Press Install on the page behind a link; answers where that leads."""
        asked = dict(httpx.URL(link).params)
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            page = await client.get("/admin/oauth/authorize", params=asked)
            assert "Install" in page.text or "Instalar" in page.text
            answer = await client.post(
                "/admin/oauth/authorize", data={**asked, "answer": "install"}
            )
        return answer.headers["location"]


@dataclass(slots=True)
class Room:
    """Our routes for Shopify, with a world behind them and a shop before them."""

    world: World
    client: httpx.AsyncClient
    shop: Shop

    def now(self) -> datetime:
        return self.world.clock.now()

    def token(self, key: str = SECRET, /, **changes: Any) -> str:
        return session_token(self.now(), key, **changes)

    def bearer(self, key: str = SECRET, /, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(key, **changes)}"}

    async def prepare(self, shop: str = SHOP, keys: Mapping[str, str] | None = None) -> str:
        """Say which account pays the shop's refunds; `keys` are of an app of its own."""
        request = StoreRequest(
            platform="shopify",
            address=f"https://{shop}",
            account_id="main",
            settings=SETTINGS,
            mode=Mode.SANDBOX,
        )
        return await installs.prepare(self.world.ports, request, keys)

    async def open_page(self, **query: str) -> httpx.Response:
        """Open the app in the shop's admin, as its first request comes."""
        told = {"embedded": "1", "shop": SHOP, "id_token": self.token(), **query}
        return await self.client.get("/apps/shopify", params=told)

    async def store(self, name: str = STORE) -> Store | None:
        async with self.world.book.begin() as ledger:
            return await ledger.store(name)

    async def connected(self) -> Store:
        """The shop's store, prepared, installed and opened once."""
        await self.prepare()
        await self.shop.install()
        assert (await self.open_page(locale="en")).status_code == 200
        store = await self.store()
        assert store is not None
        return store

    async def press(self, refund_id: str = "15", minor: int = 12980, **changes: Any) -> Refund:
        """Press the shop's refund button, and let the engine do all that is due."""
        world, store = self.world, changes.pop("store", STORE)
        world.platform.press(refund_id, Money(minor, "PEN"), at=self.now(), **changes)
        hint = hint_record(Hint(kind=HintKind.REFUND_CREATED, refund_id=refund_id))
        await keep(
            world.ports, source=Source.STORE, owner_id=store, topic="t", body=b"", hints=(hint,)
        )
        await world.run()
        async with world.book.begin() as ledger:
            found = await ledger.find_refund(store, refund_id)
        assert found is not None
        return found


def ours(world: World) -> Starlette:
    """Our routes alone, without the rest of the service."""
    app = Starlette(routes=list[Route](ROUTES))
    app.state.ports, app.state.public_url = world.ports, OURS
    return app


@asynccontextmanager
async def fake_shop(now: Any) -> AsyncIterator[Shop]:
    """A shop that knows our app, on the real wire; it counts how often tokens are asked for."""
    app = ShopifyApp(
        client_id=CLIENT_ID,
        client_secret=SECRET,
        redirect_urls=(f"{OURS}/connect/shopify/callback",),
    )
    shop = Shop("")
    inner = create_shop(ShopSettings(apps=(app,), demo_orders=False, domain=SHOP), now)

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/admin/oauth/access_token":
            shop.asked.append(scope["method"])
        await inner(scope, receive, send)

    async with served(counting) as address:
        shop.address = address
        yield shop


@asynccontextmanager
async def room(shop: Shop, book: LedgerBook | None = None) -> AsyncIterator[Room]:
    """Our routes in front of a world whose one account is main."""
    world = await World(book).open()
    # The fake shop proves session tokens by the machine's clock.
    world.clock.advance(seconds=(datetime.now(UTC) - world.clock.now()).total_seconds())
    world.ports = replace(world.ports, platforms=OnePlatform(world.platform), public_url=OURS)
    transport = httpx.ASGITransport(app=ours(world))
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
        yield Room(world, client, shop)
