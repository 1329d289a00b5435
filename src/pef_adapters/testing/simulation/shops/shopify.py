"""A Shopify shop with our app installed: Admin GraphQL, webhooks that are tried again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final

from starlette.applications import Starlette

from pef_adapters.engine.records import Refund
from pef_adapters.engine.store_records import connection
from pef_adapters.testing.fake_shopify.app import api_routes, open_site
from pef_adapters.testing.fake_shopify.costs import Buckets
from pef_adapters.testing.fake_shopify.settings import ShopifyApp, ShopSettings
from pef_adapters.testing.fake_shopify.shop import NewOrder, RefundForm, RefundRefused
from pef_adapters.testing.fake_shopify.state import Order
from pef_adapters.testing.simulation.network import Answer, application
from pef_adapters.testing.simulation.shops.contract import PAID, Parcel, Setting

SECRETS: Final[Mapping[str, str]] = {
    "client_id": "simulated-client",
    "client_secret": "shpss_simulated_client_secret",
    "access_token": "shpat_simulated_access_token",
    "webhook_secret": "simulatedWebhookSecret42",
}
SETTINGS: Final = {"gateways": ["PagoEfectivo"]}
_RECORD: Final = "refunds"
_TRIES: Final = 8


class ShopifyShop:
    """See `contract.Shop`."""

    def __init__(self, setting: Setting) -> None:
        self.store, self.cip, self._setting = setting.store, setting.cip, setting
        app = ShopifyApp(
            client_id=SECRETS["client_id"],
            client_secret=SECRETS["client_secret"],
            access_token=SECRETS["access_token"],
        )
        domain = setting.store.identity.partition("://")[2]
        given = ShopSettings(home=setting.store.identity, domain=domain, apps=(app,))
        buckets = Buckets(seconds=lambda: setting.clock.now().timestamp())
        self._site = replace(open_site(given, setting.clock.now), buckets=buckets)
        self.answer: Answer = application(Starlette(routes=api_routes(self._site)))
        self._order: Order | None = None

    async def open(self) -> None:
        await self._setting.platform.connect(connection(self._setting.ports, self.store))
        wanted = NewOrder(
            total=Decimal(PAID.decimal), payment_id=self.cip, attributes={"CIP": self.cip}
        )
        self._order = self._site.shop.place_order(wanted)
        self.parcels()

    async def press(self, minor: int, times: int = 1) -> bool:
        form = RefundForm(amounts=(Decimal(minor) / 100,), note="Talla equivocada")
        try:
            for _ in range(times):
                self._site.shop.press_refund(self.order, form)
        except RefundRefused:
            return False
        return True

    async def delete(self, dice: Random) -> bool:
        del dice
        return False

    async def tick(self) -> None:
        return

    def parcels(self) -> list[Parcel]:
        waiting = [each for each in self._site.state.deliveries if not each.done]
        for each in waiting:
            each.done = True
        return [Parcel(w.uri, dict(w.headers), w.body.encode(), _TRIES) for w in waiting]

    def refund_ids(self) -> set[str]:
        return {str(refund.id) for refund in self.order.refunds}

    def has(self, number: str) -> bool:
        return number in self.refund_ids()

    def says(self, refund: Refund) -> str | None:
        for field in self.order.metafields:
            if field.key == _RECORD:
                return _state_in(field.value, refund.platform_refund_id)
        return None

    def mails(self) -> list[str]:
        return []

    @property
    def order(self) -> Order:
        assert self._order is not None  # noqa: S101 - opened before anything else
        return self._order


def _state_in(record: str, number: str) -> str | None:
    entry = json.loads(record).get(number)
    return None if entry is None else str(entry["state"])
