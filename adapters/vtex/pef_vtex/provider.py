"""VTEX's gateway calls us: who calls, what is asked, what is answered.

Translates only. While a call is served nothing of VTEX's is called, and no answer depends
on anything but how the payment or refund stands (platforms/vtex.md, sections 1 to 4).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from pef_adapters.core.errors import BodyTooLarge, BodyUnreadable, PefError, SourceMismatch
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import (
    AskedPayment,
    AskedRefund,
    AskedSettlement,
    Checkout,
    CheckoutState,
    Operation,
)
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import (
    Answer,
    Asked,
    Call,
    Plain,
    RefundStanding,
    Standing,
)
from pef_vtex import callback, suite
from pef_vtex.credentials import app_key, is_suite, prove
from pef_vtex.protocol import cancellations, forwarded, payments, refunds, settlements
from pef_vtex.protocol.faults import refused
from pef_vtex.protocol.manifest import manifest
from pef_vtex.protocol.places import Place, Want, place_of, store_in
from pef_vtex.settings import settings_of
from pef_vtex.wire import AmountBody, InboundBody, OperationBody, PaymentBody

MAX_BODY_BYTES: Final = 1024 * 1024


class VtexProvider:
    """See `platforms.provider.Provider`, which documents these methods."""

    by_certificate = False
    max_body_bytes = MAX_BODY_BYTES

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def caller(self, call: Call) -> str | None:
        named, key = store_in(call.path), app_key(call.headers)
        if named and key and named != key:
            raise SourceMismatch("the AppKey is another store's than the address")
        return named or key

    def greet(self, call: Call) -> Answer | None:
        at_home = store_in(call.path) is None
        if at_home and place_of(call.method, call.path).want is Want.MANIFEST:
            return manifest()
        return None

    def read(self, call: Call, store: StoreConnection) -> Asked:
        place = place_of(call.method, call.path)
        if place.want is Want.MANIFEST:
            return Plain(manifest(settings_of(store).methods))
        prove(call, store)
        if len(call.body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return _asked(place, call, store)

    def leaves_payouts_to_store(self, store: StoreConnection) -> bool:
        return settings_of(store).manual_refunds == "vtex"

    def answer(self, asked: Asked, standing: Standing, store: StoreConnection) -> Answer:
        match asked, standing:
            case AskedPayment(), Checkout():
                of_suite = suite.standing(standing, store)
                return Answer(200, (of_suite or payments.standing(standing, store)).as_json())
            case AskedSettlement(), Checkout():
                return settlements.answer(asked, standing, store)
            case AskedRefund(operation=Operation.CANCEL), RefundStanding():
                return cancellations.answer(asked, standing, store)
            case AskedRefund(), RefundStanding():
                return refunds.answer(asked, standing, store)
            case _:
                raise TypeError(f"{type(standing).__name__} answers no {type(asked).__name__}")

    def refused(self, call: Call, fault: PefError) -> Answer:
        return refused(call, fault)

    async def tell_payment(self, checkout: Checkout, store: StoreConnection) -> None:
        waiting = checkout.state is CheckoutState.WAITING
        of_suite = suite.standing(checkout, store) is not None
        if of_suite is not waiting or checkout.state is CheckoutState.ASKED:
            # An ordinary payment that waits was answered so; the suite's end by its card.
            return
        said = suite.end(checkout, store, self._now()) or payments.standing(checkout, store)
        await callback.tell(checkout, said, store)


def _asked(place: Place, call: Call, store: StoreConnection) -> Asked:
    in_suite = is_suite(call, store)
    match place.want:
        case Want.PAYMENT:
            return _payment(PaymentBody.parse(call.body), store, in_suite=in_suite)
        case Want.SETTLEMENT:
            return _settlement(AmountBody.parse(call.body), place, store, in_suite=in_suite)
        case Want.REFUND:
            return _refund(AmountBody.parse(call.body), place, store, in_suite=in_suite)
        case Want.CANCELLATION:
            return _cancellation(OperationBody.parse(call.body), place, store, in_suite=in_suite)
        case _:
            return _forwarded(InboundBody.parse(call.body), place, store)


def _payment(body: PaymentBody, store: StoreConnection, *, in_suite: bool) -> Asked:
    asked = payments.asked_payment(body, test=_is_test(body.sandbox, store, in_suite=in_suite))
    if not in_suite:
        return asked
    if suite.is_later(case := suite.case_of(body)):
        return suite.later(asked, case)
    return Plain(suite.payment_answer(body, case, store))


def _settlement(body: AmountBody, place: Place, store: StoreConnection, *, in_suite: bool) -> Asked:
    _require_same_payment(body, place)
    asked = settlements.asked_settlement(body, place.payment_id)
    if in_suite and suite.is_suites(body):
        return Plain(suite.settled(asked, store))
    return asked


def _refund(body: AmountBody, place: Place, store: StoreConnection, *, in_suite: bool) -> Asked:
    _require_same_payment(body, place)
    test = _is_test(body.sandbox, store, in_suite=in_suite)
    asked = refunds.asked_refund(body, place.payment_id, test=test)
    if in_suite and suite.is_suites(body):
        return Plain(suite.refunded(asked, store))
    return asked


def _cancellation(
    body: OperationBody, place: Place, store: StoreConnection, *, in_suite: bool
) -> Asked:
    _require_same_payment(body, place)
    test = _is_test(body.sandbox, store, in_suite=in_suite)
    asked = cancellations.asked_cancellation(body, place.payment_id, test=test)
    if in_suite and suite.is_suites(body):
        return Plain(suite.cancelled(asked, store))
    return asked


def _forwarded(body: InboundBody, place: Place, store: StoreConnection) -> Asked:
    _require_same_payment(body, place)
    return Plain(forwarded.answer(body, place.payment_id, store))


def _require_same_payment(body: OperationBody | InboundBody, place: Place) -> None:
    """Nothing, where address and body mean one payment.

    Raises:
        BodyUnreadable: they mean two.
    """
    if body.payment_id not in (None, place.payment_id):
        raise BodyUnreadable("the address and the body name two payments")


def _is_test(sandbox: bool | None, store: StoreConnection, *, in_suite: bool) -> bool:  # noqa: FBT001 - a field of the body
    """Whether a call is no real one; where it does not say, it is what its store is."""
    return in_suite or (store.mode is Mode.SANDBOX if sandbox is None else sandbox)
