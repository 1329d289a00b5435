"""An error that is shown beside the form it refused, which keeps what was typed."""

from dataclasses import dataclass

from pef_adapters.core import texts
from pef_adapters.core.errors import PefError


@dataclass(frozen=True, slots=True)
class Refused:
    """The error's text key, what it says itself (in English), and the page's status."""

    key: str
    detail: str
    status: int


def refused(error: PefError) -> Refused:
    """What a page shows of an error."""
    key = error.text_key if texts.known(error.text_key) else "console.trouble"
    detail = "" if str(error) == error.default_message() else str(error)
    return Refused(key, detail, error.http_status)


def asked_for(key: str) -> Refused:
    """What a page shows where something was left out of a form."""
    return Refused(key, "", 422)
