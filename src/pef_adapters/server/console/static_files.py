"""The console's style sheets and scripts, served for ever under an address of their content.

An address holds the file's hash, so a browser may keep it and never ask again; a new
version has a new address. Nothing but the files listed here is served.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES: Final = (
    "pico.classless.min.css",
    "console.css",
    "htmx.min.js",
    "hx-sse.min.js",
    "console.js",
    "passkeys.js",
    "icon.svg",
)


def address(name: str) -> str:
    """Where a browser gets the file.

    Raises:
        KeyError: it is not one of ours.
    """
    return f"/console/static/{_hash(name)}/{name}"


async def serve(request: Request) -> Response:
    """The file, if the address has the hash of what it holds now."""
    name, version = request.path_params["name"], request.path_params["version"]
    if name not in _FILES or version != _hash(name):
        return Response("not found\n", 404, media_type="text/plain")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_content(name), media_type=_TYPES[Path(name).suffix], headers=headers)


@cache
def _content(name: str) -> bytes:
    if name not in _FILES:
        raise KeyError(name)
    return (_FOLDER / name).read_bytes()


@cache
def _hash(name: str) -> str:
    return sha256(_content(name)).hexdigest()[:16]


ROUTES = [Route("/console/static/{version}/{name}", serve)]
