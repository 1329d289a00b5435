"""What can be done to the fake shop, and what it announces each time. Knows no HTTP.

A refund is recorded at once, whatever its money does: on a manual method its transaction
says "success" though nothing moved, on a payments app's it is pending until the app says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol

from pef_adapters.testing.fake_shopify import catalog, wire
from pef_adapters.testing.fake_shopify.settings import ShopSettings
from pef_adapters.testing.fake_shopify.state import (
    ZERO,
    Adjustment,
    Item,
    Order,
    Refund,
    RefundedLine,
    ShopState,
    Status,
    Transaction,
    save,
)

_TOLD: Final = ("success", "failure", "error")


class RefundRefused(Exception):
    """The shop does not record this refund; the text is what the merchant reads."""


class Announce(Protocol):
    """Told of each event, with the webhook's body."""

    def __call__(self, topic: str, body: wire.Json, only: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to place: articles by sku, or one voucher worth `total`.

    `manual` says that `gateway` is a manual payment method; `session_id` that a payments
    app took the payment. `days_old` sets the order's dates back.
    """

    items: Mapping[str, int] = field(default_factory=dict)
    total: Decimal | None = None
    gateway: str = catalog.GATEWAY
    manual: bool = True
    paid: bool = True
    currency: str = "PEN"
    payment_id: str | None = None
    session_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    email: str = "cliente@example.test"
    test: bool = False
    days_old: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundForm:
    """The refund form as it was filled in; each of `amounts` becomes a transaction.

    Without amounts it only puts articles back on the shelf. `status` and `message` are what
    another payment provider says, for instance of a refund made in its own dashboard.
    """

    amounts: tuple[Decimal, ...]
    note: str = ""
    quantities: Mapping[int, int] = field(default_factory=dict)
    gateway: str | None = None
    status: Status | None = None
    message: str = ""


@dataclass(slots=True)
class Shop:
    """The shop: its state, its clock, whom it tells, and who asks a payments app for refunds."""

    settings: ShopSettings
    state: ShopState
    now: Callable[[], datetime]
    announce: Announce
    ask_app: Callable[[Order, Transaction], None]

    @property
    def state_file(self) -> Path | None:
        return self.settings.state_file

    def place_order(self, wanted: NewOrder) -> Order:
        """Place an order; a paid one has its sale, an unpaid one a pending sale."""
        moment = self.now() - timedelta(days=wanted.days_old)
        order = Order(
            id=self.state.next_id(),
            number=self.state.next_number(),
            email=wanted.email,
            customer_id=self.state.next_id(),
            currency=wanted.currency,
            gateway=wanted.gateway,
            manual=wanted.manual,
            session_id=wanted.session_id,
            test=wanted.test,
            note=wanted.note,
            attributes=dict(wanted.attributes),
            items=self._items(wanted.items, wanted.total),
            created=moment,
            updated=moment,
        )
        self.state.orders[order.id] = order
        order.transactions.append(self._sale(order, wanted, moment))
        self._announce_sale(order)
        return order

    def press_refund(self, order: Order, form: RefundForm) -> Refund:
        """The refund button, pressed once.

        Raises:
            RefundRefused: more than is left, or not more than nothing.
        """
        if any(amount <= 0 for amount in form.amounts) or sum(form.amounts, ZERO) > order.rest:
            left = wire.amount(order.rest, order.currency)
            raise RefundRefused(f"Refund amount must be above 0 and at most {left}")
        refund = Refund(id=self.state.next_id(), note=form.note, created=self.now())
        refund.lines = self._lines(order, form.quantities)
        order.refunds.append(refund)
        money = [self._refund_transaction(order, refund, form, amount) for amount in form.amounts]
        order.transactions += money
        refund.adjustments = self._adjustments(refund, money)
        for transaction in money:
            if transaction.status == "pending" and order.session_id:
                self.ask_app(order, transaction)
        self._announce_refund(order, refund, money)
        return refund

    def settle(self, order: Order, transaction: Transaction, status: Status) -> None:
        """A transaction's status changes; refunds/create does not fire again."""
        transaction.status = status
        transaction.message = "" if status == "success" else transaction.message
        self._announce_transaction(order, transaction)
        self.touch(order)

    def cancel(self, order: Order, reason: str = "customer") -> None:
        """Cancel the order; its money is another matter."""
        order.cancelled, order.cancel_reason = self.now(), reason
        order.updated = self.now()
        self.announce("orders/cancelled", wire.order(order, financial_status(order).lower()))
        self.touch(order)

    def erase(self, order: Order) -> None:
        """Erase the order and all that hung on it."""
        del self.state.orders[order.id]
        self.announce("orders/delete", {"id": order.id})
        self.keep()

    def touch(self, order: Order) -> None:
        """Save the order: its time of update moves and orders/updated fires."""
        order.updated = self.now()
        self.announce("orders/updated", wire.order(order, financial_status(order).lower()))
        self.keep()

    def keep(self) -> None:
        """Write the state to its file, where there is one."""
        save(self.state, self.state_file)

    def _sale(self, order: Order, wanted: NewOrder, moment: datetime) -> Transaction:
        return Transaction(
            id=self.state.next_id(),
            kind="sale",
            status="success" if wanted.paid else "pending",
            gateway=order.gateway,
            amount=order.total,
            currency=order.currency,
            created=moment,
            manual=order.manual,
            payment_id=wanted.payment_id or wanted.session_id,
            test=order.test,
        )

    def _refund_transaction(
        self, order: Order, refund: Refund, form: RefundForm, amount: Decimal
    ) -> Transaction:
        sale = next(t for t in order.transactions if t.kind == "sale")
        asked = order.session_id is not None
        return Transaction(
            id=self.state.next_id(),
            kind="refund",
            status=form.status or ("pending" if asked else "success"),
            gateway=form.gateway or sale.gateway,
            amount=amount,
            currency=order.currency,
            created=refund.created,
            manual=sale.manual,
            parent_id=sale.id,
            refund_id=refund.id,
            payment_id=sale.payment_id,
            message=form.message,
            test=order.test,
        )

    def _adjustments(self, refund: Refund, money: Sequence[Transaction]) -> list[Adjustment]:
        """What balances lines against money, and once more what is pending (section 2)."""
        lines = sum((line.item.price * line.quantity for line in refund.lines), ZERO)
        paid = sum((t.amount for t in money), ZERO)
        pending = sum((t.amount for t in money if t.status == "pending"), ZERO)
        found = (("refund_discrepancy", lines - paid), ("pending_refund_discrepancy", pending))
        return [
            Adjustment(id=self.state.next_id(), amount=amount, reason=reason)
            for reason, amount in found
            if amount and money
        ]

    def _announce_sale(self, order: Order) -> None:
        body = wire.order(order, financial_status(order).lower())
        self.announce("orders/create", body)
        if order.received:
            self.announce("orders/paid", body)
            self._announce_transaction(order, order.transactions[0])
        self.keep()

    def _announce_refund(self, order: Order, refund: Refund, money: Sequence[Transaction]) -> None:
        vague = self.state.moods.vague_webhooks
        self.announce("refunds/create", wire.refund(order, refund, vague=vague))
        for transaction in money:
            self._announce_transaction(order, transaction)
        self.touch(order)

    def _announce_transaction(self, order: Order, transaction: Transaction) -> None:
        if transaction.status in _TOLD:
            vague = self.state.moods.vague_webhooks
            body = wire.transaction(order, transaction, vague=vague)
            self.announce("order_transactions/create", body)

    def _items(self, quantities: Mapping[str, int], total: Decimal | None) -> list[Item]:
        articles = [(catalog.PRODUCTS[sku], quantity) for sku, quantity in quantities.items()]
        if total is not None or not articles:
            price = Decimal("100.00") if total is None else total
            articles.append((catalog.VOUCHER.model_copy(update={"price": price}), 1))
        return [
            Item(id=self.state.next_id(), quantity=quantity, **article.model_dump())
            for article, quantity in articles
        ]

    def _lines(self, order: Order, quantities: Mapping[int, int]) -> list[RefundedLine]:
        given = ((item, quantities.get(item.id, 0)) for item in order.items)
        return [
            RefundedLine(id=self.state.next_id(), item=item, quantity=quantity)
            for item, quantity in given
            if quantity
        ]


def financial_status(order: Order) -> str:
    """Where the order's money stands, in Shopify's words; a pending refund counts nothing."""
    if order.refunded:
        return "PARTIALLY_REFUNDED" if order.refunded < order.received else "REFUNDED"
    if order.received:
        return "PAID"
    return "PENDING" if any(t.status == "pending" for t in order.transactions) else "VOIDED"
