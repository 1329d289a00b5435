"""The web half over real HTTP, on PostgreSQL, with the real WooCommerce adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from engine_world import World
from pef_adapters.platforms import http
from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app
from pef_adapters.storage.postgres import PostgresBook
from served import served
from web_service import RECORDED_SECRETS, RECORDED_STORE, Service


@pytest.fixture
async def service(postgres_book: PostgresBook) -> AsyncIterator[Service]:
    """The service with two names for the recorded store, one for each recorded secret."""
    world = await World(postgres_book).open()
    ports = replace(world.ports, platforms=InstalledPlatforms())
    http.allow_private_stores(allowed=True)
    async with (
        served(create_app(ports, "https://refunds.example")) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        running = Service(client, ports, world)
        for name, secret in RECORDED_SECRETS.items():
            await running.connect(name, RECORDED_STORE, secret)
        yield running
    http.allow_private_stores(allowed=False)
