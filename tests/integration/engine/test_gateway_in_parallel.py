"""A gateway that calls 64 times at once, on real PostgreSQL: one CIP, one payment, one end."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway_world import PAYMENT, STORE, GatewayWorld
from pef_adapters.core.errors import PlatformUnreachable, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.people import retry
from pef_adapters.engine.ports import RailPayment, Refusal
from pef_adapters.engine.records import KeptRefund
from pef_adapters.engine.write_back import tell_store
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Outcome
from pef_adapters.storage.postgres import PostgresBook

_CALLERS = 64
_ANYTHING = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}


class ParallelWorld(GatewayWorld):
    """As `GatewayWorld`, on a ledger that many may use at once; wake-ups are looked up."""

    def __init__(self, book: PostgresBook) -> None:
        super().__init__()
        self.book = book
        self.ports = replace(self.ports, book=book)

    async def run(self) -> None:
        """Work off whatever is due, each kind at once, until nothing is."""
        for _ in range(20):
            steps = await self._due()
            if not steps:
                return
            await asyncio.gather(*steps)
        raise AssertionError("the engine does not come to rest")

    async def _due(self) -> list[Any]:
        now = self.clock.now()
        async with self.book.begin() as ledger:
            received = await ledger.open_received(now + timedelta(seconds=1), 500)
            refunds = await ledger.due_refunds(now, 500)
            checkouts = await ledger.due_checkouts(now, 500)
        return [
            *(digest(self.ports, each) for each in received),
            *(advance(self.ports, each) for each in refunds),
            *(mind_checkout(self.ports, each) for each in checkouts),
        ]

    async def at_once(self, path: str, *bodies: dict[str, Any]) -> list[tuple[int, Any]]:
        """What each of these calls is answered, all made at the same moment."""
        return list(await asyncio.gather(*(self.call(path, **body) for body in bodies)))

    async def kept(self) -> list[KeptRefund]:
        async with self.book.begin() as ledger:
            return await ledger.asked_refunds_of_order(STORE, "G-1")


@pytest.fixture
async def world(postgres_book: PostgresBook) -> ParallelWorld:
    """A connected store whose gateway calls."""
    return await ParallelWorld(postgres_book).open(settings={"policy": _ANYTHING})


# --- the same thing, asked 64 times -------------------------------------------


async def test_64_calls_for_one_payment_show_one_cip(world: ParallelWorld) -> None:
    """All callers are shown the same page, of the one CIP that is kept."""
    answers = await world.at_once("/payment", *[{"order": "G-1", "amount": "129.80"}] * _CALLERS)
    checkout = await world.checkout()
    assert answers == [(200, {"state": "waiting", "pay_url": checkout.pay_url})] * _CALLERS
    assert checkout.pay_url
    assert checkout.transaction_id in world.rail.created


async def test_cips_that_nobody_is_shown_are_withdrawn(world: ParallelWorld) -> None:
    """Of CIPs made at the same moment only the one that is shown can still be paid."""
    await world.at_once("/payment", *[{"order": "G-1", "amount": "129.80"}] * _CALLERS)
    assert len(world.rail.created) > 1, "nothing happened at once: this test proves nothing"
    payable = [number for number in world.rail.created if not world.rail.payments[number].over]
    assert payable == [(await world.checkout()).transaction_id]


async def test_64_calls_under_one_refund_id_pay_once(world: ParallelWorld) -> None:
    """One id is one refund, however many callers bring it at the same moment."""
    await world.paid()
    answers = await world.at_once("/refund", *[{"request": "r1", "amount": "20.00"}] * _CALLERS)
    assert {status for status, _ in answers} == {200}
    await world.run()
    refund = await world.asked()
    assert world.rail.bookings == [(f"{refund.id}-1", Money(2000, "PEN"))]
    assert len(await world.kept()) == 1


async def test_64_calls_to_cancel_a_paid_payment_are_one_refund(world: ParallelWorld) -> None:
    """A cancellation of all that is left, brought 64 times at once, is answered alike and paid."""
    await world.paid()
    answers = await world.at_once("/cancel", *[{"request": "c1"}] * _CALLERS)
    assert Counter(status for status, _ in answers) == {200: _CALLERS}
    await world.run()
    assert [amount for _, amount in world.rail.bookings] == [Money(12980, "PEN")]


async def test_one_id_with_two_amounts_at_once_pays_one_of_them(world: ParallelWorld) -> None:
    """Half the callers want another amount: the first counts, the others are refused."""
    await world.paid()
    bodies = [{"request": "r1", "amount": f"{20 + number % 2}.00"} for number in range(_CALLERS)]
    answers = await world.at_once("/refund", *bodies)
    await world.run()
    assert Counter(status for status, _ in answers) == {200: 32, 409: 32}
    (kept,) = await world.kept()
    assert [amount for _, amount in world.rail.bookings] == [kept.amount]
    assert {alarm.code for alarm in await world.alarms()} == {"code.REQUEST_ID_REUSED"}


# --- different things, asked at once --------------------------------------------


async def test_64_refunds_of_one_payment_never_exceed_it(world: ParallelWorld) -> None:
    """S/ 129.80 and 64 refunds of S/ 5.00 at the same moment: 25 are paid, the rest held."""
    await world.paid()
    bodies = [{"request": str(number), "amount": "5.00"} for number in range(_CALLERS)]
    assert {status for status, _ in await world.at_once("/refund", *bodies)} == {200}
    await world.run()
    states = Counter([(await world.asked(body["request"])).state for body in bodies])
    assert states == {State.PENDING: 25, State.HELD: _CALLERS - 25}
    assert len(world.rail.bookings) == 25


async def test_64_cancellations_under_ids_of_their_own_refund_once(world: ParallelWorld) -> None:
    """Each wants all that is left: one gets it, for the others nothing is left."""
    await world.paid()
    bodies = [{"request": f"c{number}"} for number in range(_CALLERS)]
    answers = await world.at_once("/cancel", *bodies)
    await world.run()
    assert Counter(status for status, _ in answers) == {200: 1, 422: _CALLERS - 1}
    assert [amount for _, amount in world.rail.bookings] == [Money(12980, "PEN")]


@pytest.mark.parametrize("turn", range(8))
async def test_paying_against_cancelling_has_one_end(world: ParallelWorld, turn: int) -> None:
    """The buyer pays while the gateway cancels: cancelled and not payable, or paid and refunded."""
    await world.ask_to_pay()
    cip = (await world.checkout()).transaction_id or ""
    _, (_, said) = await asyncio.gather(
        _buyer_pays(world, cip, after=turn), world.call("/cancel", request="c1")
    )
    await world.run()
    await world.call("/cancel", request="c1")
    await world.run()
    checkout = await world.checkout()
    if world.rail.payments[cip].paid_at is None:
        assert said["not_paid"]
        assert (checkout.state, world.rail.bookings) == (CheckoutState.CANCELLED, [])
    else:
        assert checkout.state is CheckoutState.PAID
        assert [amount for _, amount in world.rail.bookings] == [Money(12980, "PEN")]


async def _buyer_pays(world: ParallelWorld, cip: str, *, after: int) -> None:
    """A buyer who comes a few transactions late; a withdrawn CIP can't be paid."""
    for _ in range(after):
        await world.checkout()
    known: RailPayment = world.rail.payments[cip]
    if not known.over:
        world.rail.pay(cip, known.amount, world.clock.now())
        await world.notify("cip.paid", cip=cip)


