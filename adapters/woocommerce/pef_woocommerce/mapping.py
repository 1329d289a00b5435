"""From WooCommerce's wire models to canonical records. Pure; amounts stay exact."""

from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from urllib.parse import unquote

from pef_adapters.core.errors import InvalidInput, PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund
from pef_woocommerce.settings import Settings
from pef_woocommerce.wire import Order, OrderChange, Product, Refund, Term, Trouble

_DETAIL_LENGTH = 300
# Reserved by RFC 2606; WordPress puts "deleted@site.invalid" where a buyer was erased.
_NOBODYS = ".invalid"


def order_hint(order: OrderChange) -> Hint:
    """An order changed; its refunds are named where the source lists them."""
    known = order.refunds
    ids = None if known is None else frozenset(str(refund.id) for refund in known)
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=str(order.id), refund_ids=ids)


def refund_hint(refund: Refund) -> Hint:
    """A refund stands in the store's list of all refunds."""
    order_id = None if refund.parent_id is None else str(refund.parent_id)
    return Hint(kind=HintKind.REFUND_CREATED, order_id=order_id, refund_id=str(refund.id))


def trouble_hint(trouble: Trouble) -> Hint:
    """The store could not build its webhook's body; the detail says why."""
    detail = f"{trouble.code}: {trouble.message}"[:_DETAIL_LENGTH]
    return Hint(kind=HintKind.STORE_TROUBLE, detail=detail)


def store_refund(
    refund: Refund, order: Order, settings: Settings, products: Mapping[int, Product]
) -> StoreRefund:
    """One refund with its order, and with `products` as far as the store told of them.

    Raises:
        PlatformNonsense: an amount or currency that money can't be made from.
    """
    try:
        amount = Money.parse(refund.amount, order.currency)
        total = Money.parse(order.total, order.currency)
    except InvalidInput as error:
        raise PlatformNonsense(f"refund {refund.id} of order {order.id}: {error}") from error
    known = [products[number] for number in product_ids(refund, order) if number in products]
    return StoreRefund(
        refund_id=str(refund.id),
        order_id=str(order.id),
        order_number=order.number,
        amount=amount,
        reason=refund.reason,
        requested_at=refund.date_created_gmt,
        requested_by=str(refund.refunded_by) if refund.refunded_by else None,
        paid_by_gateway=refund.refunded_payment,
        order_currency=order.currency,
        order_total=total,
        order_paid_at=order.date_paid_gmt,
        payment_method=order.payment_method,
        transaction_id=transaction_id(order, settings),
        ours=is_ours(order, settings),
        buyer=buyer(order),
        categories=_names([product.categories for product in known]),
        tags=_names([product.tags for product in known]),
    )


def is_ours(order: Order, settings: Settings) -> bool:
    """Whether the order was paid by one of the configured payment methods."""
    return order.payment_method in settings.payment_methods


def product_ids(refund: Refund, order: Order) -> frozenset[int]:
    """The products that a refund names; all of the order's where it is an amount alone."""
    lines = refund.line_items or order.line_items
    return frozenset(line.product_id for line in lines if line.product_id)


def buyer(order: Order) -> str | None:
    """See `StoreRefund.buyer`: by e-mail, which guests have too, else by account."""
    address = email(order)
    if address is not None:
        return f"email:{address.lower()}"
    return f"customer:{order.customer_id}" if order.customer_id else None


def email(order: Order) -> str | None:
    """Where the store's mails about this order go; None where there is no such place."""
    address = (order.billing.email or "").strip()
    return None if not address or address.lower().endswith(_NOBODYS) else address


def _names(terms_of: Sequence[Iterable[Term]]) -> frozenset[str] | None:
    """Names and slugs of each product's terms, as people read them; None: no product known."""
    if not terms_of:
        return None
    return frozenset(text for terms in terms_of for term in terms for text in _texts(term) if text)


def _texts(term: Term) -> tuple[str, str]:
    return unescape(term.name).strip(), unquote(term.slug)


def transaction_id(order: Order, settings: Settings) -> str | None:
    """The CIP, from where the settings say it stands; None where it is missing."""
    key = settings.transaction_meta_key
    found = order.transaction_id if key is None else order.meta(key)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found).strip() or None
