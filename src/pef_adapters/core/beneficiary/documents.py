"""Identity documents that a payout in Peru may name: DNI, CE, RUC and passport.

Owns their shapes and check digits (fact sheet 6.2). Whether a document exists, and
whose it is, only RENIEC, SUNAT or a bank can say.
"""

import re
from enum import StrEnum

from stdnum.pe import cui, ruc
from stdnum.util import clean

from pef_adapters.core.beneficiary.refusals import refused

_FIELD = "document_number"
_SEPARATORS = " .-"
_DNI = re.compile(r"[0-9]{8}[0-9A-Za-z]?")
_DNI_DIGITS = 8
_RUC = re.compile(r"[0-9]{11}")
# python-stdnum knows all of these but 16 (fact sheet 6.2).
_RUC_PREFIXES = ("10", "15", "16", "17", "20")
_CE = re.compile(r"(?=.*[0-9])[0-9A-Za-z]{8,12}")
_PASSPORT = re.compile(r"(?=.*[0-9])[0-9A-Za-z]{7,12}")


class DocumentType(StrEnum):
    """Kinds of documents, by the names that PagoEfectivo uses (fact sheet 7.2)."""

    DNI = "DNI"
    CE = "CE"
    RUC = "RUC"
    PAS = "PAS"


def document(kind: DocumentType, number: str) -> str:
    """The number in its one written form: no separators, capitals, a DNI as 8 digits.

    A ninth character of a DNI is verified and left out. Spaces, dots and dashes are
    taken as people type them.

    Raises:
        BeneficiaryInvalid: nothing was typed, or it is no number of this kind.
    """
    plain = clean(number, _SEPARATORS).strip()
    if not plain:
        raise refused(_FIELD, "DOCUMENT_NUMBER_MISSING")
    if not plain.strip("0"):
        raise refused(_FIELD, "DOCUMENT_PLACEHOLDER")
    match kind:
        case DocumentType.DNI:
            return _dni(plain)
        case DocumentType.RUC:
            return _ruc(plain)
        case DocumentType.CE:
            return _shaped(_CE, plain, "CE_FORMAT")
        case DocumentType.PAS:
            return _shaped(_PASSPORT, plain, "PASSPORT_FORMAT")


def masked_document(kind: DocumentType, number: str) -> str:
    """Kind and last four characters: "DNI ····5678"."""
    return f"{kind} ····{number[-4:]}"


def _dni(plain: str) -> str:
    number = _shaped(_DNI, plain, "DNI_FORMAT")
    if not cui.is_valid(number):
        raise refused(_FIELD, "DNI_CHECK")
    return number[:_DNI_DIGITS]


def _ruc(plain: str) -> str:
    number = _shaped(_RUC, plain, "RUC_FORMAT")
    if not number.startswith(_RUC_PREFIXES):
        raise refused(_FIELD, "RUC_PREFIX")
    if not number.endswith(ruc.calc_check_digit(number)):
        raise refused(_FIELD, "RUC_CHECK")
    return number


def _shaped(shape: re.Pattern[str], plain: str, code: str) -> str:
    # Capitals come after the match: some letters outside ASCII have ASCII capitals.
    if not shape.fullmatch(plain):
        raise refused(_FIELD, code)
    return plain.upper()