# --- a person against the end that is told --------------------------------------


@pytest.mark.parametrize("turn", range(8))
async def test_a_retry_against_the_told_end_leaves_one_end(world: ParallelWorld, turn: int) -> None:
    """Either the platform hears "failed" and nothing is paid, or it is paid and hears so."""
    await _refused_and_untold(world)
    refund = await world.asked()
    retried, _ = await asyncio.gather(
        _a_person_retries(world, refund.id, first=turn % 2 == 0),
        tell_store(world.ports, refund.id),
    )
    for _ in range(4):
        await world.run()
        world.rail.settle()
        world.clock.advance(minutes=10)
    told = world.gateway.outcomes[f"{PAYMENT}/refund/r1"]
    after = await world.asked()
    assert after.outcome is told
    assert (told is Outcome.REFUNDED) is retried
    assert len(world.rail.bookings) == (1 if retried else 0)
    assert (after.state is State.REFUNDED) is retried


async def test_64_retries_after_the_end_was_told_pay_nothing(world: ParallelWorld) -> None:
    """Once the platform may have heard "failed", nobody's retry sends money."""
    await _refused_and_untold(world)
    refund = await world.asked()
    await tell_store(world.ports, refund.id)
    tries = [_a_person_retries(world, refund.id, first=True) for _ in range(_CALLERS)]
    assert set(await asyncio.gather(*tries)) == {False}
    await world.run()
    assert world.rail.bookings == []
    assert world.gateway.outcomes == {f"{PAYMENT}/refund/r1": Outcome.FAILED}


async def test_64_tellers_write_one_end(world: ParallelWorld) -> None:
    """However many tell the platform at once, it hears one outcome, and none is refused."""
    await _refused_and_untold(world)
    refund = await world.asked()
    await asyncio.gather(*(tell_store(world.ports, refund.id) for _ in range(_CALLERS)))
    assert world.gateway.outcomes == {f"{PAYMENT}/refund/r1": Outcome.FAILED}
    after = await world.asked()
    assert (after.written_revision, after.write_back_tries) == (after.revision, 0)


async def _refused_and_untold(world: ParallelWorld) -> None:
    """A refund that the rail refused for good a moment ago, of which nobody was told yet."""
    await world.paid()
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    world.gateway.final_outcomes = False
    world.gateway.trouble = PlatformUnreachable()
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    world.gateway.final_outcomes, world.gateway.trouble = True, None
    world.clock.advance(minutes=1)
    refund = await world.asked()
    assert (refund.state, refund.outcome) == (State.FAILED, None)


async def _a_person_retries(world: ParallelWorld, refund_id: str, *, first: bool) -> bool:
    """Whether the retry was let through."""
    if not first:
        await asyncio.sleep(0)
    try:
        await retry(world.ports, refund_id, "Ana")
    except TransitionRefused:
        return False
    return True
