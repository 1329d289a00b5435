"""What VTEX hears where we could not do what it asked: each route's own shape.

The three operations know only 500 for that; `/payments` knows 400 too. Whoever proved
nothing hears 401 and no more. Nothing here is ever a 2xx: VTEX would take it for done. So a
payment whose CIP may or may not have been made is a failure as well; the same payment id
asked again gets its CIP, and nobody was shown another one.
"""

from pef_adapters.core.errors import (
    AnsweredNo,
    BodyUnreadable,
    InvalidInput,
    KeysMixed,
    NotThere,
    PefError,
    WebhookRejected,
)
from pef_adapters.platforms.provider import Answer, Call
from pef_vtex.protocol import cancellations, refunds, settlements
from pef_vtex.protocol.places import Want, place_of
from pef_vtex.wire import OperationBody, PaymentRefused

_FAILED = {
    Want.CANCELLATION: cancellations.failed,
    Want.SETTLEMENT: settlements.failed,
    Want.REFUND: refunds.failed,
}
_TO_BE_MENDED = (InvalidInput, KeysMixed, AnsweredNo)
_BAD_REQUEST, _INTERNAL = 400, 500
# Many times what an operation's body has; more is not read for whoever proved nothing.
_LONGEST_OPERATION = 64 * 1024


def refused(call: Call, fault: PefError) -> Answer:
    """See `platforms.provider.Provider.refused`."""
    try:
        place = place_of(call.method, call.path)
    except NotThere:
        return _plain(fault.http_status, fault)
    if place.want is Want.PAYMENT:
        return _payment(fault)
    if place.want in _FAILED:
        status = fault.http_status if isinstance(fault, WebhookRejected) else _INTERNAL
        return _FAILED[place.want](
            place.payment_id,
            _request_of(call.body),
            status=status,
            code=fault.code,
            message=str(fault),
        )
    return _plain(fault.http_status, fault)


def _payment(fault: PefError) -> Answer:
    if isinstance(fault, WebhookRejected):
        return _plain(fault.http_status, fault)
    if isinstance(fault, _TO_BE_MENDED):
        return _plain(_BAD_REQUEST, fault)
    return _plain(_INTERNAL, fault)


def _plain(status: int, fault: PefError) -> Answer:
    return Answer(status, PaymentRefused(code=fault.code, message=str(fault)).as_json())


def _request_of(body: bytes) -> str:
    """The request's id, to be echoed; "" where the body can't be read."""
    if len(body) > _LONGEST_OPERATION:
        return ""
    try:
        return OperationBody.parse(body).request_id
    except BodyUnreadable:
        return ""
