"""What each code of the rail asks for: the tables of the fact sheet, 1.6 and 7.5.

Owns the meaning of a refusal. It must never call a code final that does not
prove that nothing was booked.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from pef_adapters.engine.ports import Refusal

SUCCESS = "100"
INTERNAL_ERROR = "166"
INVALID_VALUE = "113"
TRANSACTION_NOT_FOUND = "TRANSACTION_NOT_FOUND"

REFUSALS: Mapping[str, Refusal] = MappingProxyType(
    {
        # official (fact sheet 1.6)
        "111": Refusal.FINAL,
        "112": Refusal.FINAL,
        INVALID_VALUE: Refusal.FINAL,
        "508": Refusal.NEEDS_OWNER,
        "511": Refusal.FINAL,
        # proposed (fact sheet 7.5)
        "INVALID_AMOUNT": Refusal.FINAL,
        "REFUND_EXPIRED": Refusal.FINAL,
        "AMOUNT_EXCEEDED": Refusal.FINAL,
        "CURRENCY_MISMATCH": Refusal.FINAL,
        TRANSACTION_NOT_FOUND: Refusal.FINAL,
        "INVALID_TRANSACTION_STATE": Refusal.FINAL,
        "ALREADY_REFUNDED": Refusal.FINAL,
        "DUPLICATE_REFUND_ID": Refusal.DISPUTED_ID,
        "REFUND_IN_PROGRESS": Refusal.BUSY,
        "BENEFICIARY_REQUIRED": Refusal.NEEDS_BENEFICIARY,
        "BENEFICIARY_INVALID": Refusal.NEEDS_BENEFICIARY,
        "ACCOUNT_OWNER_MISMATCH": Refusal.NEEDS_BENEFICIARY,
        "MERCHANT_KYC_EXPIRED": Refusal.NEEDS_OWNER,
        "MERCHANT_BLOCKED": Refusal.NEEDS_OWNER,
        "INSUFFICIENT_FUNDS": Refusal.BUSY,
        "LIMIT_EXCEEDED": Refusal.BUSY,
        "INVALID_SIGNATURE": Refusal.NEEDS_OWNER,
        "TOKEN_EXPIRED": Refusal.NEEDS_OWNER,
        "RATE_LIMITED": Refusal.BUSY,
    }
)

_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: Refusal.NEEDS_OWNER,
    HTTPStatus.FORBIDDEN: Refusal.NEEDS_OWNER,
    HTTPStatus.PAYMENT_REQUIRED: Refusal.BUSY,
    HTTPStatus.TOO_MANY_REQUESTS: Refusal.BUSY,
    # A conflict we can't name may be about this very refund: only a query can tell.
    HTTPStatus.CONFLICT: Refusal.DISPUTED_ID,
}


def refusal_of(code: str, status: int) -> Refusal:
    """What a refusal asks for; an unknown code is judged by its HTTP status."""
    known = REFUSALS.get(code)
    return known or next((r for s, r in _BY_STATUS.items() if s == status), Refusal.FINAL)
