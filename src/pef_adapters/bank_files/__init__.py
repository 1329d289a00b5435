"""Bank files of the payout desk: payouts out, the bank's answers in, a format a bank.

Pure: bytes in, bytes out, without clock or disk. Each format is a plug-in behind
`contract.BankFormat`, found by its entry point; CSV comes along. Nothing here decides
about a refund, and no account leaves by a repr, a log or an error.
"""

from pef_adapters.bank_files.contract import (
    METHODS,
    MOST_BYTES,
    AnswerKind,
    BankAnswer,
    BankFormat,
    Batch,
    PayoutLine,
)
from pef_adapters.bank_files.reasons import ReturnReason, return_reason
from pef_adapters.bank_files.registry import load, names

__all__ = [
    "METHODS",
    "MOST_BYTES",
    "AnswerKind",
    "BankAnswer",
    "BankFormat",
    "Batch",
    "PayoutLine",
    "ReturnReason",
    "load",
    "names",
    "return_reason",
]
