"""What was given can't be used: amounts, settings, policies, files and forms."""

from collections.abc import Iterable
from dataclasses import dataclass

from pef_adapters.core.errors.base import PefError, Retry


class InvalidInput(PefError):
    """The input can't be used as it is."""

    code = "INVALID_INPUT"
    http_status = 422
    retry = Retry.AFTER_MENDING


class InvalidMoney(InvalidInput):
    """The amount is not a plain decimal number with the currency's decimals."""

    code = "INVALID_MONEY"


class UnknownCurrency(InvalidInput):
    """The currency is not an ISO 4217 code."""

    code = "UNKNOWN_CURRENCY"


class CurrencyDiffers(InvalidInput):
    """Two amounts in different currencies can't be compared or added."""

    code = "CURRENCY_DIFFERS"


class RequestIdReused(InvalidInput):
    """This id was used before, for something else."""

    code = "REQUEST_ID_REUSED"
    http_status = 409
    retry = Retry.NEVER


class SettingInvalid(InvalidInput):
    """A setting has a value that can't be used."""

    code = "SETTING_INVALID"


class PolicyUnreadable(InvalidInput):
    """The policy can't be read."""

    code = "POLICY_UNREADABLE"


class PolicyLocked(InvalidInput):
    """The store's policy changes what its agency's policy locks."""

    code = "POLICY_LOCKED"
    http_status = 409


class HistoryUnreadable(InvalidInput):
    """The list of past refunds can't be read."""

    code = "HISTORY_UNREADABLE"


class BankFileUnreadable(InvalidInput):
    """The bank's file can't be read."""

    code = "BANK_FILE_UNREADABLE"


class CostsUnreadable(InvalidInput):
    """The file of costs can't be read."""

    code = "COSTS_UNREADABLE"


class RateMissing(InvalidInput):
    """No exchange rate is known for the day."""

    code = "RATE_MISSING"


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that can't be used, and the rule it breaks; never what was typed."""

    field: str
    code: str

    @property
    def text_key(self) -> str:
        """The key of what is wrong and how to mend it, in `core.texts`."""
        return f"beneficiary.{self.code}"


class BeneficiaryInvalid(InvalidInput):
    """The details of who is paid can't be used."""

    code = "BENEFICIARY_DETAILS_INVALID"

    def __init__(self, message: str | None = None, *, problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        named = ", ".join(f"{each.field}: {each.code}" for each in self.problems)
        super().__init__(message or " ".join(filter(None, (self.default_message(), named))))


class PayoutAnswerDiffers(InvalidInput):
    """The bank's answer does not fit what was paid out."""

    code = "PAYOUT_ANSWER_DIFFERS"
