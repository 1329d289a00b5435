"""Shopify's answers, sorted once: read, asked too fast, not reachable, refused, nonsense.

Says which approval or scope is missing and where it is given. Knows no question.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import isfinite
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, PlatformUnreachable
from pef_adapters.platforms.http import date_of
from pef_shopify.envelope import Cost, Envelope, GraphError
from pef_shopify.throttle import WAIT_SECONDS
from pef_shopify.wire import UserError, read_json

_Model = TypeVar("_Model", bound=BaseModel)

_THROTTLED: Final = "THROTTLED"
_BROKEN_FOR_NOW: Final = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}
_ACCESS_DENIED: Final = "ACCESS_DENIED"
_NOT_APPROVED: Final = "not approved to access"
_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
_REFUSED: Final = {
    HTTPStatus.UNAUTHORIZED: (
        "the shop does not know our token; open the app in the shop's admin, or install it again"
    ),
    HTTPStatus.PAYMENT_REQUIRED: "the shop is frozen; its owner has to settle Shopify's bill",
    HTTPStatus.FORBIDDEN: "the shop refuses the app; install it again and accept what it asks for",
    HTTPStatus.NOT_FOUND: (
        "there is no such shop, or no such version; connect the shop under its own myshopify.com "
        "name, and check PEF_SHOPIFY_API_VERSION"
    ),
    HTTPStatus.LOCKED: "the shop is locked; its owner has to ask Shopify's support",
}
_LETTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with data, or `slow_down` seconds to wait before it is asked for again."""

    data: object
    headers: httpx.Headers
    cost: Cost | None = None
    slow_down: float | None = None

    @property
    def date(self) -> datetime | None:
        """The store's own clock."""
        return date_of(self.headers)

    def read(self, model: type[_Model]) -> _Model:
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"])) or "its beginning"
            raise PlatformNonsense(f"Shopify's answer can't be read at {place}") from None


def sorted_answer(response: httpx.Response) -> Answer:
    """The answer, or the error that it stands for.

    Raises:
        PlatformUnreachable: a 5xx, or Shopify says that it is broken just now.
        PlatformRefused: token, scope, approval, or the shop itself.
        PlatformNonsense: not an answer of Shopify's GraphQL, or it can't read our question.
    """
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Answer(None, response.headers, slow_down=_retry_after(response.headers))
    if status in _BUSY or response.is_server_error:
        raise PlatformUnreachable(f"Shopify answered {status}; it is asked again later")
    if status in _REFUSED:
        raise PlatformRefused(f"Shopify answered {status}; {_REFUSED[HTTPStatus(status)]}")
    answer = _sorted_envelope(_envelope(response), response.headers)
    if answer.slow_down is None and not response.is_success:
        raise PlatformNonsense(f"Shopify answered {status}, and data nevertheless")
    return answer


def require_done(what: str, errors: tuple[UserError, ...]) -> None:
    """Shopify did what a mutation asked.

    Raises:
        PlatformRefused: it did not; the message says what it was and why.
    """
    if errors:
        said = "; ".join(map(str, errors))[:_LETTERS]
        raise PlatformRefused(f"Shopify refused {what}: {said}")


def _envelope(response: httpx.Response) -> Envelope:
    try:
        return Envelope.model_validate(read_json(response.content))
    except (ValueError, ArithmeticError):
        raise PlatformNonsense(
            f"the answer {response.status_code} is not one of Shopify's GraphQL"
        ) from None


def _sorted_envelope(envelope: Envelope, headers: httpx.Headers) -> Answer:
    cost = envelope.extensions.cost
    if any(error.extensions.code == _THROTTLED for error in envelope.errors):
        return Answer(None, headers, cost, slow_down=WAIT_SECONDS if cost is None else 0.0)
    for error in envelope.errors:
        _raise(error)
    if envelope.data is None:
        raise PlatformNonsense("Shopify's answer holds neither data nor an error")
    return Answer(envelope.data, headers, cost)


def _raise(error: GraphError) -> None:
    code, said = error.extensions.code, error.message[:_LETTERS]
    if _NOT_APPROVED in error.message:
        raise PlatformRefused(
            f"Shopify says: {said}; ask for protected customer data access, level 1, under API "
            "access in the Partner Dashboard, or use an app of custom distribution"
        )
    if code == _ACCESS_DENIED:
        raise PlatformRefused(
            f"Shopify says: {said}; give the app the scope that it names, then open the app in "
            "the shop's admin and accept it"
        )
    if code in _BROKEN_FOR_NOW:
        raise PlatformUnreachable(f"Shopify is broken for now ({code}); it is asked again later")
    raise PlatformNonsense(f"Shopify can't answer our question: {said}")


def _retry_after(headers: httpx.Headers) -> float:
    try:
        seconds = float(headers.get("Retry-After", WAIT_SECONDS))
    except ValueError:
        return WAIT_SECONDS
    return seconds if isfinite(seconds) and seconds >= 0 else WAIT_SECONDS
