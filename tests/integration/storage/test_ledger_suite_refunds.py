"""The storage suite, over both ledgers: refunds and the guard of their states."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from pef_adapters.core.errors import (
    NotThere,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State, moves
from pef_adapters.engine.ports import LedgerBook
from storage_samples import (
    MINUTE,
    NOON,
    refund,
    settle_in,
    store,
)

LIMA = timezone(timedelta(hours=-5))


async def test_a_stores_refund_id_is_known_once(book: LedgerBook) -> None:
    """The same refund of the same store is inserted once, whatever our id for it."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        assert await ledger.add_refund(refund())
        assert not await ledger.add_refund(refund(id="another"))
        assert not await ledger.add_refund(refund(platform_refund_id="999"))
        assert await ledger.find_refund("shop", "501") == refund()
        assert await ledger.find_refund("other-shop", "501") is None


async def test_two_stores_may_use_the_same_refund_id(book: LedgerBook) -> None:
    """A platform's refund id means something only together with its store."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="shop-2"))
        assert await ledger.add_refund(refund())
        assert await ledger.add_refund(refund(id="rf-2", store_id="shop-2"))


async def test_the_same_refund_added_at_once_is_added_once(book: LedgerBook) -> None:
    """Sixteen deliveries of one refund at the same moment make one row."""
    async with book.begin() as ledger:
        await settle_in(ledger)

    async def add() -> bool:
        async with book.begin() as ledger:
            return await ledger.add_refund(refund())

    assert sorted(await asyncio.gather(*(add() for _ in range(16)))) == [False] * 15 + [True]


async def test_saving_a_refund_writes_every_field(book: LedgerBook) -> None:
    """What is saved is what is read, each field of it."""
    changed = refund(
        order_number="#32",
        amount=Money(10, "USD"),
        reason="otra",
        requested_by="ana",
        requested_at=NOON + MINUTE,
        transaction_id=None,
        state=State.HELD,
        generation=2,
        revision=3,
        written_revision=2,
        tries=4,
        next_action_at=None,
        write_back_at=NOON + MINUTE,
        write_back_tries=5,
        decision={"outcome": "hold", "because": [{"rule": "window"}]},
        attention="BANK_RETURNED",
        expected_on="2026-11-30",
        updated_at=NOON + MINUTE,
    )
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        await ledger.save_refund(changed)
        assert await ledger.lock_refund("rf-1") == changed


async def test_a_refund_that_is_not_there_cannot_be_saved(book: LedgerBook) -> None:
    """Saving never inserts, and never changes whose refund it is."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        for stranger in (refund(2), refund(platform_refund_id="777")):
            with pytest.raises(NotThere):
                await ledger.save_refund(stranger)


async def test_a_refund_needs_its_store(book: LedgerBook) -> None:
    """No row refers to a store that isn't there."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.add_refund(refund())


@pytest.mark.parametrize("source", list(State))
async def test_the_guard_walks_every_pair_of_states(book: LedgerBook, source: State) -> None:
    """A change of state is kept if the core's table has it, and refused if not."""
    allowed = {(a, b) for a, _, b in moves()} | {(state, state) for state in State}
    async with book.begin() as ledger:
        await settle_in(ledger)
        for number, _ in enumerate(State):
            await ledger.add_refund(refund(number, state=source))
    for number, target in enumerate(State):
        try:
            async with book.begin() as ledger:
                await ledger.save_refund(refund(number, state=target))
            kept = target
        except TransitionRefused:
            kept = source
        assert (kept is target) == ((source, target) in allowed), f"{source} to {target}"
        async with book.begin() as ledger:
            assert await ledger.refund(f"rf-{number}") == refund(number, state=kept)


async def test_lists_of_refunds_have_their_order(book: LedgerBook) -> None:
    """Of an order or a payment oldest first, all of them newest first, ties as written."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        for number, minutes in ((1, 5), (2, 0), (3, 5)):
            await ledger.add_refund(refund(number, created_at=NOON + minutes * MINUTE))
        await ledger.add_refund(refund(4, order_id="32", transaction_id="T2", state=State.HELD))
        of_order = await ledger.refunds_of_order("shop", "31")
        of_payment = await ledger.refunds_of_payment("acc", "T1")
        assert [each.id for each in of_order] == ["rf-2", "rf-1", "rf-3"]
        assert of_payment == of_order
        newest = [each.id for each in await ledger.list_refunds()]
        assert newest == ["rf-3", "rf-1", "rf-4", "rf-2"]
        assert [each.id for each in await ledger.list_refunds(limit=2)] == ["rf-3", "rf-1"]
        assert [each.id for each in await ledger.list_refunds(state=State.HELD)] == ["rf-4"]
        assert len(await ledger.list_refunds(store_id="shop")) == 4
        assert await ledger.list_refunds(store_id="other") == []


async def test_due_refunds_are_those_with_something_to_do(book: LedgerBook) -> None:
    """Due is the earlier of next action and write-back; what waits longest comes first."""
    never: dict[str, datetime | None] = {"next_action_at": None, "write_back_at": None}
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund(1, **never | {"next_action_at": NOON}))
        await ledger.add_refund(refund(2, **never | {"write_back_at": NOON - MINUTE}))
        await ledger.add_refund(refund(3, **never))
        await ledger.add_refund(refund(4, next_action_at=NOON + MINUTE))
        await ledger.add_refund(
            refund(5, next_action_at=NOON + MINUTE, write_back_at=NOON - 2 * MINUTE)
        )
        assert await ledger.due_refunds(NOON, 10) == ["rf-5", "rf-2", "rf-1"]
        assert await ledger.due_refunds(NOON, 1) == ["rf-5"]
