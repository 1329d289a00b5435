"""The gate to the payout desk: who sees it, who pays out, and where bank details leave."""

from collections.abc import Awaitable, Callable

import pytest

from desk_actors import ELSEWHERE, audits, machine, person, with_second_store
from desk_world import ANA, DeskWorld, bank_file
from pef_adapters.core.access import HOUSE, Actor, Role
from pef_adapters.core.errors import NotAllowed, NotThere, TransitionRefused
from pef_adapters.core.states import State
from pef_adapters.engine.gate import payouts


class FiledDesk(DeskWorld):
    """A desk that knows its only bank file."""

    batch_id = ""


Call = Callable[[FiledDesk, Actor], Awaitable[object]]
OWNER = person(Role.OWNER)
READS: dict[str, Call] = {
    "due": lambda w, a: payouts.due(w.ports, a, "main"),
    "batch": lambda w, a: payouts.batch(w.ports, a, w.batch_id),
}
DEEDS: dict[str, Call] = {
    "export": lambda w, a: payouts.export(w.ports, a, "main", "csv"),
    "bank_file": lambda w, a: payouts.bank_file(w.ports, a, w.batch_id),
    "bank_answers": lambda w, a: payouts.take_answers(w.ports, a, w.batch_id, b"x"),
    "proof": lambda w, a: payouts.attach_proof(
        w.ports, a, w.batch_id, file_name="v.pdf", body=b"%PDF"
    ),
    "proof_read": lambda w, a: payouts.proof(w.ports, a, w.batch_id, 1),
}


async def exported() -> FiledDesk:
    """A desk with one batch at the bank."""
    world = FiledDesk()
    await world.open_old()
    await world.until_due()
    world.batch_id = (await payouts.export(world.ports, OWNER, "main", "csv")).batch_id
    return world


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER])
@pytest.mark.parametrize("what", DEEDS)
async def test_who_may_only_look_pays_nothing_out(role: Role, what: str) -> None:
    """Agents and approvers see the desk, but nothing they ask for is done; it is audited."""
    world = await exported()
    for read in READS.values():
        await read(world, person(role))
    with pytest.raises(NotAllowed):
        await DEEDS[what](world, person(role))
    newest = (await audits(world))[0]
    assert (newest.what, newest.outcome, newest.actor) == (what, "NOT_ALLOWED", "rosa@tienda.pe")


@pytest.mark.parametrize("what", [*READS, *DEEDS])
async def test_a_strangers_desk_is_not_there(what: str) -> None:
    """Of an account with a store of somebody else, nothing is said and nothing audited."""
    world = await exported()
    before = len(await audits(world))
    with pytest.raises(NotThere):
        await (READS | DEEDS)[what](world, person(Role.OWNER, ELSEWHERE))
    assert len(await audits(world)) == before
    assert await payouts.accounts(world.ports, person(Role.OWNER, ELSEWHERE)) == []
    assert await payouts.batches(world.ports, person(Role.OWNER, ELSEWHERE)) == []


async def test_a_shared_account_takes_every_store() -> None:
    """Who has one of two stores of an account does not see what is due for both."""
    world = await exported()
    await with_second_store(world)
    with pytest.raises(NotThere):
        await payouts.due(world.ports, OWNER, "main")
    house = person(Role.OWNER, HOUSE)
    assert await payouts.accounts(world.ports, OWNER) == []
    assert await payouts.accounts(world.ports, house) == ["main"]
    assert [each.batch.id for each in await payouts.batches(world.ports, house)]


async def test_what_is_due_carries_no_whole_bank_details() -> None:
    """The desk shows accounts masked: the open details do not even reach the page."""
    world = DeskWorld()
    await world.open_old()
    await world.until_due()
    (due,) = await payouts.due(world.ports, OWNER, "main")
    assert due.destination.details == {}
    assert ANA["account"] not in str(due)
    assert due.destination.masked["account"].endswith(ANA["account"][-4:])


async def test_export_pressed_twice_pays_once() -> None:
    """The second press finds nothing due, and there is one batch."""
    world = await exported()
    with pytest.raises(NotThere):
        await payouts.export(world.ports, OWNER, "main", "csv")
    (summary,) = await payouts.batches(world.ports, OWNER)
    assert (len(summary.payouts), summary.ended(None)) == (1, 1)
    assert [str(total) for total in summary.totals] == ["129.80 PEN"]


async def test_each_reading_of_the_bank_file_is_audited() -> None:
    """Whole accounts leave in the same bytes each time, and never without an entry."""
    world = await exported()
    files = [await payouts.bank_file(world.ports, OWNER, world.batch_id) for _ in range(2)]
    assert files[0].body == files[1].body
    assert ANA["account"].encode() in files[0].body
    assert ANA["account"] not in repr(files[0])
    assert [e.what for e in await audits(world)][:2] == ["bank_file", "bank_file"]
    assert ANA["account"] not in str(await audits(world))


async def test_answers_end_the_file() -> None:
    """What the bank answered is booked once, and its file is not given out again."""
    world = await exported()
    batch_id = world.batch_id
    body = (await payouts.bank_file(world.ports, OWNER, batch_id)).body
    answer = bank_file(body, status="confirmed")
    first = await payouts.take_answers(world.ports, OWNER, batch_id, answer)
    again = await payouts.take_answers(world.ports, OWNER, batch_id, answer)
    assert (first.confirmed, again.confirmed, again.known) == (1, 0, 1)
    assert (await world.refund()).state is State.REFUNDED
    with pytest.raises(TransitionRefused):
        await payouts.bank_file(world.ports, OWNER, batch_id)


async def test_a_proof_is_kept_once_and_given_back() -> None:
    """The same file twice is one proof; whoever may pay out gets its bytes, others don't."""
    world = await exported()
    batch_id = world.batch_id
    kept = [
        await payouts.attach_proof(world.ports, OWNER, batch_id, file_name="v.pdf", body=b"%PDF-1")
        for _ in range(2)
    ]
    assert kept[0].id == kept[1].id
    _, listed = await payouts.batch(world.ports, OWNER, batch_id)
    assert [each.body for each in listed] == [b""]
    assert (await payouts.proof(world.ports, OWNER, batch_id, kept[0].id)).body == b"%PDF-1"
    with pytest.raises(NotThere):
        await payouts.proof(world.ports, OWNER, batch_id, kept[0].id + 1)


async def test_asking_the_buyer_again_takes_who_may_pay_out() -> None:
    """A link could be filled in by whoever makes it, so agents and approvers make none."""
    world = DeskWorld()
    await world.open_old()
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    with pytest.raises(NotAllowed):
        await payouts.ask_buyer(world.ports, person(Role.APPROVER), refund.id)
    with pytest.raises(NotThere):
        await payouts.ask_buyer(world.ports, person(Role.OWNER, ELSEWHERE), refund.id)
    link = await payouts.ask_buyer(world.ports, OWNER, refund.id)
    assert link.address.startswith("https://refunds.example/payout/")
    assert [e.outcome for e in await audits(world)] == ["done", "NOT_ALLOWED"]
    assert link.address not in str(await audits(world))


async def test_a_program_with_the_right_can_export() -> None:
    """Paying out moves what people agreed to, so a token can hold it."""
    world = DeskWorld()
    await world.open_old()
    await world.until_due()
    made = await payouts.export(world.ports, machine(), "main", "csv")
    assert made.lines == 1
    (entry,) = await audits(world)
    assert (entry.actor, entry.store_id, entry.detail["batch"]) == (
        "token/erp",
        "tienda-pe",
        made.batch_id,
    )
