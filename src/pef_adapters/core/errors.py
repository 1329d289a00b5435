"""Every error of ours, in one tree.

A class name states a fact; its docstring is its default message. Nothing here
knows how an error is shown: surfaces read `code`, `http_status` and `text_key`.

    PefError
    ├── InvalidInput                 what was given can't be used
    │   ├── InvalidMoney
    │   ├── UnknownCurrency
    │   ├── CurrencyDiffers
    │   ├── SettingInvalid
    │   ├── PolicyUnreadable
    │   ├── PolicyLocked             a store changes what its agency locked
    │   └── HistoryUnreadable        past refunds that can't be read
    ├── NotThere                     not there, or not yours: same answer
    ├── UnsafeAddress                an address we must not connect to
    ├── KeysMixed                    a sandbox key meets a live host, or the reverse
    ├── SecretUnreadable             the secret key does not open what is stored
    ├── DatabaseUnavailable          no database to work with
    ├── TransitionRefused            the state table has no such cell
    ├── AmountExceedsRest            refunded + reserved + amount > paid
    ├── WebhookRejected              a delivery that changes nothing
    │   ├── SignatureMissing
    │   ├── SignatureInvalid
    │   ├── BodyTooLarge
    │   ├── BodyUnreadable
    │   └── SourceMismatch
    ├── PlatformError                the store could not be read or written
    │   ├── PlatformUnreachable      a retry can help
    │   ├── PlatformRefused          keys or rights: a person must act
    │   └── PlatformNonsense         an answer we can't understand
    └── RailError                    PagoEfectivo; sorted once, by what may have happened
        ├── NotSent                  proved: no byte of the request took effect
        ├── MaybeSent                the request may have taken effect
        ├── AnsweredNo               a proved refusal, with the rail's code
        └── AnsweredNonsense         an answer that is not the one asked for
"""

from enum import StrEnum
from typing import ClassVar


class Retry(StrEnum):
    """Whether the same call can succeed later, and who must act first."""

    NEVER = "never"
    LATER = "later"
    AFTER_MENDING = "after_mending"


class PefError(Exception):
    """Something in pef-adapters went wrong."""

    code: ClassVar[str] = "PEF_ERROR"
    http_status: ClassVar[int] = 500
    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message())

    @classmethod
    def default_message(cls) -> str:
        return (cls.__doc__ or cls.__name__).split("\n", maxsplit=1)[0]

    @property
    def text_key(self) -> str:
        """The key of this error's explanation in `core.texts`."""
        return f"error.{self.code}"

    @property
    def help_page(self) -> str:
        """The page about this code, relative to the docs' root."""
        return f"reference/errors.md#{self.code.lower()}"


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


class NotThere(PefError):
    """There is no such record, or it is not yours."""

    code = "NOT_THERE"
    http_status = 404


class UnsafeAddress(PefError):
    """The address leads to a private network, so it is not called."""

    code = "UNSAFE_ADDRESS"
    http_status = 422
    retry = Retry.AFTER_MENDING


class KeysMixed(PefError):
    """A sandbox key must not reach a live host, nor a live key a sandbox."""

    code = "KEYS_MIXED"
    http_status = 422
    retry = Retry.AFTER_MENDING


class SecretUnreadable(PefError):
    """The stored secret can't be opened with the present PEF_SECRET_KEY."""

    code = "SECRET_UNREADABLE"
    retry = Retry.AFTER_MENDING


class DatabaseUnavailable(PefError):
    """The database can't be reached or started."""

    code = "DATABASE_UNAVAILABLE"
    http_status = 503
    retry = Retry.AFTER_MENDING


class TransitionRefused(PefError):
    """The refund's state does not allow this step."""

    code = "TRANSITION_REFUSED"
    http_status = 409


class AmountExceedsRest(PefError):
    """The amount is more than what is left of the payment."""

    code = "AMOUNT_EXCEEDS_REST"
    http_status = 409


class WebhookRejected(PefError):
    """The delivery was not accepted and changed nothing."""

    code = "WEBHOOK_REJECTED"
    http_status = 400


class SignatureMissing(WebhookRejected):
    """The delivery carries no signature."""

    code = "SIGNATURE_MISSING"
    http_status = 401


class SignatureInvalid(WebhookRejected):
    """The signature does not fit the body and this store's secret."""

    code = "SIGNATURE_INVALID"
    http_status = 401


class BodyTooLarge(WebhookRejected):
    """The body is larger than a webhook may be."""

    code = "BODY_TOO_LARGE"
    http_status = 413


class BodyUnreadable(WebhookRejected):
    """The body is not the JSON that this webhook sends."""

    code = "BODY_UNREADABLE"


class SourceMismatch(WebhookRejected):
    """The delivery names another store than the address it was sent to."""

    code = "SOURCE_MISMATCH"
    http_status = 403


class PlatformError(PefError):
    """The store could not be read or written."""

    code = "PLATFORM_ERROR"
    http_status = 502
    retry = Retry.LATER


class PlatformUnreachable(PlatformError):
    """The store did not answer."""

    code = "PLATFORM_UNREACHABLE"


class PlatformRefused(PlatformError):
    """The store refused our keys or our rights."""

    code = "PLATFORM_REFUSED"
    retry = Retry.AFTER_MENDING


class PlatformNonsense(PlatformError):
    """The store's answer can't be understood."""

    code = "PLATFORM_NONSENSE"


class RailError(PefError):
    """PagoEfectivo could not be asked, or did not say yes."""

    code = "RAIL_ERROR"
    http_status = 502
    retry = Retry.LATER


class NotSent(RailError):
    """The request surely never reached PagoEfectivo."""

    code = "RAIL_NOT_SENT"


class MaybeSent(RailError):
    """The request may have reached PagoEfectivo; its result is unknown."""

    code = "RAIL_MAYBE_SENT"


class AnsweredNo(RailError):
    """PagoEfectivo refused the request."""

    code = "RAIL_ANSWERED_NO"
    retry = Retry.NEVER

    def __init__(
        self,
        message: str | None = None,
        *,
        rail_code: str = "",
        status: int = 0,
        rail_text: str = "",
    ) -> None:
        said = f"PagoEfectivo refused: {rail_code or status} {rail_text}".strip()
        super().__init__(message or said)
        self.rail_code = rail_code
        self.status = status
        self.rail_text = rail_text


class AnsweredNonsense(RailError):
    """PagoEfectivo's answer is not an answer to what was asked."""

    code = "RAIL_ANSWERED_NONSENSE"
