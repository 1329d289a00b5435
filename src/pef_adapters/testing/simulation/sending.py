"""What must be true at the moment when a request for money reaches the rail (I3, I10, I11)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pef_adapters.core.states import State
from pef_adapters.engine.records import Refund
from pef_adapters.testing.simulation.rail import Order

if TYPE_CHECKING:
    from pef_adapters.testing.simulation.world import World


def wrong_request(world: "World", order: Order) -> Iterator[str]:
    """What is wrong with a request, by what is committed at this moment."""
    refund = next((r for r in world.refunds if r.id == world.owner_of(order.key)), None)
    if refund is None:
        yield f"I3: {order.key} was sent without a durable intent"
        return
    yield from _against_intent(world, refund, order)
    yield from _against_outside(world, refund, order)


def _against_intent(world: "World", refund: Refund, order: Order) -> Iterator[str]:
    attempt = world.memory.committed_attempt(order.key)
    if refund.state is not State.SENDING:
        yield f"I3: {order.key} was sent while it was {refund.state}, nothing being reserved"
    if attempt is None or (attempt.amount, attempt.transaction_id) != (order.amount, order.cip):
        yield f"I11: {order.key} was sent otherwise than intended"
    if order.amount != refund.amount:
        yield f"I11: {order.key} was sent with another amount than asked for"


def _against_outside(world: "World", refund: Refund, order: Order) -> Iterator[str]:
    if order.account != refund.account_id or world.rail.cips[order.cip].account != order.account:
        yield f"I10: {order.key} was sent by another merchant's account"
    if not world.shop_of(refund).has(refund.platform_refund_id):
        yield f"{order.key} was sent, though the store had deleted it"
    payments = [p for p in world.memory.payments if p.transaction_id == order.cip]
    if any(payment.reversed_at is not None for payment in payments):
        yield f"{order.key} was sent, though we knew that the bank took the payment back"
