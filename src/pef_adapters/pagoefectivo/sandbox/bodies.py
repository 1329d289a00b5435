"""Reads request bodies within a bound."""

from starlette.requests import Request

MAX_BODY_BYTES = 64 * 1024


async def bounded_body(request: Request) -> bytes:
    """The body, cut at the bound: what is cut can't be read as JSON any more."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body[:MAX_BODY_BYTES])
