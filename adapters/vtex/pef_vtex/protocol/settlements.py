"""`…/settlements`: the gateway wants its money, which PagoEfectivo has or has not.

Never answers `refund-manually`: with a null id the gateway would refund twice (known
issue 615050).
"""

from decimal import Decimal
from typing import Final

from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import AskedSettlement, Checkout, CheckoutState
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer
from pef_vtex.wire import AmountBody, SettleSaid

DENIED: Final = 500


def asked_settlement(body: AmountBody, payment_id: str) -> AskedSettlement:
    """What a call asks for."""
    return AskedSettlement(payment_id=payment_id, request_id=body.request_id, amount=body.value)


def answer(asked: AskedSettlement, checkout: Checkout, store: StoreConnection) -> Answer:
    """200 with an id where the buyer paid at least that much, else denied."""
    if checkout.state is not CheckoutState.PAID:
        return _denied(asked, "not-paid", "settle_unpaid", store)
    if asked.amount > checkout.amount.decimal:
        return _denied(asked, "more-than-paid", "settle_too_much", store)
    said = SettleSaid(
        payment_id=asked.payment_id,
        settle_id=f"{checkout.id}/{asked.request_id}",
        value=asked.amount,
        code=None,
        message=explain("vtex_answer.settled", store.language),
        request_id=asked.request_id,
    )
    return Answer(200, said.as_json())


def failed(payment_id: str, request_id: str, *, status: int, code: str, message: str) -> Answer:
    """Nothing was settled."""
    said = SettleSaid(
        payment_id=payment_id,
        settle_id=None,
        value=Decimal(0),
        code=code,
        message=message,
        request_id=request_id,
    )
    return Answer(status, said.as_json())


def _denied(asked: AskedSettlement, code: str, key: str, store: StoreConnection) -> Answer:
    return failed(
        asked.payment_id,
        asked.request_id,
        status=DENIED,
        code=code,
        message=explain(f"vtex_answer.{key}", store.language),
    )
