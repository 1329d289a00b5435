"""Draws what is seen inside a store's admin, and what is said where nothing can be shown.

Whole HTML from the server: Shopify's two scripts make it look like the admin, but without
them it can still be read. Only the admin of the very store may frame it.
"""

from collections.abc import Mapping
from functools import cache, partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from pef_adapters.core import texts
from pef_adapters.server.shopify.shown import label

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_FOLDER / "page.js").read_bytes()
SCRIPT_VERSION = sha256(_SCRIPT).hexdigest()[:12]
_LANGUAGES: Mapping[str, str] = {"es": "es_PE", "en": "en", "zh": "zh_Hans"}
_HEADERS: Mapping[str, str] = {
    # The address holds a session token: it must not travel on, nor be kept.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_POLICY = (
    "script-src 'self' https://cdn.shopify.com; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors {ancestors}"
)


def main_page(shop: str, language: str, **facts: Any) -> HTMLResponse:
    """The app's own page, framed by the shop's admin."""
    return _drawn("main.html.jinja", HTTPStatus.OK, language, shop=shop, **facts)


def opening_page(shop: str, language: str, client_id: str) -> HTMLResponse:
    """An empty page on which App Bridge gets a session token and comes back with it."""
    return _drawn("opening.html.jinja", HTTPStatus.OK, language, shop=shop, client_id=client_id)


def sorry_page(key: str, status: int, language: str, shop: str | None = None) -> HTMLResponse:
    """Why nothing is shown and what to do (a text with `means` and `next`)."""
    return _drawn("sorry.html.jinja", status, language, shop=shop, key=key)


def script() -> Response:
    """The page's script; its address changes with it, so it may be kept."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_SCRIPT, media_type="text/javascript", headers=headers)


def choose_language(asked: str, accepted: str, preferred: str = "") -> str:
    """The language of the admin's `locale`, the browser's first, or the store's own.

    The first that the page speaks counts; else it is Spanish.
    """
    for tag in (asked, accepted.partition(",")[0].partition(";")[0], preferred):
        spoken = _LANGUAGES.get(tag.strip().lower().replace("_", "-").partition("-")[0])
        if spoken:
            return spoken
    return texts.DEFAULT_LANGUAGE


def _drawn(
    template: str, status: int, language: str, *, shop: str | None, **facts: Any
) -> HTMLResponse:
    html = (
        _environment()
        .get_template(template)
        .render(
            language=language,
            style=_STYLE,
            script_version=SCRIPT_VERSION,
            label=partial(_label, language),
            explain=lambda key: texts.explain(key, language),
            advise=lambda key: texts.advise(key, language),
            **facts,
        )
    )
    ancestors = f"https://{shop} https://admin.shopify.com" if shop else "'none'"
    policy = {"Content-Security-Policy": _POLICY.format(ancestors=ancestors)}
    own = {"Content-Language": language.replace("_", "-")}
    return HTMLResponse(html, status_code=status, headers={**_HEADERS, **policy, **own})


def _label(language: str, name: str) -> str:
    return label(name, language)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
