"""Who asks can't do this: not signed in, not allowed, too often, or too late."""

from pef_adapters.core.errors.base import PefError, Retry


class NotSignedIn(PefError):
    """Nobody is signed in here, or no token that is good was sent."""

    code = "NOT_SIGNED_IN"
    http_status = 401
    retry = Retry.AFTER_MENDING


class SignInRefused(NotSignedIn):
    """The e-mail address, the password or the code is wrong."""

    code = "SIGN_IN_REFUSED"


class SignInLinkRefused(NotSignedIn):
    """The link is unknown, used or expired."""

    code = "SIGN_IN_LINK_REFUSED"
    http_status = 410


class NotAllowed(PefError):
    """It is there, but your role does not allow this."""

    code = "NOT_ALLOWED"
    http_status = 403


class FormStale(PefError):
    """The form is not from this session."""

    code = "FORM_STALE"
    http_status = 403
    retry = Retry.AFTER_MENDING


class TooManyTries(PefError):
    """Too many tries in a short time."""

    code = "TOO_MANY_TRIES"
    http_status = 429
    retry = Retry.LATER


class CallUnderWay(PefError):
    """The same call, under the same idempotency key, is being worked on."""

    code = "CALL_UNDER_WAY"
    http_status = 409
    retry = Retry.LATER


class RestChanged(PefError):
    """What remains of the payment is not what you were shown."""

    code = "REST_CHANGED"
    http_status = 409
    retry = Retry.AFTER_MENDING
