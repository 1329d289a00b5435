"""Reads a form that was sent to the console, up to a bound, and proves that it is ours."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from pef_adapters.core.errors import BodyUnreadable, FormStale, SettingInvalid
from pef_adapters.server.bodies import read_body

MOST_BYTES: Final = 5_000_000
GUESTS_BYTES: Final = 10_000
_MOST_FILES, _MOST_FIELDS = 5, 500
_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said: of each field the last value and all of them, and uploaded files."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


async def read_form(request: Request, bound: int = MOST_BYTES) -> Form:
    """The form, whole.

    Raises:
        BodyTooLarge: more than `bound` bytes came.
        BodyUnreadable: it is no form, has far too many fields, or broke off.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise BodyUnreadable("a form must come as one")
    try:
        body = await read_body(request, bound)
        return await _parsed(request, body)
    except ClientDisconnect:
        raise BodyUnreadable("the form broke off") from None
    except (HTTPException, MultiPartException, UnicodeDecodeError):
        raise BodyUnreadable("the form can't be read") from None


async def _parsed(request: Request, body: bytes) -> Form:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    lists: dict[str, tuple[str, ...]] = {}
    files: dict[str, bytes] = {}
    whole = Request(request.scope, receive)
    async with whole.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                lists[name] = (*lists.get(name, ()), value)
            elif value.filename:
                files[name] = await value.read()
    return Form({name: values[-1] for name, values in lists.items()}, lists, files)


def prove_ours(request: Request, form: Form, csrf: str) -> None:
    """Let pass a form that a page of this session sent.

    Raises:
        FormStale: the session's secret is not in it, or another site sent it.
    """
    prove_same_site(request)
    given = request.headers.get("x-csrf") or form.fields.get("csrf", "")
    if not hmac.compare_digest(given.encode(), csrf.encode()):
        raise FormStale


def prove_same_site(request: Request) -> None:
    """Let pass what no other site sent, as far as the browser tells.

    Our pages send no referrer, so that an honest form's `Origin` may be "null".

    Raises:
        FormStale: the browser says that another site sent it.
    """
    site = request.headers.get("sec-fetch-site", "")
    if site and site not in {"same-origin", "none"}:
        raise FormStale
    origin = request.headers.get("origin", "null")
    hosts = {urlsplit(request.app.state.public_url).netloc, request.headers.get("host", "")}
    if not site and origin != "null" and urlsplit(origin).netloc not in hosts:
        raise FormStale


def demand_same(password: str, again: str) -> None:
    """Let pass a new password that was typed the same way twice.

    Raises:
        SettingInvalid: they differ.
    """
    if password != again:
        raise SettingInvalid("the two passwords differ; type the same one twice")
