"""Why a bank sends money back: its own words, in Spanish or English, sorted into codes.

A code is a help for people and for statistics. It decides nothing: whatever the code, a
returned payout waits for the buyer's corrected details.
"""

import re
import unicodedata
from enum import StrEnum


class ReturnReason(StrEnum):
    """The usual reasons; each has a text `bank_reason.CODE`."""

    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    HOLDER_DIFFERS = "HOLDER_DIFFERS"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    OTHER = "OTHER"


_DIFFERS = (
    r"\bno (coincid|corresponde|pertenece)|diferent|difier|differ|distint|\botr[oa]\b"
    r"|incorrect|\berrad|errone|mismatch|not match|\bwrong\b|\banother\b"
)
_WHO = (
    r"\btitular|\bnombre|\bapellido|\bdocumento|\bdni\b|\bruc\b|\bbeneficiari"
    r"|\bholder|\bowner|\bname\b|\bdocument\b|\bbeneficiary"
)
_WHERE = (
    r"\bcuenta|\bcta\b|\bcci\b|\bcelular|\bnumero|\byape\b|\bplin\b"
    r"|\baccount|\bphone|\bmobile|\bnumber"
)
_UNKNOWN = (
    r"\bno (esta )?(existe|encontrad|ubicad|afiliad|registrad)|inexistente|desconocid|invalid"
    r"|incorrect|\berrad|errone|not (found|registered|exist)|\bunknown|\bwrong\b"
)
# What the words are about, and what they say of it. Both have to stand there, so that
# "operación cancelada" is no closed account. The first that fits counts.
_WORDS = (
    (ReturnReason.HOLDER_DIFFERS, _WHO, _DIFFERS),
    (ReturnReason.CURRENCY_DIFFERS, r"\bmoneda|\bdivisa|\bcurrenc", _DIFFERS),
    (ReturnReason.ACCOUNT_CLOSED, r"\bcuenta|\bcta\b|\baccount", r"cerrad|cancelad|closed"),
    (ReturnReason.ACCOUNT_UNKNOWN, _WHERE, _UNKNOWN),
)


def return_reason(words: str) -> ReturnReason:
    """The code for a bank's words, or for a code itself; OTHER where none is known."""
    if words.strip().upper() in ReturnReason.__members__:
        return ReturnReason(words.strip().upper())
    plain = _plain(words)
    for code, about, said in _WORDS:
        if re.search(about, plain) and re.search(said, plain):
            return code
    return ReturnReason.OTHER


def _plain(words: str) -> str:
    """Lower case, without accents, single spaces."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())
