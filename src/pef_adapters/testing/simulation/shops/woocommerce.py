"""A WooCommerce store: the fake's REST API and webhooks, driven by the world's clock."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Final

from starlette.applications import Starlette

from pef_adapters.engine.records import Refund
from pef_adapters.engine.store_records import connection
from pef_adapters.testing.fake_woocommerce.app import rest_routes
from pef_adapters.testing.fake_woocommerce.auth import Doorman
from pef_adapters.testing.fake_woocommerce.hookshot import Hookshot
from pef_adapters.testing.fake_woocommerce.rest import Site
from pef_adapters.testing.fake_woocommerce.settings import ApiKey, StoreSettings
from pef_adapters.testing.fake_woocommerce.shop import RefundRefused, record_of
from pef_adapters.testing.fake_woocommerce.shop import Shop as FakeShop
from pef_adapters.testing.fake_woocommerce.state import Order, StoreState
from pef_adapters.testing.fake_woocommerce.wire import Wire
from pef_adapters.testing.simulation.network import Answer, application
from pef_adapters.testing.simulation.palette import happens
from pef_adapters.testing.simulation.shops.contract import PAID, Parcel, Setting

SECRETS: Final[Mapping[str, str]] = {
    "consumer_key": "ck_simulated_key",
    "consumer_secret": "cs_simulated_secret",
    "webhook_secret": "simulatedWebhookSecret42",
}
SETTINGS: Final = {"payment_methods": ["pagoefectivo"]}


@dataclass(slots=True)
class Mailbox(Hookshot):
    """The store's deliveries, put aside for the world to carry."""

    waiting: list[tuple[int, str, int]] = field(default_factory=list)

    def announce(self, topic: str, arg: int) -> None:
        """Put aside a delivery for each active webhook of the topic; equal ones are merged."""
        for webhook in self.state.webhooks.values():
            job = (webhook.id, topic, arg)
            if webhook.topic == topic and webhook.status == "active" and job not in self.waiting:
                self.waiting.append(job)

    def take(self) -> list[Parcel]:
        """What waits, with bodies built at this moment, as WooCommerce builds them."""
        jobs, self.waiting = self.waiting, []
        return [self._parcel(*job) for job in jobs if job[0] in self.state.webhooks]

    def _parcel(self, webhook_id: int, topic: str, arg: int) -> Parcel:
        del topic
        record = self._request(self.state.webhooks[webhook_id], arg)
        return Parcel(record.url, record.headers, record.body.encode("ascii"))


class WooCommerceShop:
    """See `contract.Shop`."""

    def __init__(self, setting: Setting) -> None:
        self.store, self.cip, self._setting = setting.store, setting.cip, setting
        store, now = setting.store, setting.clock.now
        key = ApiKey(
            consumer_key=SECRETS["consumer_key"], consumer_secret=SECRETS["consumer_secret"]
        )
        settings = StoreSettings(home=store.identity, keys=(key,), demo_orders=False)
        state, wire = StoreState(keys=[key]), Wire(store.identity, settings.woocommerce_version)

        def whole_seconds() -> datetime:
            return now().replace(microsecond=0)

        self._mailbox = Mailbox(settings, state, wire, whole_seconds)
        self._shop = FakeShop(state, whole_seconds, self._mailbox.announce)
        site = Site(settings, self._shop, self._mailbox, wire, Doorman(state.keys, store.identity))
        self.answer: Answer = application(Starlette(routes=rest_routes(site)))
        self._order: Order | None = None

    async def open(self) -> None:
        await self._setting.platform.connect(connection(self._setting.ports, self.store))
        self._order = self._shop.place_order(total=Decimal(PAID.decimal), transaction_id=self.cip)
        self._mailbox.take()

    async def press(self, minor: int, times: int = 1) -> bool:
        amount = Decimal(minor) / 100
        try:
            self._shop.press_refund(self.order, amount, "Talla equivocada")
        except RefundRefused:
            return False
        for _ in range(times - 1):
            self._shop.record_refund(self.order, amount, "Talla equivocada")
        return True

    async def delete(self, dice: Random) -> bool:
        if not self.order.refunds:
            return False
        refund = dice.choice(self.order.refunds)
        self._shop.delete_refund(self.order, refund, silently=happens(dice, 0.5))
        return True

    async def tick(self) -> None:
        await asyncio.sleep(0)

    def parcels(self) -> list[Parcel]:
        return self._mailbox.take()

    def refund_ids(self) -> set[str]:
        return {str(refund.id) for refund in self.order.refunds}

    def has(self, number: str) -> bool:
        return number in self.refund_ids()

    def says(self, refund: Refund) -> str | None:
        record = record_of(self.order)
        entry = record.get(refund.platform_refund_id) if isinstance(record, dict) else None
        return str(entry["state"]) if isinstance(entry, dict) else None

    def mails(self) -> list[str]:
        return list(self.order.mails)

    @property
    def order(self) -> Order:
        assert self._order is not None  # noqa: S101 - opened before anything else
        return self._order
