"""A world for the console: two agencies, four stores, and people who are signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Self

import httpx

from engine_world import World
from pef_adapters.core.access import Grant, Place, Role
from pef_adapters.engine.gate.sessions import SignedIn, new_session
from pef_adapters.engine.ports import LedgerBook, Ports
from pef_adapters.engine.records import Agency, User
from pef_adapters.server.app import create_app

PUBLIC_URL = "https://refunds.example"
COOKIE = "__Host-pef"
AGENCIES = {"norte": ("norte-1", "norte-2"), "sur": ("sur-1",)}
"""Agencies and their stores; the store "tienda-pe" belongs to none."""


class ConsoleWorld(World):
    """The engine's world, with agencies, more stores, and the console before it."""

    def __init__(self, book: LedgerBook | None = None) -> None:
        super().__init__(book)
        self.users = 0
        self.app = create_app(self.ports, PUBLIC_URL)

    async def open(self, **store_changes: Any) -> Self:
        """Two agencies, and their stores beside the one without an agency."""
        await super().open(**store_changes)
        async with self.book.begin() as ledger:
            template = await ledger.store("tienda-pe")
            assert template is not None
            for agency, stores in AGENCIES.items():
                now = self.clock.now()
                await ledger.add_agency(Agency(name=agency, title=agency.title(), created_at=now))
                for name in stores:
                    own = {"identity": f"https://{name}.pe", "settings": {"agency": agency}}
                    await ledger.add_store(replace(template, id=name, **own))
        return self

    async def person(self, role: Role = Role.OWNER, place: Place = "house", **changes: Any) -> User:
        """Somebody new with one role; `grants` in `changes` says more."""
        self.users += 1
        plain = User(
            id=f"u{self.users}",
            email=f"person{self.users}@example.pe",
            name=f"Person {self.users}",
            language="en",
            grants=(Grant(role, place),),
            created_by="test",
            created_at=self.clock.now(),
        )
        user = replace(plain, **changes)
        async with self.book.begin() as ledger:
            assert await ledger.add_user(user)
        return user

    @asynccontextmanager
    async def signed_in(
        self, role: Role = Role.OWNER, place: Place = "house", **changes: Any
    ) -> AsyncIterator["Browser"]:
        """A browser in which somebody new is signed in."""
        user = await self.person(role, place, **changes)
        async with self.browser(await session_of(self.ports, user)) as browser:
            yield browser

    @asynccontextmanager
    async def browser(
        self, signed_in: SignedIn | None = None, peer: str = "203.0.113.7"
    ) -> AsyncIterator["Browser"]:
        """A browser at this network address; without a session nobody is signed in."""
        transport = httpx.ASGITransport(app=self.app, client=(peer, 40000))
        async with Browser(transport=transport, base_url=PUBLIC_URL) as browser:
            if signed_in is not None:
                browser.cookies.set(COOKIE, signed_in.token, domain="refunds.example")
                browser.csrf = signed_in.session.csrf
            yield browser


class Browser(httpx.AsyncClient):
    """An HTTP client that sends forms as our own pages do; it follows no redirect."""

    csrf = ""

    async def send_form(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """POST a form with the session's secret."""
        return await self.post(path, data={"csrf": self.csrf, **fields})


async def session_of(ports: Ports, user: User, **changes: Any) -> SignedIn:
    """A session of this person, through the ledger directly."""
    begun = new_session(
        user.email, ports.clock.now(), origin="203.0.113.7", device="Test", user_id=user.id
    )
    session = replace(begun.session, **changes)
    async with ports.book.begin() as ledger:
        await ledger.add_session(session)
    return SignedIn(begun.token, session)


@asynccontextmanager
async def signed_in(
    world: ConsoleWorld, role: Role = Role.OWNER, place: Place = "house", **changes: Any
) -> AsyncIterator[Browser]:
    """`world.signed_in`, for who likes it short."""
    async with world.signed_in(role, place, **changes) as browser:
        yield browser
