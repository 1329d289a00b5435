"""Counts tries at passwords, codes, links and tokens, by name and by network address.

A try is counted before it is judged, so that many at once count as many. What was typed is
kept only as a hash: people type passwords into the wrong field.
"""

from collections.abc import Mapping

from pef_adapters.core.errors import TooManyTries
from pef_adapters.engine.gate.sessions import sha256
from pef_adapters.engine.ports import Ports

WINDOW_SECONDS = 15 * 60
TRIES_OF_EMAIL = 10
TRIES_OF_ORIGIN = 50
_SAID = "too many tries in a short time; wait fifteen minutes, then try again"


def of_email(email: str) -> str:
    """Where the tries at somebody's password are counted."""
    return f"sign_in/email/{sha256(email)}"


def of_origin(origin: str) -> str:
    """Where the tries of a network address at passwords are counted."""
    return f"sign_in/origin/{sha256(origin)}"


async def count_tries(ports: Ports, limits: Mapping[str, int]) -> int:
    """Count one try under each key; answers by how many the worst is over its limit."""
    now, over = ports.clock.now(), 0
    async with ports.book.begin() as ledger:
        for key in sorted(limits):  # one order for all, so that none waits for another
            counted = await ledger.count_try(key, now, WINDOW_SECONDS)
            over = max(over, counted - limits[key])
    return over


async def demand_few_tries(ports: Ports, limits: Mapping[str, int]) -> None:
    """Count one try under each key, and let pass while none is over its limit.

    Raises:
        TooManyTries: one is.
    """
    if await count_tries(ports, limits) > 0:
        raise too_many()


def too_many() -> TooManyTries:
    """The refusal."""
    return TooManyTries(_SAID)
