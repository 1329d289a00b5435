"""Reads request bodies up to a bound, and not a byte further."""

from starlette.requests import Request

from pef_adapters.core.errors import BodyTooLarge


async def read_body(request: Request, bound: int) -> bytes:
    """The raw body, as it came.

    Raises:
        BodyTooLarge: more than `bound` bytes were announced or sent.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > bound:
        raise BodyTooLarge(f"the body is larger than {bound} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bound:
            raise BodyTooLarge(f"the body is larger than {bound} bytes")
    return bytes(body)
