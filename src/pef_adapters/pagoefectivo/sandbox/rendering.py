"""Turns the sandbox's templates into pages: everything escaped, no scripts, nothing kept."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse, Response

TEMPLATES = Path(__file__).parent / "templates"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def page(template: str, status: int = HTTPStatus.OK, **shown: object) -> Response:
    """A page made of one template and what it shows."""
    html = _environment().get_template(template).render(**shown)
    return HTMLResponse(html, status, headers=_HEADERS)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
