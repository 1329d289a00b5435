"""One-click connection: the store posts its keys here, the owner lands here after.

The post is unsigned; only the one-time token in it makes it worth believing. The
keys come to `keys` alone, never to `done`, which the owner's browser opens.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.onboarding import accept_invitation
from pef_adapters.engine.ports import Ports
from pef_adapters.platforms.contract import OneClick
from pef_adapters.server.bodies import read_body

_MAX_KEYS_BYTES = 10_000

_STYLE: Final = """body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem;
color-scheme:light dark}"""
_STYLE_SHA256: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_DONE: Final = """<!doctype html><html lang="es"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PagoEfectivo</title>
<style>{style}</style><h1>{title}</h1><p>{text}</p></html>"""
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    )
}


async def keys(request: Request) -> Response:
    """`POST /connect/{platform}/keys`: 200 keeps the keys, anything else undoes them."""
    ports: Ports = request.app.state.ports
    body = await read_body(request, _MAX_KEYS_BYTES)
    token, secrets = _one_click(ports, request).read_keys(body)
    public_url: str = request.app.state.public_url
    store, checks = await accept_invitation(ports, token, secrets, public_url)
    return JSONResponse({"store": store.id, "checks": sum(check.passed for check in checks)})


async def done(request: Request) -> Response:
    """`GET /connect/{platform}/done`: tells the owner how it went."""
    if request.query_params.get("success") == "1":
        title = "Tienda conectada"
        text = "Ya puede cerrar esta página. Your store is connected; you can close this page."
    else:
        title = "Sin conectar"
        text = "No se aprobó la conexión. The connection was not approved; nothing was changed."
    page = _DONE.format(style=_STYLE, title=escape(title), text=escape(text))
    return HTMLResponse(page, headers=_HEADERS)


def _one_click(ports: Ports, request: Request) -> OneClick:
    one_click = ports.platforms.named(request.path_params["platform"]).one_click
    if one_click is None:
        raise NotThere("this platform has no one-click connection")
    return one_click
