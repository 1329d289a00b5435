"""Reads what a merchant asks for, and says what is wrong with it (fact sheet 7.2)."""

import hashlib

from pydantic import ValidationError

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox.answers import Refused, invalid_fields
from pef_adapters.pagoefectivo.sandbox.cips import problems_of
from pef_adapters.pagoefectivo.wire import RefundOrder


def read_order(body: object) -> RefundOrder:
    """The order in a body.

    Raises:
        Refused: INVALID_AMOUNT, BENEFICIARY_INVALID, or 111 with the fields.
    """
    try:
        return RefundOrder.model_validate(body)
    except ValidationError as error:
        raise _refused(problems_of(error)) from None


def amount_of(order: RefundOrder) -> Money:
    """The amount, exact and above zero.

    Raises:
        Refused: INVALID_AMOUNT.
    """
    try:
        amount = Money.parse(order.refund_amount, order.currency)
    except InvalidInput:
        raise Refused("INVALID_AMOUNT") from None
    if amount.minor <= 0:
        raise Refused("INVALID_AMOUNT")
    return amount


def content_of(order: RefundOrder, amount: Money) -> str:
    """A hash of what makes two orders the same; 22.5 and 22.50 are one amount."""
    content = order.model_dump(mode="json", exclude={"refund_amount"})
    return hashlib.sha256(exact_json.write({**content, "minor": amount.minor})).hexdigest()


def _refused(problems: list[tuple[str, str]]) -> Refused:
    fields = [field for field, _ in problems]
    if fields == ["refund_amount"]:
        return Refused("INVALID_AMOUNT")
    if all(field.startswith("beneficiary") for field in fields):
        return Refused("BENEFICIARY_INVALID")
    return invalid_fields(problems)
