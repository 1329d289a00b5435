"""Reads request headers so that one which came twice proves nothing."""

from starlette.requests import Request


def headers_of(request: Request) -> dict[str, str]:
    """Each header once, by its name in lower case.

    One that came twice holds both values, as HTTP reads a repeated header. So a right
    signature beside a wrong one is no signature, whichever of them somebody before us read.
    """
    names = set(request.headers.keys())
    return {name: ", ".join(request.headers.getlist(name)) for name in names}
