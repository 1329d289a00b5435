"""The storage suite, over both ledgers: what limits add up."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.policy import LimitScope, Used
from pef_adapters.core.states import COUNTED, State
from pef_adapters.engine.ports import LedgerBook
from storage_samples import MINUTE, NOON, account, refund, settle_in, soles, store

LIMA = timezone(timedelta(hours=-5))
COUNTS: dict[str, Any] = {
    "state": State.READY,
    "counted_at": NOON,
    "requested_by": "ana",
    "buyer": "hash-b",
    "destination": "hash-d",
}
KEYS = {
    LimitScope.STORE: "shop",
    LimitScope.ACCOUNT: "acc",
    LimitScope.BUYER: "hash-b",
    LimitScope.OPERATOR: "shop/ana",
    LimitScope.DESTINATION: "hash-d",
}
# The same refund, of everybody else.
OTHERS: dict[LimitScope, dict[str, Any]] = {
    LimitScope.STORE: {"store_id": "shop-2"},
    LimitScope.ACCOUNT: {"account_id": "acc-2"},
    LimitScope.BUYER: {"buyer": "hash-other"},
    LimitScope.OPERATOR: {"requested_by": "luis"},
    LimitScope.DESTINATION: {"destination": "hash-other"},
}


@pytest.fixture
async def shops(book: LedgerBook) -> LedgerBook:
    """Each ledger with two stores of two accounts."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_account(account(id="acc-2"))
        await ledger.add_store(store(id="shop-2", account_id="acc-2"))
    return book


async def used(book: LedgerBook, per: LimitScope = LimitScope.STORE, **changes: Any) -> Used:
    """What a limit has used up by now, for the sample's key."""
    asked = {"key": KEYS[per], "since": NOON, "but": "rf-0", **changes}
    async with book.begin() as ledger:
        return await ledger.used(per, **asked)


@pytest.mark.parametrize("per", list(KEYS))
async def test_nothing_is_used_where_nothing_was(shops: LedgerBook, per: LimitScope) -> None:
    """No refund, no count and no amount in any currency."""
    assert await used(shops, per) == Used()


@pytest.mark.parametrize("per", list(KEYS))
async def test_refunds_of_one_key_add_up(shops: LedgerBook, per: LimitScope) -> None:
    """Those of this key, not those of another one or of nobody."""
    nobody = {"buyer": None, "destination": None, "requested_by": None}
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **COUNTS, amount=soles(100)))
        await ledger.add_refund(refund(2, **COUNTS, amount=soles(250)))
        await ledger.add_refund(refund(3, **COUNTS | OTHERS[per]))
        if per not in {LimitScope.STORE, LimitScope.ACCOUNT}:
            await ledger.add_refund(refund(4, **COUNTS | nobody))
    assert await used(shops, per) == Used(2, (soles(350),))


async def test_each_currency_has_its_own_sum(shops: LedgerBook) -> None:
    """They are counted together, and added up apart in the order of their names."""
    amounts = [soles(5), Money(7, "USD"), Money(1, "EUR"), soles(2**60), Money(1, "USD")]
    async with shops.begin() as ledger:
        for number, amount in enumerate(amounts, 1):
            await ledger.add_refund(refund(number, **COUNTS, amount=amount))
    sums = (Money(1, "EUR"), soles(2**60 + 5), Money(8, "USD"))
    assert await used(shops) == Used(5, sums)


async def test_a_sum_may_be_larger_than_any_amount(shops: LedgerBook) -> None:
    """Three times the largest amount that fits is added up exactly."""
    largest = soles(2**63 - 1)
    async with shops.begin() as ledger:
        for number in (1, 2, 3):
            await ledger.add_refund(refund(number, **COUNTS, amount=largest))
    assert await used(shops) == Used(3, (soles(3 * (2**63 - 1)),))


@pytest.mark.parametrize("state", list(State))
async def test_only_counted_states_use_limits_up(shops: LedgerBook, state: State) -> None:
    """What ended without paying gives its part back, and what waits has none yet."""
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **COUNTS | {"state": state}))
    assert await used(shops) == (Used(1, (soles(5_990),)) if state in COUNTED else Used())


async def test_a_refund_counts_from_its_moment_on(shops: LedgerBook) -> None:
    """Without a moment it never counts; at the window's very start it does, before it not."""
    moments = (None, NOON - timedelta(microseconds=1), NOON, NOON + MINUTE)
    async with shops.begin() as ledger:
        for number, at in enumerate(moments, 1):
            await ledger.add_refund(refund(number, **COUNTS | {"counted_at": at}))
    assert (await used(shops)).count == 2
    assert (await used(shops, since=NOON.astimezone(LIMA))).count == 2
    assert (await used(shops, since=NOON - MINUTE)).count == 3
    assert (await used(shops, since=NOON + 2 * MINUTE)).count == 0


async def test_a_refund_does_not_count_against_itself(shops: LedgerBook) -> None:
    """It is left out by its id, and only it."""
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **COUNTS, amount=soles(1)))
        await ledger.add_refund(refund(2, **COUNTS, amount=soles(20)))
    assert await used(shops, but="rf-1") == Used(1, (soles(20),))
    assert await used(shops, but="rf-2") == Used(1, (soles(1),))


async def test_a_refund_that_ends_unpaid_gives_its_part_back(shops: LedgerBook) -> None:
    """As soon as it is saved; a change that is rolled back gives nothing."""
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **COUNTS))
    assert (await used(shops)).count == 1
    async with shops.begin() as ledger:
        await ledger.save_refund(refund(1, **COUNTS | {"state": State.CANCELLED}))
    assert await used(shops) == Used()


@pytest.mark.parametrize("name", ["None", "", "a/b", "o'neil", "%s", "ñandú"])
async def test_an_operator_is_meant_by_the_whole_name(shops: LedgerBook, name: str) -> None:
    """No name is nobody's name, and no store's operator is another store's."""
    mine = COUNTS | {"requested_by": name}
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **mine))
        await ledger.add_refund(refund(2, **mine, store_id="shop-2"))
        await ledger.add_refund(refund(3, **COUNTS | {"requested_by": None}))
    assert (await used(shops, LimitScope.OPERATOR, key=f"shop/{name}")).count == 1
    assert (await used(shops, LimitScope.OPERATOR, key="shop/" + name + "x")).count == 0


async def test_a_hostile_key_counts_what_was_written_under_it(shops: LedgerBook) -> None:
    """What no database can hold is replaced in the record and in the question alike."""
    async with shops.begin() as ledger:
        await ledger.add_refund(refund(1, **COUNTS | {"requested_by": "\x00\ud800"}))
        await ledger.lock_limits(["operator/shop/\x00\ud800/1d"])
        found = await ledger.used(LimitScope.OPERATOR, "shop/\x00\ud800", NOON, but="rf-0")
    assert found.count == 1


async def test_a_naive_moment_is_no_window(shops: LedgerBook) -> None:
    """A time without a zone is refused, whether there is something to count or not."""
    with pytest.raises(ValueError, match="no time zone"):
        await used(shops, since=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("counters", [[], ["a"], ["a", "a"], ["b", "a", ""]])
async def test_any_counters_can_be_locked_and_locked_again(
    book: LedgerBook, counters: list[str]
) -> None:
    """None, one, the same twice; and the next transaction gets them as well."""
    for _ in range(2):
        async with book.begin() as ledger:
            await ledger.lock_limits(counters)
            await ledger.lock_limits(counters)
