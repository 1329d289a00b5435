"""Draws the console's pages: one frame, the words of `core.texts`, and strict headers.

Templates get words and records only; they decide nothing but what is shown to whom.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_date, format_datetime, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from pef_adapters.core import texts
from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.calendar import LIMA
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.money import Money
from pef_adapters.engine.records import StoreHead
from pef_adapters.server.console import cookies, static_files
from pef_adapters.server.console.visits import Asking, Visit

_FOLDER: Final = Path(__file__).parent / "templates"
_NAMES: Final = (("es", "Español"), ("en", "English"), ("zh", "中文"))
_ROOMS: Final = (
    ("today", "/console", Permission.SEE_REFUNDS),
    ("refunds", "/console/refunds", Permission.SEE_REFUNDS),
    ("by_hand", "/console/by-hand", Permission.ACT_ON_REFUNDS),
    ("approvals", "/console/approvals", Permission.SPEAK),
    ("payouts", "/console/payouts", Permission.SEE_PAYOUTS),
    ("policies", "/console/policies", Permission.SEE_POLICY),
    ("stores", "/console/stores", Permission.SEE_STORES),
    ("agencies", "/console/agencies", Permission.EDIT_AGENCY),
    ("people", "/console/people", Permission.EDIT_PEOPLE),
    ("audit", "/console/audit", Permission.SEE_AUDIT),
)
"""Name, address and what it takes to go there; a room without a route is not shown."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Cookie, Accept-Language",
}


class Moved(RedirectResponse):
    """Look at another page; `said` is the key of a text that it shows once."""

    def __init__(self, path: str, said: str = "") -> None:
        super().__init__(path, status_code=303)
        self.said = said


def moved(path: str, said: str = "") -> Moved:
    """After a change: the page to look at next, and what it says once ("console.saved")."""
    return Moved(path, said)


def drawn(asking: Visit, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """The page; `facts` are what its template names."""
    key = cookies.said(asking.request)
    words = {**_words(asking.language), **_seat(asking)}
    page = _environment().get_template(template)
    html = page.render(**words, said=key, here=asking.request.url.path, **facts)
    own = {"Content-Language": asking.language.replace("_", "-")}
    response = HTMLResponse(html, status_code=status, headers={**HEADERS, **own})
    if key:
        cookies.said_it(asking.request, response)
    return response


def _words(language: str) -> dict[str, Any]:
    return {
        "language": language,
        "explain": partial(_said, texts.explain, language),
        "advise": partial(_said, texts.advise, language),
        "label": partial(_label, language),
        "money": partial(_money, language),
        "moment": partial(_moment, language),
        "day": partial(_day, language),
        "span": partial(_span, language),
        "state_label": partial(_state_label, language),
        "known": texts.known,
    }


def _seat(asking: Visit) -> dict[str, Any]:
    """What depends on who looks, and from where."""
    seated = asking if isinstance(asking, Asking) else None
    return {
        "actor": seated.actor if seated else None,
        "csrf": partial(_csrf, seated.session.csrf if seated else ""),
        "may": partial(_may, seated.actor if seated else None),
        "rooms": _rooms(asking.request, seated.actor) if seated else (),
        "languages": _languages(asking.request),
    }


def _said(say: Callable[..., str], language: str, key: str, **figures: object) -> str:
    return say(key, language, {name: str(value) for name, value in figures.items()})


def _label(language: str, name: str, **figures: object) -> str:
    return _said(texts.explain, language, f"console.{name}", **figures).rstrip(".。")


def _money(language: str, amount: Money) -> str:
    return amount.shown(language)


def _moment(language: str, moment: datetime | None) -> Markup:
    """Day and hour on Lima's clocks; a dash where there is none."""
    if moment is None:
        return Markup("–")
    shown = format_datetime(moment, "medium", tzinfo=LIMA, locale=language)
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def _day(language: str, day: date) -> Markup:
    shown = format_date(day, "medium", locale=language)
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), shown)


def _span(language: str, length: timedelta | None) -> str:
    """How long, in the largest unit that says it: "3 minutes"; a dash where it is not known."""
    if length is None:
        return "–"
    return format_timedelta(length, granularity="second", threshold=2, locale=language)


def _state_label(language: str, state: str) -> str:
    """A state in a word or two."""
    return texts.explain(f"shopify_page.state_{state}", language).rstrip(".。")


def _csrf(secret: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(secret)


def _may(
    actor: Actor | None,
    permission: str,
    place: StoreHead | str | None = None,
    agency: str | None = None,
) -> bool:
    """Whether it is allowed in a store (its head, or its id and agency), or anywhere at all."""
    asked = Permission(permission)
    if actor is None:
        return False
    if place is None:
        return bool(actor.places(asked))
    if isinstance(place, StoreHead):
        return actor.may(asked, place.id, place.agency)
    return actor.may(asked, place, agency)


def _rooms(request: Request, actor: Actor) -> tuple[tuple[str, str, bool], ...]:
    """Name and address of each room that the actor may enter, and whether he is in it."""
    there = {route.path for route in request.app.routes if isinstance(route, Route)}
    path = request.url.path
    return tuple(
        (name, address, path == address or (name != "today" and path.startswith(f"{address}/")))
        for name, address, permission in _ROOMS
        if address in there and actor.places(permission)
    )


def _languages(request: Request) -> tuple[tuple[str, str, str], ...]:
    """Tag, name and address of this page in each language."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return tuple((tag, name, f"?{urlencode([*kept, ('lang', tag)])}") for tag, name in _NAMES)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static_files.address
    environment.filters["without_long_numbers"] = without_long_numbers
    environment.globals["tags"] = {spoken: tag for tag, spoken in cookies.LANGUAGES.items()}
    return environment
