"""Runs one change: once under its key, its refusals told as data, its result read anew."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import PefError
from pef_adapters.engine.gate.once import digest_source, once
from pef_adapters.engine.ports import Ports
from pef_adapters.server.graphql.context import Context, Info
from pef_adapters.server.graphql.refusals import Refusal, told

_T = TypeVar("_T")
Change = Callable[[Ports, Actor], Awaitable[str]]
"""Does it, and answers the name of what it did something to."""


class Keyed(Protocol):
    """An input with its key."""

    @property
    def idempotency_key(self) -> str: ...


async def done_once(
    info: Info, given: Keyed, change: Change, read: Callable[[Context, str], Awaitable[_T]]
) -> _T | Refusal:
    """The result of a change, or why it was refused."""
    context = info.context

    async def work() -> dict[str, str]:
        return {"name": await change(context.ports, context.actor)}

    try:
        digest = _digest(info.field_name, given)
        kept = await once(context.ports, context.actor, given.idempotency_key, digest, work)
        return await read(context, kept["name"])
    except PefError as refused:
        return told(refused, context.language)


def own_key(actor: Actor, key: str) -> str:
    """A caller's key where keys of all callers meet."""
    return sha256(f"{actor.name}\n{key}".encode(errors="surrogatepass")).hexdigest()


def _digest(name: str, given: Any) -> str:
    content = {f.name: getattr(given, f.name) for f in fields(given)}
    del content["idempotency_key"]
    return sha256(digest_source(name, content).encode(errors="surrogatepass")).hexdigest()
