"""Draws the page on which a store's owner types in the one-time code. No script, no cookie."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from pef_adapters.core.texts import advise, explain

_FOLDER: Final = Path(__file__).parent / "templates"
_STYLE: Final = (_FOLDER / "link_up.css").read_text(encoding="utf-8")
_STYLE_SHA256: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()


def code_page(
    return_origin: str, language: str, *, problem: str | None = None, status: int = 200
) -> HTMLResponse:
    """The form; with `problem`, a text's key, it says what was wrong.

    `return_origin` is where the browser may go afterwards: browsers apply the policy for
    forms to the redirect that follows one.
    """
    return _page(language, status, key=problem, form_action=f"'self' {return_origin}")


def sorry_page(text_key: str, status: int, language: str) -> HTMLResponse:
    """Why nothing can be typed in here, and what to do."""
    return _page(language, status, key=text_key, form_action="'none'")


def _page(language: str, status: int, *, key: str | None, form_action: str) -> HTMLResponse:
    html = (
        _environment()
        .get_template("link_up.html.jinja")
        .render(
            tag=language.replace("_", "-"),
            style=_STYLE,
            has_form=form_action != "'none'",
            problem=None if key is None else explain(key, language),
            advice=None if key is None else advise(key, language),
            intro=explain("vtex_page.intro", language),
            **{name: _label(name, language) for name in ("title", "code", "button")},
        )
    )
    return HTMLResponse(html, status_code=status, headers=_headers(form_action))


def _label(name: str, language: str) -> str:
    """A text as a label: without its full stop."""
    return explain(f"vtex_page.{name}", language).rstrip(".。")


def _headers(form_action: str) -> Mapping[str, str]:
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; "
            f"form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
        ),
        # The address holds VTEX's token: it must not travel on.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Vary": "Accept-Language",
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
