"""`…/refunds`: by how the refund stands, whatever call this is (section 3).

The protocol has no refund that takes days, and VTEX's own texts disagree on whether it
asks again. So 200 means "the buyer's money is back", everything else that is not left to
the store is 500, and being asked again is never needed.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer, RefundStanding
from pef_vtex.protocol.manifest import REFUND_FIELD
from pef_vtex.wire import AmountBody, Metadata, OperationBody, RefundSaid

DENIED, BY_HAND = 500, 501
MANUALLY: Final = "refund-manually"
OPEN: Final = "refund-in-progress"
REQUEST: Final = "request_id"
# Where no money will go back by itself any more, and a person's code says why.
_ENDED: Final = frozenset({State.REJECTED, State.FAILED, State.CANCELLED, State.REVERSED})


def asked_refund(body: AmountBody, payment_id: str, *, test: bool) -> AskedRefund:
    """What a call asks for; neither currency nor order stand in it (section 2)."""
    return AskedRefund(
        refund_id=name_of(payment_id, Operation.REFUND, body.request_id),
        operation=Operation.REFUND,
        payment_id=payment_id,
        amount=body.value,
        currency=None,
        test=test,
        private=private(body),
    )


def name_of(payment_id: str, operation: Operation, request_id: str) -> str:
    """The refund's whole name: dated request ids repeat between payments (section 2)."""
    return f"{payment_id}/{operation}/{request_id}"


def private(body: OperationBody) -> Mapping[str, str]:
    """What is needed to answer this very call."""
    return {REQUEST: body.request_id, "transaction_id": body.transaction_id}


def answer(asked: AskedRefund, standing: RefundStanding, store: StoreConnection) -> Answer:
    """See the module."""
    if standing.state is State.REFUNDED:
        return _refunded(asked, standing, store)
    if standing.left_to_store:
        said = standing.text or explain("vtex_answer.refund_by_hand", store.language)
        return _failed(asked, BY_HAND, MANUALLY, said)
    return _failed(asked, DENIED, why(standing), message(standing, store))


def why(standing: RefundStanding) -> str:
    """The code in VTEX's log: ours where the refund ended or waits for a person."""
    return standing.code if standing.state in _ENDED and standing.code else OPEN


def message(standing: RefundStanding, store: StoreConnection) -> str:
    """What VTEX's log says about a refund that is not done."""
    return standing.text or explain("vtex_answer.refund_open", store.language)


def metadata(standing: RefundStanding) -> tuple[Metadata, ...]:
    """Our name of the refund, which VTEX keeps with the transaction."""
    return (Metadata(name=REFUND_FIELD, value=standing.our_id),)


def failed(payment_id: str, request_id: str, *, status: int, code: str, message: str) -> Answer:
    """Nothing was refunded."""
    said = RefundSaid(
        payment_id=payment_id,
        refund_id=None,
        value=Decimal(0),
        code=code,
        message=message,
        request_id=request_id,
    )
    return Answer(status, said.as_json())


def _refunded(asked: AskedRefund, standing: RefundStanding, store: StoreConnection) -> Answer:
    said = RefundSaid(
        payment_id=asked.payment_id or "",
        refund_id=standing.our_id,
        value=standing.amount.decimal,
        code=None,
        message=explain("vtex_answer.refunded", store.language),
        request_id=asked.private[REQUEST],
        connector_metadata=metadata(standing),
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
