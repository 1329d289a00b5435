"""The kinds of store that a world can have, and how each is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pef_adapters.core.policy import Mode
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.testing.clock import START, VirtualClock
from pef_adapters.testing.simulation.shops import woocommerce
from pef_adapters.testing.simulation.shops.contract import Shop

OURS: Final = "https://refunds.simulated"
_LANGUAGES: Final = ("es_PE", "en", "zh_Hans")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a store needs of its world when it is made."""

    store: Store
    cip: str
    ports: Ports
    clock: VirtualClock


@dataclass(frozen=True, slots=True)
class Kind:
    """One platform's stores."""

    platform: str
    address: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    make: Callable[[Setting], Shop]

    def store(self, number: int) -> Store:
        """The store's record, before its world completes it."""
        name = f"{self.platform}-{number}"
        return Store(
            id=name,
            platform=self.platform,
            identity=self.address.format(number=number),
            account_id="",
            mode=Mode.SANDBOX,
            language=_LANGUAGES[number % len(_LANGUAGES)],
            callback_url=f"{OURS}/webhooks/{self.platform}/{name}",
            settings={},
            secrets=self.secrets,
            poll_cursor=START,
            created_at=START,
        )


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        platform="woocommerce",
        address="https://tienda{number}.simulated",
        settings=woocommerce.SETTINGS,
        secrets=woocommerce.SECRETS,
        make=lambda s: woocommerce.WooCommerceShop(s.store, s.cip, s.ports, s.clock.now),
    ),
)
