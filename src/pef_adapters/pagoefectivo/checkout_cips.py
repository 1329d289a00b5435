"""The CIP of a checkout: what PagoEfectivo is asked for, and whether its answer is about that.

Pure. It must never let a CIP through whose amount, currency or code is another's: a buyer
would pay something else than the order.
"""

from urllib.parse import urlsplit

from pydantic import ValidationError

from pef_adapters.core.errors import AnsweredNonsense, InvalidInput
from pef_adapters.engine.ports import RailCip
from pef_adapters.engine.records import Checkout
from pef_adapters.pagoefectivo.settings import CipDefaults, TransactionReference
from pef_adapters.pagoefectivo.wire import CreatedCip, NewCip

_CIP_DIGITS = 14
_CONCEPT_LETTERS = 50
_CURRENCIES = ("PEN", "USD")


def order_of(checkout: Checkout, email: str, defaults: CipDefaults) -> NewCip:
    """The CIP to ask for (fact sheet 1.3); what the store does not tell is the account's.

    Raises:
        InvalidInput: PagoEfectivo can't take such a payment; the message names what to mend.
    """
    amount, address = checkout.amount, email or defaults.user_email
    if amount.currency not in _CURRENCIES:
        raise InvalidInput(f"PagoEfectivo takes {' and '.join(_CURRENCIES)}, not {amount.currency}")
    if not address:
        raise InvalidInput("the buyer's e-mail is missing: let the store ask for it")
    wanted = {
        "currency": amount.currency,
        "amount": amount.decimal,
        "transaction_code": checkout.id,
        "date_expiry": checkout.expires_at,
        "payment_concept": f"Pedido {checkout.order_number or checkout.order_id}"[
            :_CONCEPT_LETTERS
        ],
        "user_email": address,
        "user_phone": defaults.user_phone,
        "user_code_country": defaults.user_code_country,
    }
    try:
        return NewCip.model_validate(wanted)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise InvalidInput(f"the payment's {place} can't be used: {problem['msg']}") from None


def checked_cip(created: CreatedCip, checkout: Checkout, known_by: TransactionReference) -> RailCip:
    """The answer as the engine's, once it is proved to be about this checkout.

    Raises:
        AnsweredNonsense: another amount, currency or code, or no CIP that a buyer can pay.
    """
    agrees = {
        "cip": can_be_cip(created.cip) and created.cip.strip("0") != "",
        "currency": created.currency == checkout.amount.currency,
        "amount": created.amount == checkout.amount.decimal,
        "transactionCode": created.transaction_code == checkout.id,
        "cipUrl": _is_page(created.cip_url),
        "dateExpiry": created.date_expiry is not None,
    }
    wrong = [name for name, is_right in agrees.items() if not is_right]
    if wrong or created.cip_url is None or created.date_expiry is None:
        raise AnsweredNonsense(f"the new CIP's {', '.join(wrong)} is not what was asked")
    by_code = known_by is TransactionReference.TRANSACTION_CODE
    return RailCip(
        transaction_id=created.transaction_code if by_code else created.cip,
        pay_url=created.cip_url,
        expires_at=created.date_expiry,
    )


def can_be_cip(text: str) -> bool:
    """Whether a text can be a CIP's number: 1 to 14 digits."""
    return text.isascii() and text.isdigit() and len(text) <= _CIP_DIGITS


def _is_page(url: str | None) -> bool:
    """Whether a buyer's browser can be sent there."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)
