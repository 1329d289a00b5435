"""What the demo plays: the refund buttons of each store, two of them with something going wrong."""

import asyncio
from collections.abc import Awaitable, Callable

from pef_adapters.demo.shop import Scene
from pef_adapters.demo.shopify import Shopify
from pef_adapters.demo.stage import Stage
from pef_adapters.demo.vtex import Vtex


async def play(stage: Stage) -> list[Scene]:
    """Press the buttons of every store, each refund on an order of its own."""
    parts = [_at_woocommerce(stage)]
    if stage.shopify is not None:
        parts.append(_at_shopify(stage.shopify))
    if stage.vtex is not None:
        parts.append(_at_vtex(stage.vtex))
    return [scene for part in await asyncio.gather(*parts) for scene in part]


async def _at_woocommerce(stage: Stage) -> list[Scene]:
    orders = await stage.woocommerce.listed()
    return [
        await scene(stage, order["id"], order["transaction_id"])
        for scene, order in zip(_WOOCOMMERCE_SCENES, orders, strict=True)
    ]


async def _full(stage: Stage, order: int, _: str) -> Scene:
    refund = await stage.press_refund(order, None, "Producto agotado")
    return Scene("full refund", stage.woocommerce, str(order), refund)


async def _partial(stage: Stage, order: int, _: str) -> Scene:
    refund = await stage.press_refund(order, "100.00", "Descuento acordado")
    return Scene("partial refund", stage.woocommerce, str(order), refund)


async def _three_deliveries(stage: Stage, order: int, _: str) -> Scene:
    refund = await stage.press_refund(order, "32.40", "Un café llegó abierto")
    await stage.woocommerce.deliver_again(2)
    return Scene("webhook × 3", stage.woocommerce, str(order), refund)


async def _lost_answer(stage: Stage, order: int, transaction_id: str) -> Scene:
    await stage.lose_answer(transaction_id)
    refund = await stage.press_refund(order, None, "Pedido cancelado")
    return Scene("answer lost", stage.woocommerce, str(order), refund)


_WOOCOMMERCE_SCENES: tuple[Callable[[Stage, int, str], Awaitable[Scene]], ...] = (
    _full,
    _partial,
    _three_deliveries,
    _lost_answer,
)


async def _at_shopify(shop: Shopify) -> list[Scene]:
    whole, part, *_ = await shop.listed()
    presses = (
        ("full refund", whole, None, "Talla equivocada"),
        ("partial refund", part, "32.40", "Un café llegó abierto"),
    )
    return [
        Scene(
            title,
            shop,
            order["name"].removeprefix("#"),
            await shop.press_refund(order["id"], amount, why),
        )
        for title, order, amount, why in presses
    ]


async def _at_vtex(shop: Vtex) -> list[Scene]:
    whole, part, *_ = (order["id"] for order in await shop.listed())
    return [*await asyncio.gather(_cancelled(shop, whole), _returned(shop, part))]


async def _cancelled(shop: Vtex, order: str) -> Scene:
    refund = await shop.press(order, "cancel", reason="Sin stock")
    return Scene("order cancelled", shop, order, refund)


async def _returned(shop: Vtex, order: str) -> Scene:
    await shop.invoice(order)
    refund = await shop.press(order, "return", amount="59.90")
    return Scene("item returned", shop, order, refund)
