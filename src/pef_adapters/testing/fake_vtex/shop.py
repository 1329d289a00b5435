"""The store's orders: placing them, their history, notes, invoices, mails and tasks.

Whatever happens to an order is told to `announce`, as the order hook wants it. Knows no
HTTP and no payment provider.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pef_adapters.testing.fake_vtex import catalog
from pef_adapters.testing.fake_vtex.state import Mail, Payment, Task, VtexState, save
from pef_adapters.testing.fake_vtex.store_state import (
    Interaction,
    InvoiceType,
    Item,
    Note,
    Order,
    OrderStatus,
    Package,
)

MOST_NOTES: Final = 30
LONGEST_NOTE: Final = 2000
_FIRST_GROUP: Final = 1_500_000_000_000


class Refused(Exception):
    """VTEX does not do this; the text is what the user reads."""


@dataclass(slots=True)
class Shop:
    """The store: its state, its clock, and whom it tells about an order."""

    state: VtexState
    now: Callable[[], datetime]
    announce: Callable[[Order], None]
    merchant_email: str
    state_file: Path | None = None

    def place(
        self,
        carts: Sequence[Mapping[str, int]],
        totals: Sequence[int],
        *,
        currency: str,
        email: str,
    ) -> list[Order]:
        """One purchase: an order for each cart, and for each total one of a voucher.

        Raises:
            Refused: nothing was bought.
            KeyError: an article that is not sold.
        """
        lines = [*map(_bought, carts), *([_voucher(total)] for total in totals)]
        if not lines or not all(lines) or min(totals, default=1) <= 0:
            raise Refused("the cart is empty")
        number = self.state.next_number()
        group = str(_FIRST_GROUP + number)
        orders = [
            Order(
                id=f"{group}-{place:02d}",
                group=group,
                sequence=str(number),
                currency=currency,
                email=email,
                items=items,
                created=self.now(),
                changed=self.now(),
            )
            for place, items in enumerate(lines, start=1)
        ]
        self.state.orders |= {order.id: order for order in orders}
        return orders

    def open_payment(self, orders: Sequence[Order], method: str) -> Payment:
        """The payment of a purchase, before anybody was asked to take it."""
        payment = new_payment(
            group=orders[0].group,
            reference=orders[0].sequence,
            value=sum(order.value for order in orders),
            currency=orders[0].currency,
            method=method,
            created=self.now(),
        )
        self.state.payments[payment.id] = payment
        self.keep()
        return payment

    def set_status(self, order: Order, status: OrderStatus, why: str = "") -> None:
        """Move an order on, with a line in its history; an end is never left again."""
        if order.status in {status, "canceled", "invoiced"}:
            return
        order.status = status
        if status == "payment-approved":
            order.authorized = self.now()
        if status == "canceled":
            order.cancelled, order.cancel_reason = self.now(), why
        self.add_interaction(order, "OMS", why or f"status: {status}")

    def add_invoice(
        self,
        order: Order,
        kind: InvoiceType,
        number: str,
        value: int,
        items: Sequence[Mapping[str, str]] = (),
    ) -> Package:
        """An invoice, or a return's; the same number again only renews the receipt.

        Raises:
            Refused: nothing is invoiced, or the order was cancelled.
        """
        if value <= 0:
            raise Refused("invoiceValue must be greater than 0")
        if order.status == "canceled":
            raise Refused("a canceled order can't be invoiced")
        known = next((p for p in order.packages if p.invoice_number == number), None)
        if known is not None:
            known.receipt = new_id()
            return known
        package = Package(
            type=kind,
            invoice_number=number,
            value=value,
            issued=self.now(),
            receipt=new_id(),
            items=[dict(item) for item in items],
        )
        order.packages.append(package)
        if kind == "Output" and order.is_wholly_invoiced:
            order.invoiced = self.now()
            self.set_status(order, "invoiced")
        self.touch(order)
        return package

    def add_interaction(self, order: Order, source: str, message: str) -> None:
        """A line of the order's history."""
        order.interactions.append(Interaction(at=self.now(), source=source, message=message))
        self.touch(order)

    def add_note(self, order: Order, note: Note) -> None:
        """A note of VTEX DO.

        Raises:
            Refused: too long, or one too many (platforms/vtex.md, section 6).
        """
        if len(note.description) > LONGEST_NOTE:
            raise Refused(f"a note's description has at most {LONGEST_NOTE} characters")
        if len(order.notes) >= MOST_NOTES:
            raise Refused(f"an order has at most {MOST_NOTES} notes")
        order.notes.append(note)
        self.keep()

    def mail(self, template: str, to: str, order_id: str, text: str) -> None:
        """Send a mail by its template."""
        sent = Mail(at=self.now(), template=template, to=to, order_id=order_id, text=text)
        self.state.mails.append(sent)

    def do_by_hand(self, order_id: str, text: str) -> None:
        """Tell the merchant that something has to be done by hand: a mail and a task."""
        self.mail("gateway-manual-reversal-requested", self.merchant_email, order_id, text)
        task = Task(id=new_id(), at=self.now(), order_id=order_id, text=text)
        self.state.tasks.append(task)

    def touch(self, order: Order) -> None:
        """The order changed: it says when, tells its hooks and is kept."""
        order.changed = self.now()
        self.announce(order)
        self.keep()

    def keep(self) -> None:
        """Write the state to its file, where there is one."""
        save(self.state, self.state_file)


def new_payment(
    *,
    group: str,
    reference: str,
    value: int,
    currency: str,
    method: str,
    created: datetime,
    suite: bool = False,
) -> Payment:
    """A payment with ids of its own."""
    return Payment(
        id=new_id(),
        transaction_id=new_id(),
        group=group,
        reference=reference,
        value=value,
        currency=currency,
        method=method,
        signature=secrets.token_hex(16),
        created=created,
        suite=suite,
    )


def new_id() -> str:
    """32 hex digits, as VTEX names payments, transactions and receipts."""
    return secrets.token_hex(16).upper()


def _bought(cart: Mapping[str, int]) -> list[Item]:
    found = ((catalog.sku(sku_id), quantity) for sku_id, quantity in cart.items())
    return [
        Item(id=each.id, name=each.name, quantity=quantity, price=each.price)
        for each, quantity in found
        if quantity > 0
    ]


def _voucher(total: int) -> Item:
    return Item(id=catalog.VOUCHER.id, name=catalog.VOUCHER.name, quantity=1, price=total)
