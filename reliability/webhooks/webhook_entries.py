"""Every door through which the outside tells us something, and what proves a delivery there."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from recordings import signed as signed_by_store
from shopify_samples import privacy_body
from webhook_house import (
    APP_SECRETS,
    BY_HAND_SECRET,
    HOOK_SECRET,
    ODD_SECRET,
    RAIL_SECRET,
    SISTER_SHOP,
    VTEX_TOKEN,
    WOO_SECRET,
    House,
)
from webhook_http import Letter
from webhook_shops import (
    JSON,
    ShopifyApp,
    ShopifyByHand,
    VtexGateway,
    WooCommerce,
    base64_hmac,
    compact,
    hex_hmac,
    told_by_rail,
)

# body, secret, algorithm → what the header of the proof says.
Prove = Callable[[bytes, str, str], str]
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Door:
    """One address and its scheme.

    `prove` is None where a shared secret in a header is all there is: such a scheme can't
    tell one body from another. `blanks_count` is False where the signature is defined over
    the body without blanks. `has_time` says whether a delivery is dated. `said_yes` are the
    statuses of a genuine one: VTEX's protocol knows only 500 for "not finished yet".
    """

    name: str
    adapter: str
    proof: str
    secret: str
    genuine: Callable[[House], Awaitable[Letter]]
    elsewhere: Callable[[Letter], Letter]
    prove: Prove | None
    blanks_count: bool = True
    has_time: bool = False
    said_yes: frozenset[int] = frozenset({200})

    def sealed(self, letter: Letter, secret: str, algorithm: str = "sha256") -> Letter:
        """The letter, proved by a secret for the body that it has."""
        told = secret if self.prove is None else self.prove(letter.body, secret, algorithm)
        return letter.showing(self.proof, told)


def _at(path: str) -> Callable[[Letter], Letter]:
    return lambda letter: letter.to(path)


async def _woo(house: House) -> Letter:
    body = compact({"action": "woocommerce_refund_created", "arg": next(_numbers) + 900_000})
    return WooCommerce().letter(house, "action.woocommerce_refund_created", body)


async def _plugin(house: House) -> Letter:
    """`deletions`, the call that is answered at once, about a refund nobody knows."""
    return plugin_call(house, int(house.clock.now().timestamp()))


def plugin_call(house: House, at: int) -> Letter:
    """A signed call of the store's plugin, dated as told."""
    about = {"order_id": 900_000 + next(_numbers), "refund_id": 900_000 + next(_numbers)}
    body = compact({"call": "deletions", "at": at, **about})
    headers = signed_by_store(body, WOO_SECRET, house.woo.home, "")
    del headers["X-WC-Webhook-Topic"]
    return Letter("/plugin/woocommerce/woo-a/deletions", (JSON, *headers.items()), body)


async def _shopify(house: House, sender: ShopifyApp) -> Letter:
    """A refund of an order that the shop does not have; the merchant's webhook is a refund."""
    if isinstance(sender, ShopifyByHand):
        return sender.created(house, await sender.press(house))
    number = next(_numbers) + 7_000_000_000
    told = {"id": number, "order_id": number, "transactions": []}
    return sender.letter("refunds/create", compact(told), f"hostile-{number}")


async def _shopify_privacy(house: House) -> Letter:
    """What one shop's buyer asks; a sister shop of the same app has the same secret."""
    del house
    request = {"id": next(_numbers)}
    told = privacy_body(shop_domain=ShopifyApp.shop_name, data_request=request)
    name = f"privacy-{request['id']}"
    return ShopifyApp().letter("customers/data_request", compact(told), name)


async def _vtex_payment(house: House) -> Letter:
    del house
    return VtexGateway().payment(f"{next(_numbers) + 0xF0000000:032X}")


async def _vtex_refund(house: House) -> Letter:
    sender = VtexGateway()
    return sender.created(house, await sender.press(house))


async def _vtex_hook(house: House) -> Letter:
    del house
    told = {"OrderId": f"{next(_numbers)}-01", "Origin": {"Account": "tiendamisti"}}
    headers = (JSON, ("X-PEF-Hook", HOOK_SECRET))
    return Letter("/webhooks/vtex/vtex-a", headers, compact(told))


async def _rail(house: House) -> Letter:
    del house
    return told_by_rail("refund.processing", cip="30000001", name=f"RFX{next(_numbers)}-1")


def _of_another_shop(letter: Letter) -> Letter:
    return letter.showing("X-Shopify-Shop-Domain", "otra.myshopify.com")


def _of_a_sister_shop(letter: Letter) -> Letter:
    return letter.showing("X-Shopify-Shop-Domain", SISTER_SHOP)


def _of_another_vtex_store(letter: Letter) -> Letter:
    return letter.to(letter.path.replace("/vtex/", "/vtex/vtex-b/"))


_WOO: Final = "X-WC-Webhook-Signature"
_SHOPIFY: Final = "X-Shopify-Hmac-Sha256"
_VTEX: Final = "X-VTEX-API-AppToken"
DOORS: Final = (
    Door(
        *("woocommerce webhook", "woocommerce", _WOO, WOO_SECRET, _woo),
        elsewhere=_at("/webhooks/woocommerce/woo-b"),
        prove=base64_hmac,
    ),
    Door(
        *("woocommerce plugin", "woocommerce", _WOO, WOO_SECRET, _plugin),
        elsewhere=_at("/plugin/woocommerce/woo-b/deletions"),
        prove=base64_hmac,
        has_time=True,
    ),
    Door(
        *("shopify app, newer secret", "shopify", _SHOPIFY, APP_SECRETS[0]),
        genuine=partial(_shopify, sender=ShopifyApp(APP_SECRETS[0])),
        elsewhere=_of_another_shop,
        prove=base64_hmac,
    ),
    Door(
        *("shopify app, older secret", "shopify", _SHOPIFY, APP_SECRETS[1]),
        genuine=partial(_shopify, sender=ShopifyApp(APP_SECRETS[1])),
        elsewhere=_of_another_shop,
        prove=base64_hmac,
    ),
    Door(
        *("shopify app, about a shop", "shopify", _SHOPIFY, APP_SECRETS[0], _shopify_privacy),
        elsewhere=_of_a_sister_shop,
        prove=base64_hmac,
    ),
    Door(
        *("shopify by hand", "shopify", _SHOPIFY, BY_HAND_SECRET),
        genuine=partial(_shopify, sender=ShopifyByHand()),
        elsewhere=_at("/webhooks/shopify/amano-b"),
        prove=base64_hmac,
    ),
    Door(
        *("vtex payments", "vtex", _VTEX, VTEX_TOKEN, _vtex_payment),
        elsewhere=_of_another_vtex_store,
        prove=None,
    ),
    Door(
        *("vtex refunds", "vtex", _VTEX, VTEX_TOKEN, _vtex_refund),
        elsewhere=_of_another_vtex_store,
        prove=None,
        said_yes=frozenset({200, 500}),
    ),
    Door(
        *("vtex orders hook", "vtex", "X-PEF-Hook", HOOK_SECRET, _vtex_hook),
        elsewhere=_at("/webhooks/vtex/vtex-b"),
        prove=None,
    ),
    Door(
        *("pagoefectivo", "pagoefectivo", "PE-Signature", RAIL_SECRET, _rail),
        elsewhere=_at("/webhooks/pagoefectivo/other"),
        prove=hex_hmac,
        blanks_count=False,
    ),
)
__all__ = ["DOORS", "ODD_SECRET", "Door", "plugin_call"]
