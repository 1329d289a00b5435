"""What the fuzz runs share: a network inside this process, targets, and how one is tried."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

import httpx

from fuzz_mutations import Rng, Told, mutate, told
from pef_adapters.core.errors import PefError, PlatformError
from pef_adapters.platforms.contract import Check

Answers = Mapping[str, Told]
NOT_FOUND: Final = told({"code": "woocommerce_rest_not_found", "message": "no"}, 404)


@dataclass(frozen=True, slots=True)
class Target:
    """A question of ours with the answers that belong to it.

    `ask` puts it, to whatever the network tells at the moment. `faults` looks at what came
    of it, beside the answers as they were told, and names what is wrong.
    """

    name: str
    answers: Answers
    ask: Callable[[Answers], Awaitable[Any]]
    faults: Callable[[Answers, Any], str | None]
    may_raise: tuple[type[Exception], ...] = (PefError,)


@dataclass(frozen=True, slots=True)
class Tried:
    """One payload: what was spoiled, how it ended, and what was wrong with that."""

    mutation: str
    outcome: str
    fault: str | None
    told: Told = field(repr=False)


async def tried(target: Target, rng: Rng) -> Tried:
    """One answer of the target spoiled, and its question put."""
    which = rng.choice(list(target.answers))
    name, spoiled = mutate(rng, target.answers[which])
    answers = {**target.answers, which: spoiled}
    try:
        came = await target.ask(answers)
    except target.may_raise as error:
        return Tried(name, type(error).__name__, None, spoiled)
    except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
        said = f"{type(error).__name__}: {error}"[:200]
        return Tried(name, "crash", f"crash at {which!r}: {said}", spoiled)
    fault = target.faults(answers, came)
    return Tried(name, "an answer", fault and f"{which!r}: {fault}", spoiled)


# --- the network ------------------------------------------------------------------------


@dataclass(slots=True)
class Network:
    """Tells answers; `route` says which one a request is for."""

    answers: Answers = field(default_factory=dict)
    route: Callable[[httpx.Request], str] = str

    def response(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.get(self.route(request), NOT_FOUND)
        headers = [
            (name.encode(), text.encode("utf-8", "surrogateescape"))
            for name, text in answer.headers.items()
        ]
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer), request=request)


NETWORK: Final = Network()
"""Behind the guarded client there is one network; the rail's client has its own."""


class InProcess(httpx.AsyncBaseTransport):
    """httpx's place for a transport, with our network behind it."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._network.response(request)


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: Told) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        half = len(self._answer.body) // 2
        yield self._answer.body[:half]
        yield self._answer.body[half:]
        if self._answer.breaks_off:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete body")


@contextmanager
def in_place_of_the_net(network: Network) -> Iterator[None]:
    """Below the guarded client: its own checks of addresses and answers stay in force."""

    async def handle(_: Any, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return network.response(request)

    with patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle):
        yield


# --- reading an answer a second time, without the product ---------------------------------


class Unreadable(Exception):
    """The independent reader can make nothing of it."""


# What a second reader stumbles over in an answer that is not what it should be.
STUMBLES: Final = (Unreadable, LookupError, TypeError, ValueError, ArithmeticError)


def question(
    name: str,
    answers: Answers,
    put: Callable[[], Awaitable[Any]],
    faults: Callable[[Answers, Any], str | None],
    may_raise: tuple[type[Exception], ...] = (PlatformError,),
    *,
    platform: str,
    route: Callable[[httpx.Request], str],
) -> Target:
    """A question of an adapter's: `route` names the answer that a request of it gets."""

    async def ask(given: Answers) -> Any:
        NETWORK.answers, NETWORK.route = given, route
        return await put()

    return Target(f"{platform}.{name}", answers, ask, faults, may_raise)


def exactly(body: bytes, *, once: bool = False) -> Any:
    """The JSON with exact numbers; with `once`, a name given twice makes it unreadable."""

    def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
        if once and len(dict(given)) != len(given):
            raise Unreadable("a name given twice")
        return dict(given)

    try:
        return json.loads(body, parse_float=Decimal, object_pairs_hook=pairs)
    except (ValueError, ArithmeticError, RecursionError):
        raise Unreadable("no JSON") from None


def number(value: Any) -> Decimal | None:
    """An amount as a person reads it; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        read = Decimal(value.strip() if isinstance(value, str) else value)
    except (ArithmeticError, ValueError):
        return None
    return read if read.is_finite() else None


def differing(pairs: Mapping[str, tuple[Any, Any]]) -> str | None:
    """The names under which the two sides are not the same."""
    wrong = [
        f"{name} {ours!r} for {theirs!r}"[:160]
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]
    return "; ".join(wrong) or None


def good(answers: Answers, name: str) -> Any:
    """An answer's JSON, where it is a whole success.

    Raises:
        Unreadable: it is none.
    """
    answer: Told = answers[name]
    if not 200 <= answer.status < 300 or answer.breaks_off:
        raise Unreadable("no success")
    return exactly(answer.body)


def whole(value: Any) -> int:
    """A whole number however it is written: 15, "15" and 15.0 are one."""
    if isinstance(value, bool):
        return int(value)
    read = Decimal(value)
    if read != int(read):
        raise Unreadable("not a whole number")
    return int(read)


def truth(value: Any) -> bool:
    """A yes or no, in any of the ways in which pydantic reads one."""
    return str(value).strip().lower() in {"true", "1", "1.0", "yes", "on", "t", "y"}


# --- what all platforms' questions have in common ------------------------------------------


def unheard(answers: Answers, *writes: str) -> str | None:
    """The first of these writes that the store did not take."""
    for name in writes:
        answer = answers[name]
        if not 200 <= answer.status < 300 or answer.breaks_off:
            return f"taken for written, although the store answered {answer.status}"
    return None


def all_checks(_: Answers, came: tuple[Check, ...]) -> str | None:
    """A question about health or webhooks ends in answers, whatever the store says."""
    return None if came and all(isinstance(each, Check) for each in came) else "no checks"
