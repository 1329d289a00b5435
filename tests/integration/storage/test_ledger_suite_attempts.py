"""Both ledgers keep of an attempt what a person mended since."""

from datetime import timedelta

from engine_world import CIP, World
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.ports import LedgerBook, Refusal


async def test_mended_transaction_is_kept_with_its_attempt(book: LedgerBook) -> None:
    """What was sent the second time is what a later look asks about."""
    world = await World(book).open()
    world.rail.pay("777", Money(12980, "PEN"), world.clock.now() - timedelta(days=1))
    world.rail.refuse((Refusal.NEEDS_OWNER, "MERCHANT_BLOCKED"))
    await world.press("15", 5000, transaction_id="777")
    await digest(world.ports, 1)
    refund = await world.refund()
    await advance(world.ports, refund.id)
    assert (await world.refund()).state is State.HELD
    world.platform.press("15", Money(5000, "PEN"), at=world.clock.now(), transaction_id=CIP)
    await people.retry(world.ports, refund.id, "Rosa")
    await advance(world.ports, refund.id)
    async with book.begin() as ledger:
        kept = await ledger.attempt(f"{refund.id}-1")
    assert kept is not None
    assert kept.transaction_id == CIP
