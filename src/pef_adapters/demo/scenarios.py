"""What the demo plays: four refunds, two of them with something going wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pef_adapters.demo.stage import Stage


@dataclass(slots=True)
class Scene:
    """One refund of the demo. `steps` fills as the ledger tells of them."""

    title: str
    order: int
    transaction_id: str
    refund_id: str
    steps: set[str] = field(default_factory=set)


async def _full(stage: Stage, order: int, transaction_id: str) -> Scene:
    refund = await stage.press_refund(order, None, "Producto agotado")
    return Scene("full refund", order, transaction_id, refund)


async def _partial(stage: Stage, order: int, transaction_id: str) -> Scene:
    refund = await stage.press_refund(order, "100.00", "Descuento acordado")
    return Scene("partial refund", order, transaction_id, refund)


async def _three_deliveries(stage: Stage, order: int, transaction_id: str) -> Scene:
    refund = await stage.press_refund(order, "32.40", "Un café llegó abierto")
    await stage.deliver_again(2)
    return Scene("webhook × 3", order, transaction_id, refund)


async def _lost_answer(stage: Stage, order: int, transaction_id: str) -> Scene:
    await stage.lose_answer(transaction_id)
    refund = await stage.press_refund(order, None, "Pedido cancelado")
    return Scene("answer lost", order, transaction_id, refund)


_SCENES: tuple[Callable[[Stage, int, str], Awaitable[Scene]], ...] = (
    _full,
    _partial,
    _three_deliveries,
    _lost_answer,
)


async def play(stage: Stage) -> list[Scene]:
    """Press the store's button for each scene, on an order of its own."""
    orders = await stage.orders()
    return [
        await scene(stage, order["id"], order["transaction_id"])
        for scene, order in zip(_SCENES, orders, strict=True)
    ]
