"""The payout desk, approvals and presses at the gate: whole answers, entries, pages and bounds."""

from dataclasses import replace

import pytest

from desk_actors import ELSEWHERE, HERE, house_owner, person, with_second_store
from desk_samples import batch, payout, review
from desk_told import AGENT, OWNER, kept, of_owner
from desk_world import DeskWorld, bank_file
from pef_adapters.core.access import HOUSE, Actor, ActorKind, Permission, Power, Role
from pef_adapters.core.access.places import agency_place, store_place
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    NotAllowed,
    NothingToApprove,
    NotThere,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.gate import approvals, payouts
from pef_adapters.engine.gate.payouts import BatchSummary
from pef_adapters.engine.records import Act, PayoutEnd
from storage_samples import refund as sample


async def due_desk() -> DeskWorld:
    """A desk at which one refund is due."""
    world = DeskWorld()
    await world.open_old()
    await world.until_due()
    return world


async def test_a_batch_and_its_entries_are_whole() -> None:
    """From export to answers: what is answered, and what the audit holds of it."""
    world = await due_desk()
    made = await payouts.export(world.ports, OWNER, "main", "csv")
    name = made.batch_id
    assert (made.lines, dict(made.left_out)) == (1, {})
    file = await payouts.bank_file(world.ports, OWNER, name)
    assert (file.name, file.media_type) == (f"{name}.csv", "text/csv; charset=utf-8")
    proof = await payouts.attach_proof(
        world.ports, OWNER, name, file_name="v.pdf", body=b"%PDF-1", line_id=""
    )
    read = await payouts.proof(world.ports, OWNER, name, proof.id)
    assert read == proof
    with pytest.raises(NotThere) as refused:
        await payouts.proof(world.ports, OWNER, name, proof.id + 1)
    assert str(refused.value) == f"there is no proof {proof.id + 1} in batch {name}"
    summary, proofs = await payouts.batch(world.ports, OWNER, name)
    lines = await world.payouts()
    async with world.book.begin() as ledger:
        known = await ledger.batch(name)
    assert known is not None
    assert summary == BatchSummary(known, tuple(lines))
    assert proofs == [replace(proof, body=b"")]
    assert await payouts.batches(world.ports, OWNER) == [summary]
    await payouts.take_answers(world.ports, OWNER, name, bank_file(file.body, status="confirmed"))
    at = f"batch/{name}"
    assert await kept(world) == [
        of_owner("export", "account/main", format="csv", batch=name, lines=1),
        of_owner("bank_file", at, account="main", sha256=known.sha256, lines=1),
        of_owner("proof", at, account="main", proof=proof.id, line="", sha256=proof.sha256),
        of_owner("proof_read", at, account="main", proof=proof.id),
        of_owner("proof_read", at, "NOT_THERE", account="main", proof=proof.id + 1),
        of_owner("bank_answers", at, account="main", confirmed=1, returned=0),
    ]


async def test_refused_deeds_at_the_desk_are_kept_with_what_was_asked() -> None:
    """An agent's export and a format that is not there leave their entry."""
    world = await due_desk()
    with pytest.raises(NotAllowed):
        await payouts.export(world.ports, AGENT, "main", "csv")
    async with world.book.begin() as ledger:
        assert await ledger.batches(9) == []
    (entry,) = await kept(world)
    assert entry == of_owner("export", "account/main", "NOT_ALLOWED", format="csv")


def test_totals_are_one_for_each_currency() -> None:
    """By the currency's code, each the sum of its lines; lines are counted by their end."""
    amounts = (
        ("USD", 100, None),
        ("PEN", 30, PayoutEnd.CONFIRMED),
        ("USD", 5, None),
        ("PEN", 4, None),
    )
    lines = tuple(
        payout(number, paid_out=Money(minor, currency), ended_as=how)
        for number, (currency, minor, how) in enumerate(amounts)
    )
    summary = BatchSummary(batch(), lines)
    assert summary.totals == (Money(34, "PEN"), Money(105, "USD"))
    assert (summary.ended(None), summary.ended(PayoutEnd.CONFIRMED)) == (3, 1)
    assert summary.ended(PayoutEnd.RETURNED) == 0
    assert BatchSummary(batch(), ()).totals == ()


