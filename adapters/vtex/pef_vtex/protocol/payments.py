"""`POST /payments` and the callback: a CIP is a payment that waits (section 4).

The same answer serves both, made from how the checkout stands and from nothing else, so
that a call that comes again hears the newest state.
"""

from collections.abc import Mapping
from typing import Final

from pef_adapters.core.errors import BodyUnreadable, InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import AskedPayment, Checkout, CheckoutState
from pef_adapters.platforms.contract import StoreConnection
from pef_vtex.wire import PaymentBody, PaymentSaid, PaymentStatus

ACQUIRER: Final = "PagoEfectivo"
# The money is in when a payment is approved, so it is settled soon: what a store takes off
# an order later is then a refund, and not merely settled less (section 4).
SETTLE_AFTER_SECONDS: Final = 120
CALLBACK: Final = "callback_url"
_LEAST_CANCEL, _MOST_CANCEL = 600, 30 * 24 * 60 * 60
# Up to an hour makes the gateway ask again every five minutes (specification, note 2).
_SOON_AGAIN: Final = 3600
_STATUS: Final[Mapping[CheckoutState, PaymentStatus]] = {
    CheckoutState.ASKED: "undefined",
    CheckoutState.WAITING: "undefined",
    CheckoutState.PAID: "approved",
    CheckoutState.EXPIRED: "denied",
    CheckoutState.CANCELLED: "denied",
}


def asked_payment(body: PaymentBody, *, test: bool) -> AskedPayment:
    """What a call asks for; the callback's address is kept exactly as it came.

    Raises:
        BodyUnreadable: an amount or currency that money can't be made from.
    """
    try:
        amount = Money.parse(body.value, body.currency)
    except InvalidInput as error:
        raise BodyUnreadable(str(error)) from None
    return AskedPayment(
        payment_id=body.payment_id,
        order_id=body.order_id,
        order_number=body.order_id,
        amount=amount,
        test=test,
        return_url=body.return_url,
        email=body.mini_cart.buyer.email,
        private={CALLBACK: body.callback_url, "transaction_id": body.transaction_id},
    )


def standing(checkout: Checkout, store: StoreConnection) -> PaymentSaid:
    """How the payment stands, as VTEX reads it."""
    paid = checkout.state is CheckoutState.PAID
    waiting = checkout.state is CheckoutState.WAITING
    return PaymentSaid(
        payment_id=checkout.payment_id,
        status=_STATUS[checkout.state],
        authorization_id=checkout.id if paid else "",
        tid=checkout.id,
        nsu=checkout.transaction_id,
        acquirer=ACQUIRER,
        code=None if paid else checkout.state.value,
        message=explain(f"vtex_answer.payment_{checkout.state}", store.language),
        payment_url=checkout.pay_url if waiting else None,
        delay_to_auto_settle=SETTLE_AFTER_SECONDS,
        delay_to_auto_settle_after_antifraud=SETTLE_AFTER_SECONDS,
        delay_to_cancel=_cancel_after(checkout),
    )


def _cancel_after(checkout: Checkout) -> int:
    """Seconds until the gateway gives up; as long as the buyer can pay the CIP."""
    if checkout.state is CheckoutState.ASKED or checkout.expires_at is None:
        return _SOON_AGAIN
    life = int((checkout.expires_at - checkout.created_at).total_seconds())
    return min(max(life, _LEAST_CANCEL), _MOST_CANCEL)
