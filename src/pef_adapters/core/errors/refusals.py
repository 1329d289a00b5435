"""What can't be done with a good input: not there, not allowed, not now."""

from pef_adapters.core.errors.base import PefError, Retry


class NotThere(PefError):
    """There is no such record, or it is not yours."""

    code = "NOT_THERE"
    http_status = 404


class LinkRefused(PefError):
    """The link does not open the page for bank details."""

    code = "LINK_REFUSED"
    http_status = 404


class LinkTampered(LinkRefused):
    """The link is incomplete or was changed."""

    code = "LINK_TAMPERED"


class LinkExpired(LinkRefused):
    """The link's time is over."""

    code = "LINK_EXPIRED"
    http_status = 410


class LinkUsed(LinkRefused):
    """The details were already given by this link."""

    code = "LINK_USED"
    http_status = 410


class LinkExhausted(LinkRefused):
    """All tries of this link are used up."""

    code = "LINK_EXHAUSTED"
    http_status = 410


class LinkReplaced(LinkRefused):
    """A newer link was sent, or the refund needs no details any more."""

    code = "LINK_REPLACED"
    http_status = 410


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


class SchemaUnfit(PefError):
    """The database's schema and this release can't work together."""

    code = "SCHEMA_UNFIT"
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


class ApprovalRefused(PefError):
    """The approval can't be given."""

    code = "APPROVAL_REFUSED"
    http_status = 409


class EditorCannotApprove(ApprovalRefused):
    """Whoever changed the refund last can't approve it."""

    code = "EDITOR_CANT_APPROVE"
    http_status = 403


class AlreadyApproved(ApprovalRefused):
    """The same person has approved the refund already."""

    code = "ALREADY_APPROVED"


class NothingToApprove(ApprovalRefused):
    """The refund does not wait for an approval, or it has changed meanwhile."""

    code = "NOTHING_TO_APPROVE"
