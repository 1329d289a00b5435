"""The console's world with programs in it, and a client that asks over GraphQL."""

from base64 import b64encode
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from console_world import PUBLIC_URL, ConsoleWorld
from pef_adapters.core.access import (
    HOUSE,
    PERSONS_ONLY,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Place,
    Role,
    powers_of,
)
from pef_adapters.engine.gate.tokens import make_token
from pef_adapters.engine.records import Refund

HOUSEKEEPER = Actor(
    "house@example.pe",
    ActorKind.PERSON,
    powers_of((Grant(Role.AGENCY_ADMINISTRATOR, HOUSE),)),
)
EVERYTHING = tuple(p for p in Permission if p not in PERSONS_ONLY)


def gid(kind: str, name: str) -> str:
    """A global id."""
    return b64encode(f"{kind}:{name}".encode()).decode()


@dataclass(slots=True)
class Api:
    """A program that asks, by its token or by whatever headers it sends."""

    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, query: str, **variables: Any) -> httpx.Response:
        """One call, its answer as it came."""
        body = {"query": query, "variables": variables}
        return await self.client.post("/graphql", json=body, headers=self.headers)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What a call that must succeed answers."""
        answer = (await self.send(query, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    async def refused(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a call that must not succeed."""
        found: list[dict[str, Any]] = (await self.send(query, **variables)).json()["errors"]
        return found


class ApiWorld(ConsoleWorld):
    """The console's world, asked by programs."""

    made = 0

    async def token(
        self, place: Place = HOUSE, permissions: Collection[Permission] = EVERYTHING
    ) -> str:
        """The letters of a new token."""
        self.made += 1
        name = f"program-{self.made}"
        _, letters = await make_token(self.ports, HOUSEKEEPER, name, place, permissions, days=30)
        return letters

    @asynccontextmanager
    async def program(
        self, place: Place = HOUSE, permissions: Collection[Permission] = EVERYTHING
    ) -> AsyncIterator[Api]:
        """A program with a new token of its own."""
        letters = await self.token(place, permissions)
        async with self.caller({"Authorization": f"Bearer {letters}"}) as api:
            yield api

    @asynccontextmanager
    async def caller(self, headers: dict[str, str] | None = None) -> AsyncIterator[Api]:
        """Whoever sends these headers."""
        transport = httpx.ASGITransport(app=self.app, client=("203.0.113.7", 40000))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            yield Api(client, headers or {})

    async def pressed(self, refund_id: str = "15", minor: int = 5000) -> Refund:
        """A refund that was pressed in the store and has come to rest."""
        await self.press(refund_id, minor)
        await self.run()
        return await self.refund(refund_id)