async def test_a_hundred_batches_are_listed_unless_more_are_asked_for() -> None:
    """The newest first, and none of an account that is another's."""
    world = DeskWorld()
    await world.open_old()
    async with world.book.begin() as ledger:
        for number in range(101):
            at = world.clock.now().replace(second=number % 60, minute=number // 60)
            await ledger.add_batch(batch(id=f"PB{number:03}", account_id="main", made_at=at))
    found = await payouts.batches(world.ports, OWNER)
    assert [found[0].batch.id, found[-1].batch.id, len(found)] == ["PB100", "PB001", 100]
    assert len(await payouts.batches(world.ports, OWNER, 101)) == 101
    assert [each.batch.id for each in await payouts.batches(world.ports, OWNER, 2)] == [
        "PB100",
        "PB099",
    ]
    stranger = person(Role.OWNER, ELSEWHERE)
    assert await payouts.batches(world.ports, stranger) == []
    with pytest.raises(NotThere):
        await payouts.batch(world.ports, stranger, "PB000")


async def test_an_unknown_batch_reads_like_a_foreign_one() -> None:
    """For an owner of the account, for a stranger, and for who may look at no payouts."""
    world = await due_desk()
    name = (await payouts.export(world.ports, OWNER, "main", "csv")).batch_id
    stores_only = Power(HERE, frozenset({Permission.SEE_STORES}))
    blind = Actor("luz@tienda.pe", ActorKind.PERSON, (stores_only,))
    for actor, batch_id, refusal in (
        (OWNER, "PB404", NotThere),
        (person(Role.OWNER, ELSEWHERE), name, NotThere),
        (blind, name, NotAllowed),
    ):
        with pytest.raises(refusal) as refused:
            await payouts.batch(world.ports, actor, batch_id)
        if refusal is NotThere:
            assert str(refused.value) == f"there is no batch {batch_id}; see `pef payout batches`"


async def test_a_line_of_another_store_hides_its_batch() -> None:
    """Who sees the account and not the refund of a line is told of no batch."""
    world = await due_desk()
    name = (await payouts.export(world.ports, OWNER, "main", "csv")).batch_id
    await with_second_store(world)
    await world.set_store(agency="andes")
    sees = frozenset({Permission.SEE_STORES})
    everywhere = Power(HOUSE, sees)
    everything = Power(ELSEWHERE, frozenset(Permission))
    actor = Actor("luz@otra.pe", ActorKind.PERSON, (everywhere, everything))
    with pytest.raises((NotThere, NotAllowed)):
        await payouts.batch(world.ports, actor, name)


# approvals


async def held(world: DeskWorld, count: int) -> None:
    """Held refunds of the store with open reviews, past the engine."""
    now = world.clock.now()
    known = {"store_id": "tienda-pe", "account_id": "main", "platform": "fake"}
    async with world.book.begin() as ledger:
        for number in range(count):
            made = sample(number, state=State.HELD, transaction_id=None, created_at=now, **known)
            await ledger.add_refund(made)
            await ledger.add_review(review(number, store_id="tienda-pe", opened_at=now))


async def test_a_hundred_reviews_are_listed_unless_more_are_asked_for() -> None:
    """For the house and for one store alike."""
    world = DeskWorld()
    await world.open_old(1)
    await held(world, 101)
    for actor in (AGENT, house_owner()):
        assert len(await approvals.queue(world.ports, actor)) == 100
        assert len(await approvals.queue(world.ports, actor, 101)) == 101
        assert len(await approvals.queue(world.ports, actor, 1)) == 1


async def test_where_somebody_decides_is_said() -> None:
    """His stores for who approves, none for an agent, and None for everywhere."""
    world = DeskWorld()
    await world.open_old(1)
    await with_second_store(world)
    await world.set_store(agency="andes")
    places = {
        person(Role.APPROVER): frozenset({"tienda-pe"}),
        AGENT: frozenset[str](),
        person(Role.APPROVER, HOUSE): None,
        person(Role.APPROVER, agency_place("andes")): frozenset({"tienda-pe"}),
    }
    for actor, where in places.items():
        assert await approvals.where_to_decide(world.ports, actor) == where
    approve = frozenset({Permission.APPROVE})
    both = (Power(agency_place("andes"), approve), Power(store_place("otra-pe"), approve))
    mixed = Actor("luz@andes.pe", ActorKind.PERSON, both)
    assert await approvals.where_to_decide(world.ports, mixed) == {"tienda-pe", "otra-pe"}


async def test_what_people_decide_is_kept_whole() -> None:
    """Each deed with its digest or its act, and each refusal in its words."""
    world = DeskWorld()
    await world.open_old(1, otherwise={"then": "hold", "approvers": 2})
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    seen = (await approvals.look(world.ports, OWNER, refund)).review.digest
    await approvals.speak(world.ports, OWNER, refund, Act.COMMENT, "¿seguro?")
    said = []
    for deed in (
        approvals.speak(world.ports, OWNER, refund, Act.APPROVE, "yes"),
        approvals.approve(world.ports, OWNER, refund, seen[:11]),
    ):
        with pytest.raises((NotAllowed, NothingToApprove)) as refused:
            await deed
        said.append(str(refused.value))
    await approvals.approve(world.ports, OWNER, refund, seen[:12], "ok")
    with pytest.raises(AlreadyApproved) as again:
        await approvals.approve(world.ports, OWNER, refund, seen)
    said.append(str(again.value))
    await approvals.decline(world.ports, OWNER, refund, "no procede")
    assert said == [
        "to approve or to decline is more than to speak",
        "an approval names what was shown, by its digest",
        "rosa@tienda.pe has approved this refund; a second person is needed",
    ]
    at = f"refund/{refund}"
    assert await kept(world) == [
        of_owner("speak", at, act="comment"),
        of_owner("speak", at, "NOT_ALLOWED", act="approve"),
        of_owner("approve", at, "NOTHING_TO_APPROVE", digest=seen[:11]),
        of_owner("approve", at, digest=seen[:12]),
        of_owner("approve", at, "ALREADY_APPROVED", digest=seen[:12]),
        of_owner("decline", at),
    ]


async def test_who_pressed_is_told_so_by_name() -> None:
    """The refusal names the address under which he is signed in."""
    world = DeskWorld()
    await world.open_old(1, otherwise="hold")
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    await world.set_store(people={str(refund.requested_by): OWNER.name})
    seen = (await approvals.look(world.ports, OWNER, refund.id)).review.digest
    with pytest.raises(EditorCannotApprove) as refused:
        await approvals.approve(world.ports, OWNER, refund.id, seen)
    assert str(refused.value) == "rosa@tienda.pe pressed or changed this refund"
    machine = Actor("token/erp", ActorKind.MACHINE, OWNER.powers)
    with pytest.raises(NotAllowed) as barred:
        await approvals.decline(world.ports, machine, refund.id, "no")
    assert str(barred.value) == "it takes a person, who can be asked; a program can't decide this"


async def test_an_export_needs_who_may_pay_out_all_that_waits() -> None:
    """A refund that another store left at the account is paid out by the house."""
    world = await due_desk()
    await with_second_store(world)
    store = await world.store()
    async with world.book.begin() as ledger:
        account = await ledger.account("main")
        assert account is not None
        await ledger.add_account(replace(account, id="other"))
        await ledger.add_store(replace(store, account_id="other"))
    neighbour = person(Role.OWNER, ELSEWHERE)
    with pytest.raises(NotAllowed) as refused:
        await payouts.export(world.ports, neighbour, "main", "csv")
    assert str(refused.value) == "another store's refunds wait here too; the house pays them out"
    assert (await payouts.export(world.ports, house_owner(), "main", "csv")).lines == 1
