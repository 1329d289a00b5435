"""What only some platforms offer beside the six methods of the contract."""

from collections.abc import Mapping
from typing import Protocol

from pef_adapters.platforms.stores import StoreConnection


class OneClick(Protocol):
    """How a platform hands over its keys after the owner pressed one button."""

    def authorize_url(self, address: str, *, state: str, return_url: str, callback_url: str) -> str:
        """Where the owner approves; the keys are posted to `callback_url` with `state`.

        Raises:
            SettingInvalid: the platform would refuse these addresses.
        """
        ...

    def read_keys(self, body: bytes) -> tuple[str, Mapping[str, str]]:
        """The state and the secrets that the platform posted; unsigned, so unproved.

        Raises:
            WebhookRejected: the body holds no usable keys.
        """
        ...


class BuyerMessages(Protocol):
    """How a platform passes a message to an order's buyer, by its own mail."""

    async def tell_buyer(
        self, order_id: str, text: str, marker: str, store: StoreConnection
    ) -> None:
        """Send the buyer plain text, in which a bare https link works.

        WRITES outside. Safe to repeat: a message with this `marker`, which the buyer
        sees, is not sent again. A timeout means: perhaps sent; call again.

        Raises:
            PlatformError: not surely sent, or there is no order or address to send it to.
        """
        ...


class SharedInbox(Protocol):
    """How a platform delivers all stores' webhooks to one address."""

    def store_of(self, headers: Mapping[str, str]) -> str:
        """The id of the store that a delivery names; proves nothing (see `receive`).

        Raises:
            WebhookRejected: it names none.
        """
        ...
