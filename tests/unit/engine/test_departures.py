"""A store that removes our app, and what privacy laws ask after that."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine_world import World
from pef_adapters.core.errors import RequestIdReused
from pef_adapters.engine.receive import from_store
from pef_adapters.engine.records import Store
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.contract import (
    Delivery,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
    StoreConnection,
)
from pef_adapters.testing.fake_platform import FakePlatform


class Telling(FakePlatform):
    """A platform whose next delivery means these hints."""

    hints: tuple[Hint, ...] = ()

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        del delivery, store
        return self.hints


class TellingWorld(World):
    """A world whose store can tell of anything."""

    def __init__(self) -> None:
        super().__init__()
        self.telling = Telling(self.clock.now)
        self.telling.refunds = self.platform.refunds
        self.platform = self.telling
        self.ports = replace(self.ports, platforms=self.telling)

    async def tell(self, *hints: Hint) -> int | None:
        self.telling.hints = hints
        return await from_store(self.ports, await self.store(), Delivery({}, b"{}"))

    async def store(self) -> Store:
        async with self.book.begin() as ledger:
            found = await ledger.store("tienda-pe")
        assert found is not None
        return found


@pytest.fixture
async def world() -> TellingWorld:
    """A connected store."""
    return await TellingWorld().open()


def _left(world: World, **changes: object) -> Hint:
    return Hint(kind=HintKind.UNINSTALLED, at=world.clock.now(), **changes)  # type: ignore[arg-type]


async def test_a_store_that_left_is_polled_no_more(world: TellingWorld) -> None:
    """Its tokens are dead: it is noted, a person hears of it, and nobody asks it any more."""
    await world.tell(_left(world))
    await world.run()
    assert "left_at" in (await world.store()).settings
    async with world.book.begin() as ledger:
        assert [a.code for a in await ledger.open_alarms()] == ["code.STORE_UNINSTALLED"]
    reads = world.telling.reads
    await world.poll()
    assert world.telling.reads == reads


async def test_a_late_departure_undoes_no_newer_installation(world: TellingWorld) -> None:
    """A webhook that is delivered after the store came back changes nothing."""
    store = await world.store()
    connected = {"connected_at": world.clock.now().isoformat()}
    async with world.book.begin() as ledger:
        await ledger.add_store(replace(store, settings={**store.settings, **connected}))
    earlier = world.clock.now() - timedelta(hours=1)
    await world.tell(Hint(kind=HintKind.UNINSTALLED, at=earlier))
    await world.run()
    assert "left_at" not in (await world.store()).settings


async def test_a_repeated_delivery_is_kept_once(world: TellingWorld) -> None:
    """The platform's own name of a delivery makes a second one nothing new."""
    first = await world.tell(_left(world, delivery_id="w-1"))
    assert await world.tell(_left(world, delivery_id="w-1")) == first


async def test_a_buyer_is_forgotten_and_the_money_is_not(world: TellingWorld) -> None:
    """Who pressed and who bought is erased; amount, state and evidence stay, and both are told."""
    await world.press(buyer="email:ana@example.com")
    await world.run()
    world.rail.settle()
    await world.later(minutes=5)
    assert (await world.refund()).buyer is not None
    request = PrivacyRequest(
        kind=PrivacyKind.ERASE_BUYER,
        request_id="p-1",
        buyers=("email:ana@example.com",),
        order_ids=("14",),
    )
    for _ in range(2):
        await world.tell(Hint(kind=HintKind.PRIVACY, privacy=request))
        await world.run()
    refund = await world.refund()
    assert refund.buyer is None
    assert refund.amount.minor == 12980
    async with world.book.begin() as ledger:
        (case,) = await ledger.privacy_cases("tienda-pe")
    assert case.done_at is not None
    assert case.erased["refunds"] == 1
    assert case.kept == {"refunds": 1, "why": "code.KEPT_BY_LAW"}
    assert "ana@example.com" not in repr(case.buyers)


async def test_a_store_is_erased_only_after_it_left(world: TellingWorld) -> None:
    """A store that came back within the two days keeps its keys; one that left loses them."""
    request = PrivacyRequest(kind=PrivacyKind.ERASE_STORE, request_id="s-1")
    await world.tell(Hint(kind=HintKind.PRIVACY, privacy=request))
    await world.run()
    assert (await world.store()).secrets == {"webhook_secret": "hush"}
    await world.tell(_left(world))
    await world.run()
    again = PrivacyRequest(kind=PrivacyKind.ERASE_STORE, request_id="s-2")
    await world.tell(Hint(kind=HintKind.PRIVACY, privacy=again))
    await world.run()
    assert (await world.store()).secrets == {}


async def test_a_question_about_a_buyer_reaches_a_person(world: TellingWorld) -> None:
    """The store has to answer its buyer, so somebody is told to."""
    request = PrivacyRequest(kind=PrivacyKind.TELL, request_id="t-1", order_ids=("14",))
    await world.tell(Hint(kind=HintKind.PRIVACY, privacy=request))
    await world.run()
    async with world.book.begin() as ledger:
        assert [a.code for a in await ledger.open_alarms()] == ["code.PRIVACY_TELL"]


async def test_erasing_waits_for_a_refund_under_way(world: TellingWorld) -> None:
    """What is still needed to pay and tell is erased after that, at the latest in 25 days."""
    await world.press(buyer="email:ana@example.com")
    await world.run()
    request = PrivacyRequest(kind=PrivacyKind.ERASE_BUYER, request_id="p-2", order_ids=("14",))
    await world.tell(Hint(kind=HintKind.PRIVACY, privacy=request))
    await world.run()
    assert (await world.refund()).buyer is not None
    await world.later(days=26)
    assert (await world.refund()).buyer is None


async def test_a_request_of_any_length_is_kept(world: TellingWorld) -> None:
    """A stranger's name of a request may be of any length; it is done all the same."""
    request = PrivacyRequest(kind=PrivacyKind.TELL, request_id="x" * 9000, order_ids=("14",))
    await world.tell(Hint(kind=HintKind.PRIVACY, privacy=request))
    await world.run()
    async with world.book.begin() as ledger:
        (case,) = await ledger.privacy_cases("tienda-pe")
    assert len(case.id) == 64


async def test_one_id_told_with_two_amounts_reaches_a_person(world: TellingWorld) -> None:
    """A webhook that is the only word about a refund can't change it: somebody has to look."""

    def told(amount: str) -> Hint:
        asked = AskedRefund(
            refund_id="77",
            operation=Operation.REFUND,
            payment_id=None,
            amount=Decimal(amount),
            currency="PEN",
            order_id="14",
        )
        return Hint(kind=HintKind.REFUND_CREATED, order_id="14", refund_id="77", asked=asked)

    await world.tell(told("20.00"))
    with pytest.raises(RequestIdReused):
        await world.tell(told("30.00"))
    async with world.book.begin() as ledger:
        assert [a.code for a in await ledger.open_alarms()] == ["code.REQUEST_ID_REUSED"]
