"""The message to a buyer: one order note for the customer, which WooCommerce mails.

The buyer finds it under "My account" too. Never changes the order, and never writes a
message that stands on the order already.
"""

import re
from html import escape
from typing import Final

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.platforms.contract import StoreConnection
from pef_woocommerce.client import Api, open_api, require_route
from pef_woocommerce.mapping import email
from pef_woocommerce.reading import read_order
from pef_woocommerce.wire import NOTES, Order

# Scheme and host, then the rest, which may be percent-encoded.
_LINK: Final = re.compile(r"(https?://[^\s/?#]+)(\S*)")
# WordPress prettifies these wherever they stand, in a link too (wptexturize): two
# hyphens become a dash, three points one sign, 3x4 becomes 3×4, quotes become curly.
_PRETTIFIED: Final = re.compile(r"(?<=-)-|(?<=\.)\.|(?<=[\d.,])x(?=\d)|['\"`]")


class WooCommerceMessages:
    """See `platforms.contract.BuyerMessages`."""

    async def tell_buyer(
        self, order_id: str, text: str, marker: str, store: StoreConnection
    ) -> None:
        reference = f"(Ref. {marker})"
        async with open_api(store) as api:
            order = await read_order(api, order_id)
            if order is None:
                raise PlatformRefused(f"the store has no order {order_id} any more")
            if not await _is_written(order, reference, api):
                _require_address(order)
                note = f"{_as_note(text)}\n\n{reference}"
                await api.write("POST", _notes(order), {"note": note, "customer_note": True})


async def _is_written(order: Order, reference: str, api: Api) -> bool:
    answer = await api.get(_notes(order), {"type": "customer"})
    require_route(answer.missing)
    return any(reference in note.note for note in answer.read_as(NOTES))


def _require_address(order: Order) -> None:
    """WooCommerce takes the note without an address too, and mails it to nobody.

    Raises:
        PlatformRefused: there is none.
    """
    if email(order) is None:
        raise PlatformRefused(
            f"order {order.number} has no e-mail of its buyer; enter one in its billing details"
        )


def _notes(order: Order) -> str:
    return f"orders/{order.id}/notes"


def _as_note(text: str) -> str:
    """`text` as HTML that reads the same, in which a link stays what it is."""
    return escape(_LINK.sub(_plain_link, text), quote=False)


def _plain_link(link: re.Match[str]) -> str:
    """The same link, without anything that WordPress would prettify."""
    return link[1] + _PRETTIFIED.sub(lambda found: f"%{ord(found[0]):02X}", link[2])
