"""What can be done to the fake store, and what it tells its webhooks each time.

The order of events inside a refund is WooCommerce's own (section 2). Knows no HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from pef_adapters.testing.fake_woocommerce import catalog
from pef_adapters.testing.fake_woocommerce.mailing import mailed
from pef_adapters.testing.fake_woocommerce.state import (
    Item,
    Meta,
    Note,
    Order,
    Refund,
    RefundedItem,
    StoreState,
    save,
)

RECORD_KEY = "_pef_refunds"


class RefundRefused(Exception):
    """The store does not record this refund; the text is what the owner reads."""


class Announce(Protocol):
    """Told of each event; `arg` is the order's or refund's id."""

    def __call__(self, topic: str, arg: int) -> None: ...


@dataclass(slots=True)
class Shop:
    """The store: its state, its clock, and whom it tells."""

    state: StoreState
    now: Callable[[], datetime]
    announce: Announce
    state_file: Path | None = None
    gateways: Mapping[str, str] = field(default_factory=lambda: dict(catalog.GATEWAYS))

    def place_order(
        self,
        quantities: Mapping[int, int] | None = None,
        *,
        total: Decimal | None = None,
        payment_method: str = "pagoefectivo",
        transaction_id: str = "",
        paid: bool = True,
        currency: str = "PEN",
        meta: Mapping[str, JsonValue] | None = None,
        email: str = "cliente@example.test",
        customer_id: int = 0,
    ) -> Order:
        """A new order of these products, or of one voucher worth `total`."""
        now = self.now()
        order = Order(
            id=self.state.next_post_id(),
            status="processing" if paid else "pending",
            email=email,
            customer_id=customer_id,
            currency=currency,
            items=self._items(quantities or {}, total),
            payment_method=payment_method,
            payment_method_title=self.gateways.get(payment_method, payment_method),
            transaction_id=transaction_id,
            created=now,
            modified=now,
            paid=now if paid else None,
        )
        self.state.orders[order.id] = order
        for key, value in (meta or {}).items():
            self.set_meta(order, key, value)
        self.touch(order)
        return order

    def press_refund(
        self,
        order: Order,
        amount: Decimal,
        reason: str = "",
        *,
        refunded_before: Decimal | None = None,
        by_gateway: bool = False,
        meta: Mapping[str, JsonValue] | None = None,
        quantities: Mapping[int, int] | None = None,
    ) -> Refund:
        """The refund button, pressed once.

        `refunded_before` is what the page showed as refunded when it was loaded;
        `quantities` are what was typed in for each product, by its id.

        Raises:
            RefundRefused: more than is left, less than nothing, or a stale page.
        """
        if refunded_before is not None and refunded_before != order.refunded:
            raise RefundRefused("Error processing refund. Please try again.")
        if amount < 0 or amount > order.rest:
            raise RefundRefused("Invalid refund amount")
        return self.record_refund(
            order, amount, reason, by_gateway=by_gateway, meta=meta, quantities=quantities
        )

    def record_refund(
        self,
        order: Order,
        amount: Decimal,
        reason: str = "",
        *,
        by_gateway: bool = False,
        meta: Mapping[str, JsonValue] | None = None,
        quantities: Mapping[int, int] | None = None,
    ) -> Refund:
        """Record without asking what is left, as presses in the same instant do (section 1.9)."""
        full = order.refunded + amount >= order.total
        fields = {"_refund_type": "full" if full else "partial", **(meta or {})}
        refund = Refund(
            id=self.state.next_post_id(),
            amount=amount,
            reason=reason,
            refunded_payment=by_gateway,
            items=self._refunded(order, quantities or {}),
            created=self.now(),
            meta=[Meta(id=self.state.next_id(), key=k, value=v) for k, v in fields.items()],
        )
        order.refunds.append(refund)
        self._announce_refund(order, refund, full=full)
        return refund

    def _announce_refund(self, order: Order, refund: Refund, *, full: bool) -> None:
        how = "fully" if full else "partially"
        self.announce(f"action.woocommerce_order_{how}_refunded", order.id)
        if full and order.status != "refunded":
            order.status = "refunded"
            self.announce("action.woocommerce_order_status_refunded", order.id)
        self.touch(order)
        self.announce("action.woocommerce_refund_created", refund.id)
        self.announce("action.woocommerce_order_refunded", order.id)

    def delete_refund(self, order: Order, refund: Refund, *, silently: bool) -> None:
        """Delete: by REST nothing is told, in the admin only the deletion (section 3)."""
        order.refunds.remove(refund)
        if not silently:
            self.announce("action.woocommerce_refund_deleted", refund.id)
        self.keep()

    def add_note(self, order: Order, text: str, *, customer: bool = False) -> Note:
        """A note; it echoes nowhere. The customer's is mailed, where there is an address."""
        note = Note(id=self.state.next_id(), text=text, created=self.now(), customer=customer)
        order.notes.append(note)
        if customer and order.email:
            order.mails.append(mailed(text))
        self.keep()
        return note

    def set_meta(self, order: Order, key: str, value: JsonValue) -> None:
        """Replace the field, or add it; saving is the caller's."""
        for meta in order.meta:
            if meta.key == key:
                meta.value = value
                return
        order.meta.append(Meta(id=self.state.next_id(), key=key, value=value))

    def touch(self, order: Order) -> None:
        """Save the order: its modified date moves and `order.updated` fires, always."""
        order.modified = self.now()
        self.announce("order.updated", order.id)
        self.keep()

    def erase(self, order: Order) -> None:
        """Erase the order and all that hung on it."""
        del self.state.orders[order.id]
        self.keep()

    def keep(self) -> None:
        """Write the state to its file, where there is one."""
        save(self.state, self.state_file)

    def _items(self, quantities: Mapping[int, int], total: Decimal | None) -> list[Item]:
        products = [(catalog.product(p), quantity) for p, quantity in quantities.items()]
        if total is not None:
            products.append((catalog.VOUCHER.model_copy(update={"price": total}), 1))
        return [
            Item(
                id=self.state.next_id(),
                name=article.name,
                product_id=article.id,
                quantity=quantity,
                price=article.price,
                sku=article.sku,
            )
            for article, quantity in products
        ]

    def _refunded(self, order: Order, quantities: Mapping[int, int]) -> list[RefundedItem]:
        given = ((item, quantities.get(item.product_id, 0)) for item in order.items)
        return [
            RefundedItem(id=self.state.next_id(), item=item, quantity=quantity)
            for item, quantity in given
            if quantity
        ]


def record_of(order: Order) -> JsonValue:
    """The hidden record in which the refunds' states stand; None before the first."""
    return next((meta.value for meta in order.meta if meta.key == RECORD_KEY), None)
