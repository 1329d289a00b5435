"""Where webhooks that an app declares once arrive: one address for all stores.

Says which store a delivery names; that proves nothing, `inbound.receive` proves it.
"""

from collections.abc import Mapping

from pef_adapters.core.errors import SourceMismatch
from pef_shopify.inbound import SHOP
from pef_shopify.settings import is_shop


class ShopifyInbox:
    """Implements `platforms.parts.SharedInbox`."""

    def store_of(self, headers: Mapping[str, str]) -> str:
        """The id of the store: tienda.myshopify.com is tienda-myshopify-com."""
        shop = headers.get(SHOP, "").strip().lower()
        if not is_shop(shop):
            raise SourceMismatch("the delivery names no shop")
        return shop.replace(".", "-")
