"""The web half over real HTTP, as tests of it see it."""

from dataclasses import dataclass, replace
from datetime import timedelta

import httpx

from engine_world import World
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store

RECORDED_STORE = "https://127.0.0.1:8443"
RECORDED_SECRETS = {"abc": "abc", "order": 's3cr3t & "ñ"'}


@dataclass(slots=True)
class Service:
    """The running web half and what stands behind it."""

    client: httpx.AsyncClient
    ports: Ports
    world: World

    async def connect(self, name: str, address: str, secret: str) -> Store:
        """Connect a WooCommerce store by hand, so that its webhooks are accepted."""
        async with self.ports.book.begin() as ledger:
            template = await ledger.store("tienda-pe")
            assert template is not None
            store = replace(
                template,
                id=name,
                platform="woocommerce",
                identity=address,
                # Connected before anything was recorded.
                created_at=template.created_at - timedelta(days=30),
                settings={"platform": {"payment_methods": ["cheque"], "allow_http": True}},
                secrets={
                    "webhook_secret": secret,
                    "consumer_key": "ck_test",
                    "consumer_secret": "cs_test",
                },
            )
            await ledger.add_store(store)
        return store

    async def kept(self) -> int:
        """How many deliveries were stored."""
        async with self.ports.book.begin() as ledger:
            return len(await ledger.open_received(self.world.clock.advance(seconds=1), 1000))
