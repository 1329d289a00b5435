"""Counts tries at passwords, codes, links and tokens, by name and by network address.

A try is counted before it is judged, so that many at once count as many. What was typed is
kept only as a hash: people type passwords into the wrong field. Tries from one network
address keep out nobody who comes from another.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address

from pef_adapters.core.errors import TooManyTries
from pef_adapters.engine.gate.sessions import sha256
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import User

WINDOW_SECONDS = 15 * 60
TRIES_OF_EMAIL = 10
"""At somebody's password from one network address."""
TRIES_EVERYWHERE = 100
"""At somebody's password from all of them."""
TRIES_OF_ORIGIN = 50
CODES_SECONDS = 24 * 60 * 60
TRIES_OF_CODES = 20
"""At somebody's codes, by who knows the password; a code that fits forgets them."""
# Whoever is given addresses of IPv6 is given so many at once.
_NETWORK_BITS = 64
_SAID = "too many tries in a short time; wait fifteen minutes, then try again"


def of_email(email: str, origin: str) -> str:
    """Where the tries of a network address at somebody's password are counted."""
    return f"sign_in/email/{sha256(email)}/{sha256(_network(origin))}"


def of_email_everywhere(email: str) -> str:
    """Where all tries at somebody's password are counted."""
    return f"sign_in/email/{sha256(email)}"


def of_origin(origin: str) -> str:
    """Where the tries of a network address at passwords are counted."""
    return f"sign_in/origin/{sha256(_network(origin))}"


def of_own(user_id: str) -> str:
    """Where the tries of somebody who is signed in are counted; no others count there."""
    return f"sign_in/own/{sha256(user_id)}"


def of_codes(user_id: str) -> str:
    """Where the tries at somebody's codes are counted."""
    return f"sign_in/codes/{sha256(user_id)}"


async def count_at(ports: Ports, email: str, origin: str) -> int:
    """Count a try at somebody's password; answers as `count_tries`.

    Who has had too many already counts no more against the person.
    """
    own = {of_email(email, origin): TRIES_OF_EMAIL, of_origin(origin): TRIES_OF_ORIGIN}
    over = await count_tries(ports, own)
    return over or await count_tries(ports, {of_email_everywhere(email): TRIES_EVERYWHERE})


async def count_code(ports: Ports, user: User) -> int:
    """Count a try at somebody's codes; answers as `count_tries`."""
    return await count_tries(ports, {of_codes(user.id): TRIES_OF_CODES}, CODES_SECONDS)


async def forget_at(ledger: Ledger, email: str, origin: str) -> None:
    """Forget the tries at somebody's password, from here and together."""
    await ledger.forget_tries(of_email(email, origin))
    await ledger.forget_tries(of_email_everywhere(email))


async def count_tries(
    ports: Ports, limits: Mapping[str, int], window_seconds: int = WINDOW_SECONDS
) -> int:
    """Count one try under each key; answers by how many the worst is over its limit."""
    now, over = ports.clock.now(), 0
    async with ports.book.begin() as ledger:
        for key in sorted(limits):  # one order for all, so that none waits for another
            counted = await ledger.count_try(key, now, window_seconds)
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


def _network(origin: str) -> str:
    """The address, or of IPv6 the network that one customer holds."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    if not isinstance(address, IPv6Address):
        return origin
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _NETWORK_BITS), strict=False))
