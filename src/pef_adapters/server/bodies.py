"""Reads request bodies up to a bound, and not a byte further."""

from starlette.requests import ClientDisconnect, Request

from pef_adapters.core.errors import BodyTooLarge, BodyUnreadable


async def read_body(request: Request, bound: int) -> bytes:
    """The raw body, as it came.

    Raises:
        BodyTooLarge: more than `bound` bytes were announced or sent.
        BodyUnreadable: the sender hung up before its end, which is no mistake of ours.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > bound:
        raise BodyTooLarge(f"the body is larger than {bound} bytes")
    try:
        return await _read(request, bound)
    except ClientDisconnect:
        raise BodyUnreadable("the sender hung up in the middle of the body") from None


async def _read(request: Request, bound: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bound:
            raise BodyTooLarge(f"the body is larger than {bound} bytes")
    return bytes(body)
