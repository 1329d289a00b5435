"""Does what a program asks for once, however often it asks under the same key.

A call is claimed before its work begins, and its answer is kept beside the claim: asked
again, the same call gets that answer and nothing is done. Only plain data is kept, names
rather than records, so that an old answer shows nobody what he may no longer see.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import (
    CallUnderWay,
    InvalidInput,
    PefError,
    RequestIdReused,
    Retry,
)
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import KeptCall

KEPT_FOR = timedelta(days=7)
"""How long an answer is kept; the janitor forgets older ones."""
DIES_AFTER = timedelta(seconds=60)
"""A claim that has no answer by then died with its process, and is taken over.

It is longer than any call is let work, so that nobody is still at work then.
"""
LONGEST_KEY = 200

Answer = Mapping[str, Any]
Work = Callable[[], Awaitable[Answer]]


async def once(ports: Ports, actor: Actor, key: str, request_digest: str, work: Work) -> Answer:
    """The answer of `work`, which is done now or was done before under this key.

    `request_digest` is a digest of what is asked for. A refusal is an answer too and is
    kept, but for one that a retry mends by itself: then the key is free again.

    Raises:
        InvalidInput: the key is empty or too long.
        RequestIdReused: the key was used for something else.
        CallUnderWay: the same call is being worked on.
        PefError: whatever `work` raised, now or then.
    """
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise InvalidInput(f"an idempotency key has 1 to {LONGEST_KEY} printable letters")
    call = KeptCall(actor=actor.name, key=key, digest=request_digest, at=ports.clock.now())
    kept = await _claim(ports, call)
    if kept is None:
        kept = await _done(ports, call, work)
    return _answer_in(kept)


async def _claim(ports: Ports, call: KeptCall) -> Answer | None:
    """Claim the call, or find its answer."""
    async with ports.book.begin() as ledger:
        before = await ledger.claim_call(call)
        if before is None:
            return None
        if before.digest != call.digest:
            raise RequestIdReused("this idempotency key was used before, for something else")
        if before.answer is not None:
            return before.answer
        if call.at - before.at < DIES_AFTER:
            raise CallUnderWay
        await ledger.answer_call(call)
    return None


async def _done(ports: Ports, call: KeptCall, work: Work) -> Answer:
    try:
        kept: Answer = {"done": dict(await work())}
    except PefError as refused:
        if refused.retry is Retry.LATER:
            await _keep(ports, replace(call, at=call.at - DIES_AFTER))
            raise
        kept = {"refused": refused.code, "said": str(refused)}
    await _keep(ports, replace(call, answer=kept))
    return kept


async def _keep(ports: Ports, call: KeptCall) -> None:
    async with ports.book.begin() as ledger:
        await ledger.answer_call(call)


def _answer_in(kept: Answer) -> Answer:
    if "refused" not in kept:
        done: Answer = kept["done"]
        return done
    raise refusal(kept["refused"], kept["said"])


def refusal(code: str, said: str) -> PefError:
    """The error with this code, saying this; the root where no error has it (any more)."""
    found = next((cls for cls in _tree(PefError) if cls.code == code), PefError)
    return found(said)


def digest_source(name: str, content: Mapping[str, Any]) -> str:
    """A call written out in one way only, of which its digest is made."""
    return json.dumps([name, content], sort_keys=True, default=str, separators=(",", ":"))


def _tree(root: type[PefError]) -> Iterator[type[PefError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)
