"""A VTEX account: its gateway calls us as payment provider, and calls again in its own rhythm."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Final

from starlette.applications import Starlette

from pef_adapters.engine.records import Refund
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.write_back import note
from pef_adapters.testing.fake_vtex.app import api_routes, open_account
from pef_adapters.testing.fake_vtex.settings import AppKey, VtexSettings
from pef_adapters.testing.fake_vtex.shop import Refused
from pef_adapters.testing.fake_vtex.state import Ask
from pef_adapters.testing.fake_vtex.store_state import Order
from pef_adapters.testing.simulation.network import Answer, application
from pef_adapters.testing.simulation.shops.contract import PAID, Parcel, Setting

_ANSWERED: Final = "refundId"
_KEYS: Final = ("simulated-store-key", "simulated-store-token")
_PARTNER: Final = ("simulated-partner-key", "simulated-partner-token")
SECRETS: Final[Mapping[str, str]] = {
    "app_token": "simulated-provider-token",
    "hook_secret": "simulatedHookSecret42",
    "partner_app_key": _PARTNER[0],
    "partner_app_token": _PARTNER[1],
    "store_app_key": _KEYS[0],
    "store_app_token": _KEYS[1],
}


def settings(address: str) -> dict[str, object]:
    """What the store is told."""
    host = address.partition("://")[2]
    return {
        "account": "tiendasimulada",
        "api_address": address,
        "payments_address": address,
        "callback_hosts": [host],
    }


class VtexShop:
    """See `contract.Shop`."""

    def __init__(self, setting: Setting) -> None:
        self.store, self._setting = setting.store, setting
        self.cip = ""
        home = setting.store.identity
        given = VtexSettings(
            home=home,
            account="tiendasimulada",
            provider_url=f"{setting.service}/provider/vtex",
            provider_key=setting.store.id,
            provider_token=SECRETS["app_token"],
            partner_key=_PARTNER[0],
            partner_token=_PARTNER[1],
            keys=(AppKey(key=_KEYS[0], token=_KEYS[1]),),
            strict=False,
        )
        self._account = open_account(given, setting.clock.now)
        # Ids as they were, which repeat within a second; nothing random may come in here.
        self._account.state.moods.request_ids = "dated"
        self.answer: Answer = application(Starlette(routes=api_routes(self._account)))
        self._order: Order | None = None

    async def open(self) -> None:
        shop, gateway = self._account.shop, self._account.gateway
        await self._setting.platform.connect(connection(self._setting.ports, self.store))
        orders = shop.place([], [PAID.minor], currency="PEN", email="cliente@example.test")
        payment = shop.open_payment(orders, self._account.settings.payment_method)
        await gateway.authorize(payment)
        await self._setting.work()
        self.cip = self._setting.buyer_pays(self.store.account_id, payment.tid, self._paid_at())
        await self._setting.work()
        await self._account.timetable.run_due()
        await self._account.oms.invoice(orders[0])
        self._order = orders[0]

    async def press(self, minor: int, times: int = 1) -> bool:
        try:
            await self._account.oms.give_back(self.order, minor, times=times)
        except Refused:
            return False
        return True

    async def delete(self, dice: Random) -> bool:
        del dice
        return False

    async def tick(self) -> None:
        await self._account.timetable.run_due()

    def parcels(self) -> list[Parcel]:
        return []

    def refund_ids(self) -> set[str]:
        return {self._name(ask) for ask in self._asks() if self._was_answered(ask)}

    def has(self, number: str) -> bool:
        return any(self._name(ask) == number for ask in self._asks())

    def says(self, refund: Refund) -> str | None:
        """Its newest sentences stand in the order's history, or there are none to stand there."""
        history = [each.message for each in self.order.interactions]
        mark = f"[{refund.id}/{refund.revision}]"
        told = any(mark in message for message in history)
        return refund.state if told or note(refund, self.store.language) is None else None

    def mails(self) -> list[str]:
        return []

    def _asks(self) -> list[Ask]:
        return [ask for ask in self._account.state.asks if ask.operation == "refunds"]

    def _was_answered(self, ask: Ask) -> bool:
        """In the protocol's own words: an error of ours tells VTEX to call again."""
        calls = self._account.state.calls
        return any(ask.request_id in each.body and _ANSWERED in each.answer for each in calls)

    def _name(self, ask: Ask) -> str:
        return f"{ask.payment_id}/refund/{ask.request_id}"

    def _paid_at(self) -> datetime:
        return self._setting.clock.now()

    @property
    def order(self) -> Order:
        assert self._order is not None  # noqa: S101 - opened before anything else
        return self._order
