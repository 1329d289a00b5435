"""Merchant accounts that stores share, or have left: nobody reads what is another store's."""

from dataclasses import replace

import pytest

from desk_actors import ELSEWHERE, house_owner, person, with_second_store
from desk_world import DeskWorld
from engine_world import CIP
from gate_world import FOREIGN, SISTER, House, at_agency, at_store
from pef_adapters.core.access import Role
from pef_adapters.core.costs import CostSettings
from pef_adapters.core.errors import NotAllowed, NotThere, PefError
from pef_adapters.engine.by_hand import Found, Press
from pef_adapters.engine.gate import accounts, by_hand, costs, payouts
from pef_adapters.engine.gate.audits import audits
from pef_adapters.engine.records import AuditSearch


@pytest.fixture
async def world() -> DeskWorld:
    """A store whose payments are too old for the original route."""
    return await DeskWorld().open_old()


async def test_an_agency_reads_what_was_paid_out_for_its_stores(house: House) -> None:
    """What is done with an account of several stores of one agency belongs to that agency."""
    async with house.world.book.begin() as ledger:
        foreign = await ledger.store(FOREIGN)
        assert foreign is not None
        moved = replace(foreign, settings={"agency": "andes"})
        await ledger.add_store(moved)
        account_id = foreign.account_id
    boss = await house.person("rosa@tienda.pe", at_agency(Role.AGENCY_ADMINISTRATOR))
    with pytest.raises(PefError):
        await payouts.export(house.ports, boss, account_id, "no-such-format")
    assert [entry.what for entry in await audits(house.ports, boss, AuditSearch())] == ["export"]
    owner = await house.person("max@tienda.pe", at_store(Role.OWNER, SISTER))
    assert await audits(house.ports, owner, AuditSearch()) == []


async def move_to_another_account(world: DeskWorld) -> None:
    """The first store leaves its account, and what it has paid out stays behind there."""
    store = await world.store()
    async with world.book.begin() as ledger:
        account = await ledger.account("main")
        assert account is not None
        await ledger.add_account(replace(account, id="other"))
        await ledger.add_store(replace(store, account_id="other"))


async def test_a_bank_file_takes_who_may_pay_out_for_each_line(world: DeskWorld) -> None:
    """Who pays out at an account now, and only sees what left it, gets no file of that."""
    await world.until_due("15", 5000)
    batch_id = (await world.export()).batch.id
    await with_second_store(world)
    await move_to_another_account(world)
    agent, owner = person(Role.AGENT), person(Role.OWNER, ELSEWHERE)
    both = replace(agent, powers=(*agent.powers, *owner.powers))
    assert len((await payouts.batch(world.ports, both, batch_id))[0].payouts) == 1
    for deed in (
        lambda: payouts.bank_file(world.ports, both, batch_id),
        lambda: payouts.take_answers(world.ports, both, batch_id, b""),
        lambda: payouts.attach_proof(world.ports, both, batch_id, file_name="a.pdf", body=b"a"),
        lambda: payouts.proof(world.ports, both, batch_id, 1),
    ):
        with pytest.raises(NotAllowed):
            await deed()
    kept = await audits(world.ports, house_owner(), AuditSearch())
    told = [(entry.what, entry.outcome) for entry in kept][:4][::-1]
    names = ("bank_file", "bank_answers", "proof", "proof_read")
    assert told == [(name, "NOT_ALLOWED") for name in names]


async def test_what_a_moved_store_left_behind_is_not_its_neighbours(world: DeskWorld) -> None:
    """Who owns what is at an account now reads no file, and no line, of who was there before."""
    await world.until_due("15", 5000)
    first = await world.export()
    await world.until_due("16", 4000)
    await with_second_store(world)
    await move_to_another_account(world)
    neighbour = person(Role.OWNER, ELSEWHERE)
    assert await payouts.accounts(world.ports, neighbour) == ["main"]
    assert await payouts.due(world.ports, neighbour, "main") == []
    assert await payouts.batches(world.ports, neighbour) == []
    for look in (payouts.batch, payouts.bank_file):
        with pytest.raises(NotThere):
            await look(world.ports, neighbour, first.batch.id)
    with pytest.raises(NotAllowed):
        await payouts.export(world.ports, neighbour, "main", "csv")
    assert len(await payouts.due(world.ports, house_owner(), "main")) == 1
    assert len(await payouts.batches(world.ports, house_owner())) == 1


async def test_an_owner_reads_what_was_changed_of_the_own_account(world: DeskWorld) -> None:
    """Days and fees of an account of one store belong to that store."""
    owner = person(Role.OWNER)
    await accounts.renew(world.ports, owner, "main", documents_until=None, keys_until=None)
    await costs.set_costs(world.ports, owner, "main", CostSettings())
    found = await audits(world.ports, owner, AuditSearch())
    assert [entry.what for entry in found] == ["set_costs", "renew_account"]


def pressed(seen: Found) -> Press:
    """All that remains of a payment, as the form sends it."""
    return Press(
        transaction_id=seen.payment.transaction_id,
        order_number="",
        amount=seen.rest,
        expected_rest=seen.rest,
        reason="broken",
        person="",
        key="k1",
    )


async def test_a_neighbours_payment_is_neither_found_nor_refunded(world: DeskWorld) -> None:
    """Two stores share an account: a payment of one reads to the other's owner like none."""
    await with_second_store(world)
    owner, neighbour = person(Role.OWNER), person(Role.OWNER, ELSEWHERE)
    seen = await by_hand.find(world.ports, house_owner(), "tienda-pe", CIP)
    said = set()
    for name in (CIP, "87654321"):
        with pytest.raises(NotThere) as refusal:
            await by_hand.find(world.ports, neighbour, "otra-pe", name)
        said.add(str(refusal.value).replace(name, "X"))
    assert len(said) == 1
    with pytest.raises(NotThere):
        await by_hand.press(world.ports, neighbour, "otra-pe", pressed(seen))
    await world.press("15", 5000)
    await world.run()
    own = await by_hand.find(world.ports, owner, "tienda-pe", CIP)
    refund = await by_hand.press(world.ports, owner, "tienda-pe", pressed(own))
    assert refund.amount == own.rest


async def test_an_account_of_ones_own_is_searched_freely(world: DeskWorld) -> None:
    """Where nobody else shares the account, a payment need not be known here."""
    owner = person(Role.OWNER)
    seen = await by_hand.find(world.ports, owner, "tienda-pe", CIP)
    await by_hand.press(world.ports, owner, "tienda-pe", pressed(seen))
