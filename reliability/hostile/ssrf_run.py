"""Every address of the corpus through every door: no connection leads into a private network.

A violation is a connection to the inside, a knock at the listener, a door that says it
reached such a place, an error that is not one of ours, or a door that is shut to ordinary
addresses too (which would prove nothing).

    PYTHONPATH=tests:reliability python reliability/hostile/ssrf_run.py
"""

import asyncio
import contextlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

import record
from pef_adapters.core.errors import PefError, UnsafeAddress
from pef_adapters.platforms import http
from ssrf_corpus import CONTROL, NAMES, PUBLIC, RAIL, SHOP, every_address
from ssrf_doors import Door, every_door
from ssrf_redirects import redirected
from ssrf_watch import Watch, watching

# Shops of Shopify's own form whose names lead inside: they pass every check of spelling.
_SHOPS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    SHOP: ((PUBLIC,),),
    RAIL: ((PUBLIC,),),
    "interna.myshopify.com": (("10.0.0.1",),),
    "bucle.myshopify.com": (("127.0.0.1",),),
    "nube.myshopify.com": (("169.254.169.254",),),
    "mixta.myshopify.com": ((PUBLIC, "10.0.0.1"),),
    "cambia.myshopify.com": ((PUBLIC,), ("127.0.0.1",)),
    "malla.vtexpayments.com.br": (("10.0.0.1",),),
    "mudable.vtexpayments.com.br": ((PUBLIC,), ("169.254.169.254",)),
    "tiendamisti.vtexcommercestable.com.br": ((PUBLIC,),),
}
_AT_HOME: Final = tuple(f"https://{name}" for name, told in _SHOPS.items() if told != ((PUBLIC,),))
_HOST: Final = re.compile(r"(https?://(?:[^/:@\[\]\\?#]+|\[[^\]]+\]))(?:/|$)", re.IGNORECASE)
# Operators type it on their own machine, where a sandbox may well stand.
TRUSTED_NAMES: Final = "rail.base_url"


@dataclass(slots=True)
class Findings:
    """What the run saw."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    doors: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    opened: int = 0

    def wrong(self, what: str) -> None:
        self.violations.append(what)


async def run(
    doors: Iterable[Door], addresses: Sequence[tuple[str, str]], found: Findings, watch: Watch
) -> None:
    """Each address through each door."""
    for door in doors:
        await _is_open(door, found, watch)
        for kind, address in addresses:
            for spelling in {address, *_at_the_listener(address, watch)}:
                await _tried(door, kind, spelling, found, watch)


async def _is_open(door: Door, found: Findings, watch: Watch) -> None:
    """An ordinary address gets as far as the network, or the door proves nothing."""
    watch.forget()
    await _entered(door, door.control)
    if PUBLIC not in watch.connects:
        found.wrong(f"{door.name}: shut to {door.control} too")
    found.opened += 1


async def _tried(door: Door, kind: str, address: str, found: Findings, watch: Watch) -> None:
    watch.forget()
    outcome = await _entered(door, address)
    found.tried += 1
    found.outcomes[outcome] += 1
    found.doors[door.name] += 1
    found.kinds[kind] += 1
    if watch.inside or watch.heard:
        found.wrong(f"{door.name} {address!r}: connected to {watch.inside or 'the listener'}")
    if outcome.startswith(("reached", "crash")):
        found.wrong(f"{door.name} {address!r}: {outcome}")


async def _entered(door: Door, address: str) -> str:
    try:
        reached = await door.enter(address)
    except UnsafeAddress:
        return "refused as unsafe"
    except PefError as error:
        return f"refused ({type(error).__name__})"
    except (httpx.InvalidURL, httpx.TransportError) as error:
        return _by_httpx(door, error)
    except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
        return f"crash ({type(error).__name__})"
    return "reached" if reached else "a check that fails"


def _by_httpx(door: Door, error: Exception) -> str:
    """The client itself raises httpx's errors; whatever stands before it must not."""
    sort = "refused" if door.name.startswith("client.") else "crash"
    return f"{sort} ({type(error).__name__})"


def _at_the_listener(address: str, watch: Watch) -> Iterator[str]:
    """The same spelling with the port where a real server waits for whoever comes through."""
    found = _HOST.match(address)
    if found:
        yield f"{found[1]}:{watch.port}/"


def _is_number(address: str) -> bool:
    """Whether no name stands in it that could lead anywhere."""
    host = _HOST.match(address)
    return not host or host[1].partition("://")[2].lower() not in names()


def addresses() -> list[tuple[str, str]]:
    """The corpus, and the shops and gateways whose own names lead inside."""
    return [*every_address(), *(("names of a platform's own", home) for home in _AT_HOME)]


def names() -> dict[str, Sequence[Sequence[str]]]:
    """What every name of the run resolves to."""
    return {**NAMES, **_SHOPS}


async def whole(only: Sequence[str] = (), every: int = 1) -> Findings:
    """The run. `only` narrows it to doors whose names begin so, `every` to each nth address."""
    http.allow_private_stores(False)
    found = Findings()
    doors = [
        d for d in every_door(CONTROL, SHOP, RAIL) if not only or d.name.startswith(tuple(only))
    ]
    with watching(names()) as watch:
        for door in doors:
            trusted = door.name == TRUSTED_NAMES
            own = [a for a in addresses() if not trusted or _is_number(a[1])]
            await run([door], own[::every], found, watch)
        await redirected(doors, found, watch, every)
        await _listener_hears(found, watch)
    return found


async def _listener_hears(found: Findings, watch: Watch) -> None:
    """With the guard off the listener is reached: its silence until now means something."""
    watch.forget()
    async with http.guarded_client(allow_private=True) as client:
        with contextlib.suppress(httpx.TransportError):  # it hears, and says nothing
            await client.get(f"http://127.0.0.1:{watch.port}/")
    if watch.inside != ["127.0.0.1"]:
        found.wrong("the watch does not see a connection to this machine")


def figures(found: Findings) -> dict[str, Any]:
    """What is kept of a run."""
    return {
        "addresses": len(addresses()),
        "redirects": found.kinds["redirect"],
        "doors": sorted(found.doors),
        "tried": found.tried,
        "control_addresses_let_out": found.opened,
        "connections_inside": sum("connected to" in each for each in found.violations),
        "violations": found.violations,
        "by_kind": dict(found.kinds.most_common()),
        "by_outcome": dict(found.outcomes.most_common()),
        "by_door": dict(found.doors.most_common()),
    }


def main() -> int:
    """Run it; tell what was wrong, and keep the figures of a whole run."""
    found = asyncio.run(whole(sys.argv[1:]))
    kept = figures(found)
    if not sys.argv[1:]:
        record.keep("ssrf", kept)
    for each in found.violations[:50]:
        print(each)
    print(
        f"ssrf: {kept['addresses']} addresses through {len(found.doors)} doors, "
        f"{found.tried} tries, {kept['connections_inside']} connections inside, "
        f"{len(found.violations)} violations"
    )
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
