"""What went wrong between us and a webhook, a store or PagoEfectivo."""

from pef_adapters.core.errors.base import PefError, Retry


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
