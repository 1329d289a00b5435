"""The console's cookies: the session, the language that was chosen, and what to say once.

Where the service is reached by https, each has the prefix `__Host-`: browsers take it from
this very host only, and never send it unencrypted. Only the session's is worth stealing.
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from pef_adapters.core import texts

_SESSION, _LANGUAGE, _SAID = "pef", "pef-language", "pef-said"
_WEEK = timedelta(days=7)
_YEAR = timedelta(days=365)
_MINUTE = timedelta(minutes=1)
LANGUAGES = {"es": "es_PE", "en": "en", "zh": "zh_Hans"}
"""The console's languages as an address and a cookie name them, and as `core.texts` does."""


def session_token(request: Request) -> str:
    """The session's token; empty where no cookie came."""
    return _read(request, _SESSION)


def keep_session(request: Request, response: Response, token: str) -> None:
    """Sign this browser in."""
    _keep(request, response, _SESSION, token, _WEEK)


def drop_session(request: Request, response: Response) -> None:
    """Sign this browser out."""
    _keep(request, response, _SESSION, "", timedelta())


def chosen_language(request: Request) -> str:
    """The language that somebody chose in this browser, as `core.texts` names it, or empty."""
    asked = request.query_params.get("lang", "")
    return LANGUAGES.get(asked) or LANGUAGES.get(_read(request, _LANGUAGE), "")


def keep_language(request: Request, response: Response, tag: str) -> None:
    """Remember a language such as "es"."""
    _keep(request, response, _LANGUAGE, tag, _YEAR)


def said(request: Request) -> str:
    """The key of the text to show once; empty where there is none."""
    key = _read(request, _SAID)
    return key if key.startswith("console.") and texts.known(key) else ""


def say_once(request: Request, response: Response, key: str) -> None:
    """Let the next page show this text."""
    _keep(request, response, _SAID, key, _MINUTE)


def said_it(request: Request, response: Response) -> None:
    """It was shown."""
    if _name(request, _SAID) in request.cookies:
        _keep(request, response, _SAID, "", timedelta())


def is_https(request: Request) -> bool:
    """Whether the outside reaches this service by https."""
    public_url: str = request.app.state.public_url
    return public_url.startswith("https://")


def _read(request: Request, name: str) -> str:
    return request.cookies.get(_name(request, name), "")


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if is_https(request) else name


def _keep(request: Request, response: Response, name: str, value: str, age: timedelta) -> None:
    response.set_cookie(
        _name(request, name),
        value,
        max_age=int(age.total_seconds()),
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
