"""Runs every attack at every door and says what came of it; then the genuine letter is sent."""

import resource
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import Final

from webhook_attacks import Attack, attacks
from webhook_entries import DOORS, Door, plugin_call
from webhook_house import House
from webhook_http import Letter, Reply, post, send
from webhook_log import stumbles

# Of the processor's time; the worst that a reader was ever made to do took twelve seconds.
_LONGEST_SECONDS: Final = 2.0
_TOO_OLD_OR_NEW: Final = (-86_400, -301, 301, 86_400, 10 * 365 * 86_400)


@dataclass(slots=True)
class Findings:
    """What was sent, by door and kind, and everything that should not have been."""

    sent: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    genuine: int = 0
    memory_megabytes: float = 0

    @property
    def deliveries(self) -> int:
        return sum(kinds.total() for kinds in self.sent.values())

    def milliseconds(self, share: float) -> float:
        """The time within which this share of the refusals came."""
        found = sorted(self.seconds)
        return round(1000 * found[min(int(len(found) * share), len(found) - 1)], 1)


async def besiege(
    house: House,
    seed: int,
    *,
    doors: Iterable[Door] = DOORS,
    bomb_megabytes: int = 256,
    each_kind: int = 1000,
) -> Findings:
    """Everything at each door; of each kind at most `each_kind`."""
    found, before = Findings(), _peak_megabytes()
    with stumbles(found.wrong):
        for door in doors:
            await _besiege(house, Siege(door, seed, bomb_megabytes, each_kind), found)
    found.memory_megabytes = round(_peak_megabytes() - before, 1)
    return found


@dataclass(frozen=True, slots=True)
class Siege:
    """One door, and how much is tried there."""

    door: Door
    seed: int
    bomb_megabytes: int
    each_kind: int


async def _besiege(house: House, siege: Siege, found: Findings) -> None:
    door = siege.door
    letters = (await door.genuine(house), await door.genuine(house))
    await house.settle()
    kept = await house.traces()
    for attack in _chosen(house, siege, letters[0]):
        reply = await send(house.port, attack.raw, hangs_up=attack.hangs_up)
        _judge(found, door, attack, reply)
        if await house.traces() != kept:
            found.wrong.append(f"{door.name}: {attack.kind} left something behind")
            kept = await house.traces()
    await _genuine_after_all(house, door, letters, found)


def _chosen(house: House, siege: Siege, letter: Letter) -> Iterator[Attack]:
    rng, so_far = Random(f"{siege.seed}/{siege.door.name}"), Counter[str]()
    every = attacks(siege.door, letter, rng, siege.bomb_megabytes)
    for attack in chain(every, _out_of_time(house, siege.door)):
        so_far[attack.kind] += 1
        if so_far[attack.kind] <= siege.each_kind:
            yield attack


def _judge(found: Findings, door: Door, attack: Attack, reply: Reply) -> None:
    found.sent.setdefault(door.name, Counter())[attack.kind] += 1
    if not attack.hangs_up:
        found.seconds.append(reply.seconds)
    told = f"{door.name}: {attack.kind} was answered {reply.statuses}"
    if reply.accepted or reply.broken:
        found.wrong.append(told)
    if reply.busy > _LONGEST_SECONDS:
        found.wrong.append(f"{told} after {reply.busy:.1f} s of work")


def _out_of_time(house: House, door: Door) -> Iterable[Attack]:
    """Rightly signed, but too long ago or not yet; only the plugin's scheme has a time."""
    if not door.has_time:
        return
    now = int(house.clock.now().timestamp())
    for seconds in _TOO_OLD_OR_NEW:
        kind = "too old" if seconds < 0 else "too new"
        yield Attack(kind, plugin_call(house, now + seconds).raw())


async def _genuine_after_all(
    house: House, door: Door, letters: tuple[Letter, ...], found: Findings
) -> None:
    """What was attacked is taken in afterwards, once, and so is the next."""
    for letter in letters:
        before = await house.traces()
        reply = await post(house.port, letter)
        await house.settle()
        took_in = (await house.traces()).total() > before.total()
        if reply.status in door.said_yes and took_in:
            found.genuine += 1
        else:
            found.wrong.append(f"{door.name}: a genuine one was answered {reply.statuses}")


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
