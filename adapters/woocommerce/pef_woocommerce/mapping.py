"""From WooCommerce's wire models to canonical records. Pure; amounts stay exact."""

from pef_adapters.core.errors import InvalidInput, PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund
from pef_woocommerce.settings import Settings
from pef_woocommerce.wire import Order, OrderChange, Refund, Trouble

_DETAIL_LENGTH = 300


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


def store_refund(refund: Refund, order: Order, settings: Settings) -> StoreRefund:
    """One refund with its order.

    Raises:
        PlatformNonsense: an amount or currency that money can't be made from.
    """
    try:
        amount = Money.parse(refund.amount, order.currency)
        total = Money.parse(order.total, order.currency)
    except InvalidInput as error:
        raise PlatformNonsense(f"refund {refund.id} of order {order.id}: {error}") from error
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
        ours=order.payment_method in settings.payment_methods,
    )


def transaction_id(order: Order, settings: Settings) -> str | None:
    """The CIP, from where the settings say it stands; None where it is missing."""
    key = settings.transaction_meta_key
    found = order.transaction_id if key is None else order.meta(key)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found).strip() or None
