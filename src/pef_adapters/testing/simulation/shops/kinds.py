"""The kinds of store that a world can have, and how each is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from pef_adapters.core.policy import Mode
from pef_adapters.engine.records import Store
from pef_adapters.testing.clock import START
from pef_adapters.testing.simulation.shops import shopify, vtex, woocommerce
from pef_adapters.testing.simulation.shops.contract import Setting, Shop

OURS: Final = "https://refunds.simulated"
_LANGUAGES: Final = ("es_PE", "en", "zh_Hans")


@dataclass(frozen=True, slots=True)
class Kind:
    """One platform's stores; `shared_inbox` says that all have one address for webhooks."""

    platform: str
    address: str
    settings: Callable[[str], Mapping[str, Any]]
    secrets: Mapping[str, str]
    make: Callable[[Setting], Shop]
    shared_inbox: bool = False

    def store(self, number: int) -> Store:
        """The store's record, before its world completes it."""
        address = self.address.format(number=number)
        name = httpx.URL(address).host.replace(".", "-")
        inbox = f"{OURS}/webhooks/{self.platform}"
        return Store(
            id=name,
            platform=self.platform,
            identity=address,
            account_id="",
            mode=Mode.SANDBOX,
            language=_LANGUAGES[number % len(_LANGUAGES)],
            callback_url=inbox if self.shared_inbox else f"{inbox}/{name}",
            settings={"platform": self.settings(address)},
            secrets=self.secrets,
            poll_cursor=START,
            created_at=START,
        )


WOOCOMMERCE: Final = Kind(
    platform="woocommerce",
    address="https://tienda{number}.simulated",
    settings=lambda _: woocommerce.SETTINGS,
    secrets=woocommerce.SECRETS,
    make=woocommerce.WooCommerceShop,
)
SHOPIFY: Final = Kind(
    platform="shopify",
    address="https://tienda{number}.myshopify.com",
    settings=lambda _: shopify.SETTINGS,
    secrets=shopify.SECRETS,
    make=shopify.ShopifyShop,
    shared_inbox=True,
)
VTEX: Final = Kind(
    platform="vtex",
    address="https://tienda{number}.vtex.simulated",
    settings=vtex.settings,
    secrets=vtex.SECRETS,
    make=vtex.VtexShop,
)
KINDS: Final = (WOOCOMMERCE, SHOPIFY, VTEX)
