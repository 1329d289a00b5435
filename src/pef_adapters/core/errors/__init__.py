"""Every error of ours, in one tree.

A class name states a fact; its docstring is its default message. Nothing here
knows how an error is shown: surfaces read `code`, `http_status` and `text_key`.

    PefError
    ├── NotSignedIn                  nobody, or no good token
    │   ├── SignInRefused            e-mail, password or code is wrong
    │   └── SignInLinkRefused        unknown, used or expired
    ├── NotAllowed                   yours to see, not to do
    ├── FormStale                    a form of another session
    ├── TooManyTries
    ├── CallUnderWay                 the same idempotency key is being worked on
    ├── RestChanged                  what remains of a payment is not what was shown
    ├── InvalidInput                 what was given can't be used
    │   ├── InvalidMoney
    │   ├── UnknownCurrency
    │   ├── CurrencyDiffers
    │   ├── RequestIdReused          an idempotency key comes back with another content
    │   ├── SettingInvalid
    │   ├── PolicyUnreadable
    │   ├── PolicyLocked             a store changes what its agency locked
    │   ├── HistoryUnreadable        past refunds that can't be read
    │   ├── BankFileUnreadable       a bank's answers that can't be read
    │   ├── CostsUnreadable
    │   ├── RateMissing              no exchange rate for a pair and a day
    │   ├── BeneficiaryInvalid       who is paid, or where to, can't be used
    │   └── PayoutAnswerDiffers      the bank answers about something else
    ├── NotThere                     not there, or not yours: same answer
    ├── LinkRefused                  a buyer's link that opens nothing
    │   ├── LinkTampered
    │   ├── LinkExpired
    │   ├── LinkUsed
    │   ├── LinkExhausted            all its tries are used up
    │   └── LinkReplaced             a newer one was sent, or none is needed
    ├── UnsafeAddress                an address we must not connect to
    ├── KeysMixed                    a sandbox key meets a live host, or the reverse
    ├── SecretUnreadable             the secret key does not open what is stored
    ├── DatabaseUnavailable          no database to work with
    ├── SchemaUnfit                  the database is of another release
    ├── TransitionRefused            the state table has no such cell
    ├── AmountExceedsRest            refunded + reserved + amount > paid
    ├── ApprovalRefused              an approval that can't be given
    │   ├── EditorCannotApprove
    │   ├── AlreadyApproved
    │   └── NothingToApprove
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

from pef_adapters.core.errors.access import (
    CallUnderWay,
    FormStale,
    NotAllowed,
    NotSignedIn,
    RestChanged,
    SignInLinkRefused,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.core.errors.base import (
    PefError,
    Retry,
)
from pef_adapters.core.errors.inputs import (
    BankFileUnreadable,
    BeneficiaryInvalid,
    CostsUnreadable,
    CurrencyDiffers,
    HistoryUnreadable,
    InvalidInput,
    InvalidMoney,
    PayoutAnswerDiffers,
    PolicyLocked,
    PolicyUnreadable,
    Problem,
    RateMissing,
    RequestIdReused,
    SettingInvalid,
    UnknownCurrency,
)
from pef_adapters.core.errors.refusals import (
    AlreadyApproved,
    AmountExceedsRest,
    ApprovalRefused,
    DatabaseUnavailable,
    EditorCannotApprove,
    KeysMixed,
    LinkExhausted,
    LinkExpired,
    LinkRefused,
    LinkReplaced,
    LinkTampered,
    LinkUsed,
    NothingToApprove,
    NotThere,
    SchemaUnfit,
    SecretUnreadable,
    TransitionRefused,
    UnsafeAddress,
)
from pef_adapters.core.errors.wires import (
    AnsweredNo,
    AnsweredNonsense,
    BodyTooLarge,
    BodyUnreadable,
    MaybeSent,
    NotSent,
    PlatformError,
    PlatformNonsense,
    PlatformRefused,
    PlatformUnreachable,
    RailError,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
    WebhookRejected,
)

__all__ = [
    "AlreadyApproved",
    "AmountExceedsRest",
    "AnsweredNo",
    "AnsweredNonsense",
    "ApprovalRefused",
    "BankFileUnreadable",
    "BeneficiaryInvalid",
    "BodyTooLarge",
    "BodyUnreadable",
    "CallUnderWay",
    "CostsUnreadable",
    "CurrencyDiffers",
    "DatabaseUnavailable",
    "EditorCannotApprove",
    "FormStale",
    "HistoryUnreadable",
    "InvalidInput",
    "InvalidMoney",
    "KeysMixed",
    "LinkExhausted",
    "LinkExpired",
    "LinkRefused",
    "LinkReplaced",
    "LinkTampered",
    "LinkUsed",
    "MaybeSent",
    "NotAllowed",
    "NotSent",
    "NotSignedIn",
    "NotThere",
    "NothingToApprove",
    "PayoutAnswerDiffers",
    "PefError",
    "PlatformError",
    "PlatformNonsense",
    "PlatformRefused",
    "PlatformUnreachable",
    "PolicyLocked",
    "PolicyUnreadable",
    "Problem",
    "RailError",
    "RateMissing",
    "RequestIdReused",
    "RestChanged",
    "Retry",
    "SchemaUnfit",
    "SecretUnreadable",
    "SettingInvalid",
    "SignInLinkRefused",
    "SignInRefused",
    "SignatureInvalid",
    "SignatureMissing",
    "SourceMismatch",
    "TooManyTries",
    "TransitionRefused",
    "UnknownCurrency",
    "UnsafeAddress",
    "WebhookRejected",
]
