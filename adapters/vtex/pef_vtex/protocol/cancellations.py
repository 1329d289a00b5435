"""`…/cancellations`: before the buyer paid it withdraws the CIP, after that it is a refund.

A paid CIP can't be cancelled without giving the money back, so 200 is only answered once
it is back. `cancel-manually` is the protocol's own word for "a person at the store pays
it" and is said only where we never will; `refund-manually` is never said here, because
outside a refund's answer it makes the gateway refund twice (section 3, issue 615050).
"""

from typing import Final

from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer, RefundStanding
from pef_vtex.protocol.refunds import (
    BY_HAND,
    DENIED,
    REQUEST,
    message,
    metadata,
    name_of,
    private,
    why,
)
from pef_vtex.wire import CancelSaid, OperationBody

MANUALLY: Final = "cancel-manually"


def asked_cancellation(body: OperationBody, payment_id: str, *, test: bool) -> AskedRefund:
    """What a call asks for: all of the payment that is left."""
    return AskedRefund(
        refund_id=name_of(payment_id, Operation.CANCEL, body.request_id),
        operation=Operation.CANCEL,
        payment_id=payment_id,
        amount=None,
        currency=None,
        test=test,
        private=private(body),
    )


def answer(asked: AskedRefund, standing: RefundStanding, store: StoreConnection) -> Answer:
    """See the module."""
    if standing.not_paid:
        return _cancelled(asked, standing, "cancelled_unpaid", store)
    if standing.state is State.REFUNDED:
        return _cancelled(asked, standing, "cancelled_refunded", store)
    if standing.left_to_store:
        said = standing.text or explain("vtex_answer.refund_by_hand", store.language)
        return _failed(asked, BY_HAND, MANUALLY, said)
    return _failed(asked, DENIED, why(standing), message(standing, store))


def failed(payment_id: str, request_id: str, *, status: int, code: str, message: str) -> Answer:
    """Nothing was cancelled."""
    said = CancelSaid(
        payment_id=payment_id,
        cancellation_id=None,
        code=code,
        message=message,
        request_id=request_id,
    )
    return Answer(status, said.as_json())


def _cancelled(
    asked: AskedRefund, standing: RefundStanding, key: str, store: StoreConnection
) -> Answer:
    said = CancelSaid(
        payment_id=asked.payment_id or "",
        cancellation_id=standing.our_id,
        code=None,
        message=explain(f"vtex_answer.{key}", store.language),
        request_id=asked.private[REQUEST],
        connector_metadata=() if standing.not_paid else metadata(standing),
    )
    return Answer(200, said.as_json())


def _failed(asked: AskedRefund, status: int, code: str, said: str) -> Answer:
    return failed(
        asked.payment_id or "",
        asked.private[REQUEST],
        status=status,
        code=code,
        message=said,
    )
