"""The conformance suite's hands on a fake Shopify shop, over real HTTP."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pef_adapters.platforms.contract import Delivery, Platform, StoreConnection
from pef_adapters.testing.conformance_facts import FiledOrder
from pef_shopify import platform
from shopify_bench import Listener, RemoteShop, free_port, shopify_app
from shopify_samples import SHOP

SCOPES = ("read_orders", "write_orders", "read_all_orders")
OTHER_SHOP = "otra-tienda.myshopify.com"
_SIGNATURE, _SHOP = "x-shopify-hmac-sha256", "x-shopify-shop-domain"


class ShopifyHarness:
    """Drives the shop by its remote control. `reach` says where Shopify's API is from now on."""

    def __init__(
        self,
        remote: RemoteShop,
        listener: Listener,
        store: StoreConnection,
        reach: Callable[[str], None],
    ) -> None:
        self.platform: Platform = platform()
        self.store = store
        self.remote = remote
        self._listener = listener
        self._reach = reach

    async def paid_order(self, total: str) -> str:
        return self.remote.paid_order(total)

    async def press_refund(self, order_id: str, amount: str) -> str:
        return self.remote.press(order_id, amount)

    async def erase_order(self, order_id: str) -> None:
        self.remote.change(order_id, "erase")

    async def deliveries(self) -> Sequence[Delivery]:
        self.remote.flush()
        return tuple(self._listener.deliveries)

    async def lose_webhooks(self) -> None:
        self.remote.moods(drop_webhooks=True)

    async def kill_webhooks(self) -> None:
        self.remote.do("POST", "/webhooks/off")

    async def heal(self) -> None:
        self._reach(self.remote.home)
        self.remote.moods(drop_webhooks=False)

    async def live_webhooks(self) -> Sequence[str]:
        return self.remote.live_webhooks()

    async def notes(self, order_id: str) -> Sequence[str]:
        """The sentences that stand in the record."""
        entries = (await self.record(order_id)).values()
        return [str(note["text"]) for entry in entries for note in entry["notes"]]

    async def record(self, order_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = self.remote.order(order_id)["record"]
        return record

    async def status(self, order_id: str) -> str:
        return str(self.remote.order(order_id)["status"])

    def unsigned(self, delivery: Delivery) -> Delivery:
        kept = {name: value for name, value in delivery.headers.items() if name != _SIGNATURE}
        return Delivery(kept, delivery.body)

    def of_another_store(self, delivery: Delivery) -> Delivery:
        """The body stays as it was signed: the signature does not cover the shop's name."""
        assert delivery.headers[_SHOP] == SHOP
        return Delivery({**delivery.headers, _SHOP: OTHER_SHOP}, delivery.body)

    def unreachable(self) -> StoreConnection:
        """Shops are told apart at one address here, so it is the address that is left."""
        self._reach(f"http://127.0.0.1:{free_port()}")
        return self.store

    def with_wrong_keys(self) -> StoreConnection:
        secrets = {**self.store.secrets, "access_token": "shpat_not_the_right_one"}
        return dataclasses.replace(self.store, secrets=secrets)

    # What Shopify does not have: no capability asks for these.

    async def delete_refund(self, order_id: str, refund_id: str) -> None:
        raise AssertionError(f"Shopify deletes no refund, such as {refund_id} of {order_id}")

    async def order_of(self, email: str) -> str:
        raise AssertionError(f"the adapter does not ask whose order it is, such as {email}'s")

    async def filed_order(self) -> FiledOrder:
        raise AssertionError("the adapter does not ask what was bought")

    async def messages(self, order_id: str) -> Sequence[str]:
        raise AssertionError(f"Shopify passes no message to the buyer of {order_id}")


def app() -> Any:
    """The app as it has to be for every check to pass."""
    return shopify_app(scopes=SCOPES)
