"""Refunds of a store without our app: the webhook that its merchant made is their only word.

Owns reading refunds/create for that case, and what the owner has to type where. Nothing can
be asked back and nothing be told, so what the body does not say stays unknown.
Facts: platforms/shopify.md, path C in section 0, and the recordings in section 2.
"""

from decimal import Decimal
from typing import Final

from pef_adapters.core.errors import BodyUnreadable
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.contract import Check, Hint, HintKind, StoreConnection
from pef_shopify.deliveries import Payment, RefundBody
from pef_shopify.settings import MANUAL, Settings, settings_of

_REFUND: Final = "refund"
_MEANT: Final = frozenset({"success", "pending"})
_DONE_BY_HAND: Final = "manually refunded from"


def hints(body: RefundBody, store: StoreConnection) -> tuple[Hint, ...]:
    """The refund to keep; trouble where the body does not say whose it is; else nothing."""
    settings = settings_of(store)
    meant = [p for p in body.transactions if p.kind == _REFUND and p.status in _MEANT]
    real = [p for p in meant if not (p.test and store.mode is Mode.LIVE)]
    ours = [p for p in real if settings.names(p.gateway) and not _moved_by_others(p)]
    if ours:
        asked = _asked(body, ours, settings)
        kind, order_id = HintKind.REFUND_CREATED, body.order_id
        return (Hint(kind=kind, order_id=order_id, refund_id=asked.refund_id, asked=asked),)
    return (_trouble(body),) if any(map(_nameless, real)) else ()


def _asked(body: RefundBody, ours: list[Payment], settings: Settings) -> AskedRefund:
    currencies = {payment.currency or settings.currency for payment in ours}
    if len(currencies) > 1:
        raise BodyUnreadable(f"refund {body.refund_id} is in several currencies")
    return AskedRefund(
        refund_id=body.refund_id,
        operation=Operation.REFUND,
        payment_id=None,
        amount=sum((payment.amount for payment in ours), Decimal(0)),
        currency=currencies.pop(),
        test=any(payment.test for payment in ours),
        reason=body.note,
        requested_by=body.user_id,
        order_id=body.order_id,
        payment_method=ours[0].gateway,
        payment_reference=_reference(body, ours, settings),
        asked_at=body.created_at,
    )


def _reference(body: RefundBody, ours: list[Payment], settings: Settings) -> str | None:
    """None where it is missing, or where it can't be told which payment is given back."""
    if settings.transaction_reference == "order_id":
        return body.order_id
    found = {payment.payment_id.strip() for payment in ours if payment.payment_id} - {""}
    return found.pop() if len(found) == 1 else None


def _moved_by_others(payment: Payment) -> bool:
    """The provider gave the money back itself, or is doing so."""
    if payment.manual_payment_gateway is False:
        return True
    return payment.message.strip().casefold().startswith(_DONE_BY_HAND)


def _nameless(payment: Payment) -> bool:
    return payment.gateway.strip().casefold() in ("", MANUAL)


def _trouble(body: RefundBody) -> Hint:
    detail = (
        f"refund {body.refund_id} of order {body.order_id} names no payment method, so it was "
        "not taken; if PagoEfectivo took its payment, refund it by hand"
    )
    return Hint(kind=HintKind.STORE_TROUBLE, order_id=body.order_id, detail=detail)


# --- what its owner is told ---------------------------------------------------------


def how_to_connect(store: StoreConnection) -> Check:
    """What the owner types where; whether it was done nobody can ask Shopify."""
    detail = (
        "in Shopify's admin, Settings > Notifications > Webhooks, create a webhook for Refund "
        f"create in JSON to {store.callback_url}; then give the secret that the same page shows "
        "as webhook_secret"
    )
    return Check("webhook", passed=True, detail=detail)


def nothing_written() -> Check:
    """Why such a store's orders never say how their refunds stand."""
    detail = "nothing can be written back to a store connected by its own webhook"
    return Check("write-back", passed=True, detail=detail)
