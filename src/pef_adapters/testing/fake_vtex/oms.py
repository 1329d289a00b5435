"""What people do to an order, and what that makes the gateway do (platforms/vtex.md, section 5).

Cancel before anything is invoiced; return after all of it was. Both are buttons in the
admin and routes of the store's API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.shop import Refused, Shop, new_id
from pef_adapters.testing.fake_vtex.state import Payment
from pef_adapters.testing.fake_vtex.store_state import Order, Package
from pef_adapters.testing.fake_vtex.wire_json import in_text


@dataclass(slots=True)
class Oms:
    """The store's order management."""

    shop: Shop
    gateway: Gateway

    async def cancel(self, order: Order, reason: str) -> None:
        """Cancel an order: its payment is cancelled, settled for less, or refunded.

        Raises:
            Refused: invoiced, even partly, or cancelled already.
        """
        if order.is_invoiced:
            raise Refused("an invoiced or partially invoiced order can't be canceled")
        if order.status == "canceled":
            raise Refused("the order is canceled already")
        payment = self._payment(order)
        left = self.gateway.refunding.left(payment)
        self.shop.set_status(order, "canceled", reason or "canceled")
        if payment.status == "settled":
            value = min(order.value, left)
            await self._refund(payment, value, order)
            payment.transaction_status = "Canceled" if value == left else "Finished"
        elif not self._others_of(order):
            await self.gateway.cancel(payment, order.id)

    async def invoice(self, order: Order, value: int | None = None) -> Package:
        """A selling invoice; an approved payment is settled with it.

        Raises:
            Refused: nothing to invoice, or a cancelled order.
        """
        self._require_approval(order)
        amount = order.value if value is None else value
        package = self.shop.add_invoice(order, "Output", f"F001-{new_id()[:8]}", amount)
        payment = self._payment(order)
        if payment.status == "approved":
            await self.gateway.settle(payment)
        return package

    async def give_back(
        self,
        order: Order,
        value: int,
        *,
        number: str = "",
        items: Sequence[dict[str, str]] = (),
        times: int = 1,
    ) -> Package:
        """A return's invoice, which asks for the refund by itself, `times` times at once.

        Before the whole order was invoiced, and with one article on two lines (known
        issue 1198829), VTEX takes the invoice and refunds nothing.

        Raises:
            Refused: no amount, a cancelled order, or more than was settled.
        """
        before = len(order.packages)
        package = self.shop.add_invoice(
            order, "Input", number or f"FC01-{new_id()[:8]}", value, items
        )
        sold = [item.get("id") for item in items]
        if len(order.packages) == before or len(set(sold)) < len(sold):
            return package
        if order.is_wholly_invoiced:
            package.refund = value * times
            self.shop.add_interaction(order, "OMS", f"return invoiced: {in_text(value)}")
            self.shop.mail("vtexcommerce-order-refunded", order.email, order.id, in_text(value))
            await self._refund(self._payment(order), value, order, times)
        return package

    async def _refund(self, payment: Payment, value: int, order: Order, times: int = 1) -> None:
        try:
            await self.gateway.refund(payment, value, order.id, times)
        except Refused as refusal:
            self.shop.add_interaction(order, "Gateway", f"refund not sent: {refusal}")
            raise

    def _others_of(self, order: Order) -> list[Order]:
        """The orders of the same purchase that still stand."""
        orders = self.shop.state.orders_of(order.group)
        return [other for other in orders if other.status != "canceled"]

    def _payment(self, order: Order) -> Payment:
        return self.shop.state.payment_of(order.group)

    def _require_approval(self, order: Order) -> None:
        if self._payment(order).status not in {"approved", "settled"}:
            raise Refused("the payment is not approved")


def lines_of(items: Sequence[Any]) -> list[dict[str, str]]:
    """An invoice's lines as they are kept."""
    return [
        {name: str(value) for name, value in item.items()}
        for item in items
        if isinstance(item, dict)
    ]
