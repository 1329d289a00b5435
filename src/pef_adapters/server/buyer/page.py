"""Draws the buyer's page: the form, the thanks, and the reason why a link opens nothing.

It shows what is owed and nothing else about anybody; the one exception is the form
that was refused, which keeps what its sender typed. No script, no cookie, and no
address but its own.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from pef_adapters.core import texts
from pef_adapters.core.beneficiary import DocumentType, Method, Problem
from pef_adapters.core.calendar import LIMA, lima_date
from pef_adapters.engine.beneficiary import Invited

LANGUAGES: Mapping[str, str] = {"es": "es_PE", "en": "en"}
"""The page's languages as an address names them, and as `core.texts` does."""

_NAMES = (("es", "Español"), ("en", "English"))

FIELDS = ("name", "document_type", "document_number", "method", "account")
CHOSEN, REFUSED = "language", "refused"
"""What a form says beside its fields: the language to show it in, and that it was refused."""

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "buyer.css").read_text(encoding="utf-8")
_STYLE_SHA256 = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    # The address holds the link's token: it must not travel on.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}


def form_page(
    invited: Invited,
    language: str,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Iterable[Problem] = (),
) -> HTMLResponse:
    """The form; with `problems` it is a refused one (400), each beside its field."""
    found = tuple(problems)
    return _page(
        "form.html.jinja",
        language,
        HTTPStatus.BAD_REQUEST if found else HTTPStatus.OK,
        invited=invited,
        until=_plain_time(invited.expires_at, language),
        typed={field: (typed or {}).get(field, "") for field in FIELDS},
        problems=found,
        wrong={field: [each for each in found if each.field == field] for field in FIELDS},
        document_types=list(DocumentType),
        methods=list(Method),
        chosen=CHOSEN,
        refused=REFUSED,
    )


def done_page(invited: Invited, masked: Mapping[str, str], language: str) -> HTMLResponse:
    """The thanks, with what was understood (`Beneficiary.masked`)."""
    return _page("done.html.jinja", language, HTTPStatus.OK, invited=invited, masked=masked)


def sorry_page(text_key: str, status: int, language: str) -> HTMLResponse:
    """Why nothing can be given here, and what to do (a text with `means` and `next`)."""
    return _page("sorry.html.jinja", language, status, key=text_key)


def choose_language(asked: str | None, accepted: str, preferred: str = "") -> str:
    """The page's language, as `core.texts` names it; Spanish unless somebody wants English.

    `asked` is the address's `lang`, `accepted` an Accept-Language header and
    `preferred` the link's own language; the first that the page speaks counts.
    """
    wanted = (asked or "", *_by_quality(accepted), preferred)
    spoken = (LANGUAGES.get(_primary(tag)) for tag in wanted)
    return next(filter(None, spoken), texts.DEFAULT_LANGUAGE)


def _page(template: str, language: str, status: int, **facts: Any) -> HTMLResponse:
    html = (
        _environment()
        .get_template(template)
        .render(
            language=language,
            languages=LANGUAGES,
            names=_NAMES,
            style=_STYLE,
            explain=partial(_said, texts.explain, language),
            advise=partial(_said, texts.advise, language),
            label=lambda name: texts.explain(f"buyer_page.{name}", language).rstrip(".。"),
            **facts,
        )
    )
    own = {"Content-Language": language.replace("_", "-")}
    return HTMLResponse(html, status_code=status, headers={**HEADERS, **own})


def _said(say: Any, language: str, key: str, **figures: object) -> str:
    said: str = say(key, language, {name: str(value) for name, value in figures.items()})
    return said


def _plain_time(moment: datetime, language: str) -> str:
    """Day and hour on Lima's clocks, in words."""
    day = format_date(lima_date(moment), "full", locale=language)
    return f"{day}, {format_time(moment, 'short', tzinfo=LIMA, locale=language)}"


def _by_quality(accepted: str) -> list[str]:
    """The tags of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    ranges = [part.partition(";q=") for part in accepted.replace(" ", "").lower().split(",")]
    weighed = [(tag, _quality(weight) if mark else 1.0) for tag, mark, weight in ranges]
    wanted = [(tag, quality) for tag, quality in weighed if quality > 0]
    return [tag for tag, _ in sorted(wanted, key=lambda pair: -pair[1])]


def _quality(weight: str) -> float:
    try:
        return float(weight)
    except ValueError:
        return 0.0


def _primary(tag: str) -> str:
    return tag.lower().replace("_", "-").partition("-")[0]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
