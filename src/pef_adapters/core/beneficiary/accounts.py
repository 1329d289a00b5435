"""Where a payout goes: a bank account by its CCI, or a mobile number at Yape or Plin.

Owns shapes, bank names and check digits (fact sheet 6.1). Whether an account exists,
and whose it is, only the bank can say.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from stdnum import luhn
from stdnum.util import clean

from pef_adapters.core.beneficiary.refusals import refused

_FIELD = "account"
_CCI = re.compile(r"[0-9]{20}")
_BANK, _BRANCH, _ACCOUNT = slice(0, 3), slice(0, 6), slice(6, 18)
_BRANCH_CHECK, _ACCOUNT_CHECK = 18, 19
_PHONE = re.compile(r"(?:\+?51)?(9[0-9]{8})")

BANKS: Mapping[str, str] = MappingProxyType(
    {
        "002": "BCP",
        "003": "Interbank",
        "007": "Citibank",
        "009": "Scotiabank",
        "011": "BBVA",
        "018": "Banco de la Nación",
        "023": "Banco de Comercio",
        "035": "Pichincha",
        "038": "BanBif",
        "043": "Crediscotia",
        "049": "Mibanco",
        "053": "GNB",
        "054": "Falabella",
        "056": "Santander",
    }
)
"""Banks by the first three digits of a CCI (fact sheet 6.1). The list is not complete:
savings banks have codes too, so a code that is not here is no error."""


class Method(StrEnum):
    """The ways in which a payout reaches the buyer."""

    CCI = "cci"
    YAPE = "yape"
    PLIN = "plin"


def account(method: Method, number: str, *, check_digits: bool = True) -> str:
    """The destination in its one written form: 20 digits of a CCI, or 9 of a phone.

    Raises:
        BeneficiaryInvalid: nothing was typed, or it is no CCI or no mobile number.
    """
    plain = clean(number, " .-()").strip()
    if not plain:
        raise refused(_FIELD, "ACCOUNT_MISSING")
    return _cci(plain, check_digits=check_digits) if method is Method.CCI else _phone(plain)


def masked_account(method: Method, number: str) -> str:
    """Where to, with the last digits only: "BCP ····0117", "Yape ····123"."""
    if method is Method.CCI:
        return f"{BANKS.get(number[_BANK], 'CCI')} ····{number[-4:]}"
    return f"{method.value.capitalize()} ····{number[-3:]}"


def _cci(plain: str, *, check_digits: bool) -> str:
    """A CCI: bank 3, branch 3, account 12, check 2.

    The rule of the check digits was derived from examples (fact sheet 6.1), so it can
    be switched off.
    """
    if not _CCI.fullmatch(plain):
        raise refused(_FIELD, "CCI_FORMAT")
    if _one_digit(plain[_ACCOUNT]):
        raise refused(_FIELD, "ACCOUNT_PLACEHOLDER")
    if check_digits and (wrong := _wrong_checks(plain)):
        raise refused(_FIELD, *wrong)
    return plain


def _wrong_checks(cci: str) -> list[str]:
    parts = {
        "CCI_BRANCH_CHECK": cci[_BRANCH] + cci[_BRANCH_CHECK],
        "CCI_ACCOUNT_CHECK": cci[_ACCOUNT] + cci[_ACCOUNT_CHECK],
    }
    return [code for code, part in parts.items() if not luhn.is_valid(part)]


def _phone(plain: str) -> str:
    found = _PHONE.fullmatch(plain)
    if not found:
        raise refused(_FIELD, "PHONE_FORMAT")
    if _one_digit(found[1]):
        raise refused(_FIELD, "ACCOUNT_PLACEHOLDER")
    return found[1]


def _one_digit(digits: str) -> bool:
    return len(set(digits)) == 1
