"""What people and programs ask a ledger, each as a work that can be timed.

Owns the questions; they are asked through the gate, so that finding out what somebody may see
is measured too.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta

from many import AGENCY, STORE
from pef_adapters.core.access import (
    HOUSE,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Role,
    agency_place,
    powers_of,
    store_place,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.gate import refunds
from pef_adapters.engine.gate.passing import reach
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Mark, RefundSearch

Question = Callable[[Ports], Awaitable[object]]

# The 500th refund: both ledgers have it, and everybody asked here may see it.
_KNOWN = 500
_SEARCHES = {
    "first page": RefundSearch(),
    "by order": RefundSearch(order=str(100000 + _KNOWN)),
    "by CIP": RefundSearch(transaction_id=str(5000000 + _KNOWN)),
    "by amount": RefundSearch(amount=Money(100 + _KNOWN, "PEN")),
    "held": RefundSearch(states=frozenset({State.HELD})),
    "finished": RefundSearch(states=frozenset({State.REFUNDED, State.FAILED, State.REJECTED})),
    "attention": RefundSearch(attention=True),
}
ACTORS = {"house": HOUSE, "agency": agency_place(AGENCY), "store": store_place(STORE)}


def questions() -> Iterator[tuple[str, Question]]:
    """Every question of everybody, by its name."""
    for who, place in ACTORS.items():
        actor = Actor(who, ActorKind.PERSON, powers_of((Grant(Role.OWNER, place),)))
        for name, asked in _of(actor).items():
            yield f"{who}: {name}", asked


def _of(actor: Actor) -> Mapping[str, Question]:
    searches = {name: _search(actor, search) for name, search in _SEARCHES.items()}
    return searches | {
        "third page": _third_page(actor),
        "in flight": _in_flight(actor),
        "asked by day": _by_day(actor),
        "times to truth": _times(actor),
    }


def _search(actor: Actor, search: RefundSearch) -> Question:
    async def asked(ports: Ports) -> object:
        return await refunds.search(ports, actor, search)

    return asked


def _third_page(actor: Actor) -> Question:
    async def asked(ports: Ports) -> object:
        found = await refunds.search(ports, actor, RefundSearch(limit=20))
        for _ in range(2):
            after = Mark(found[-1].created_at, found[-1].id)
            found = await refunds.search(ports, actor, RefundSearch(limit=20, after=after))
            if not found:
                raise RuntimeError("the list ended before its third page")
        return found

    return asked


def _in_flight(actor: Actor) -> Question:
    async def asked(ports: Ports) -> object:
        async with ports.book.begin() as ledger:
            seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
            return await ledger.in_flight(seen)

    return asked


def _by_day(actor: Actor) -> Question:
    """The last 30 days up to the newest refund that the actor may see."""

    async def asked(ports: Ports) -> object:
        (newest,) = await refunds.search(ports, actor, RefundSearch(limit=1))
        async with ports.book.begin() as ledger:
            seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
            return await ledger.asked_by_day(seen, newest.requested_at - timedelta(days=30))

    return asked


def _times(actor: Actor) -> Question:
    async def asked(ports: Ports) -> object:
        async with ports.book.begin() as ledger:
            seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
            return await ledger.times_to_truth(seen, 200)

    return asked
