"""The gate to policies: who reads, drafts and publishes, and that nobody is overwritten."""

import pytest

from desk_actors import (
    ELSEWHERE,
    HERE,
    agency_place,
    audits,
    house_owner,
    person,
    with_second_store,
)
from desk_world import DeskWorld
from pef_adapters.core.access import HOUSE, Actor, Role
from pef_adapters.core.errors import (
    InvalidInput,
    NotAllowed,
    NotThere,
    PolicyLocked,
    PolicyUnreadable,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Outcome
from pef_adapters.engine.gate import policies, policy_drafts
from pef_adapters.engine.gate.policy_drafts import Sample

STORE, AGENCY = "store/tienda-pe", "agency/acme"
OWNER = person(Role.OWNER)
ADMINISTRATOR = person(Role.AGENCY_ADMINISTRATOR, agency_place("acme"), "ana@acme.pe")
DRAFT = """\
name: shop
rules:
  - id: small
    when:
      amount: {max: 50.00, currency: PEN}
    then: approve
otherwise: hold
"""
OTHER = DRAFT.replace("50.00", "60.00")
DEAD_RULE = DRAFT.replace(
    "otherwise",
    "  - id: never\n    when:\n      amount: {max: 20.00, currency: PEN}\n"
    "    then: reject\notherwise",
)


async def shop(agency: str = "acme") -> DeskWorld:
    """A store of an agency that has published nothing."""
    world = DeskWorld()
    await world.open_old(1)
    await world.set_store(agency=agency)
    return world


PUBLISHERS = [
    (person(Role.AGENT), STORE, False),
    (person(Role.APPROVER), STORE, False),
    (OWNER, STORE, True),
    (ADMINISTRATOR, STORE, True),
    (ADMINISTRATOR, AGENCY, True),
    (person(Role.OWNER, HOUSE), AGENCY, False),
    (person(Role.AGENCY_ADMINISTRATOR, HOUSE), AGENCY, True),
]


@pytest.mark.parametrize(("actor", "owner", "may"), PUBLISHERS)
async def test_each_role_publishes_what_is_its_own(actor: Actor, owner: str, may: bool) -> None:  # noqa: FBT001 - a row of the table
    """A store's owner publishes for the store, an agency's administrator for both."""
    world = await shop()
    assert (await policies.read(world.ports, actor, owner)).version == 0
    if may:
        assert (await policies.publish(world.ports, actor, owner, DRAFT, 0)).version == 1
        outcome = "done"
    else:
        with pytest.raises(NotAllowed):
            await policies.publish(world.ports, actor, owner, DRAFT, 0)
        outcome = "NOT_ALLOWED"
    (entry,) = await audits(world)
    assert (entry.what, entry.subject, entry.outcome) == ("publish_policy", owner, outcome)


@pytest.mark.parametrize(("owner", "missing"), [(STORE, "store/no-pe"), (AGENCY, "agency/none")])
async def test_foreign_policies_are_not_there(owner: str, missing: str) -> None:
    """A stranger hears of a store or an agency what he hears of one that was never there."""
    world, stranger = await shop(), person(Role.OWNER, ELSEWHERE)
    said = []
    for each in (owner, missing):
        with pytest.raises(NotThere) as refused:
            await policies.history(world.ports, stranger, each)
        said.append(str(refused.value).replace(each.partition("/")[2], "X"))
        with pytest.raises(NotThere):
            await policies.publish(world.ports, stranger, each, DRAFT, 0)
        with pytest.raises(NotThere):
            await policy_drafts.check(world.ports, stranger, each, DRAFT)
    assert said[0] == said[1]
    assert await audits(world) == []


async def test_a_stores_reader_does_not_read_its_agency() -> None:
    """The agency's policy is the agency's; of it a store's people see what reaches them."""
    world = await shop()
    await policies.publish(world.ports, ADMINISTRATOR, AGENCY, DRAFT, 0)
    with pytest.raises(NotThere):
        await policies.read(world.ports, OWNER, AGENCY)
    assert [each.owner for each in await policies.owners(world.ports, OWNER)] == [STORE]
    assert [each.owner for each in await policies.owners(world.ports, ADMINISTRATOR)] == [
        AGENCY,
        STORE,
    ]


async def test_owners_are_listed_with_their_newest_version() -> None:
    """The list says what is published where, and leaves other stores out."""
    world = await shop()
    await with_second_store(world)
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    (only,) = await policies.owners(world.ports, person(Role.AGENT, HERE))
    assert (only.owner, only.version, only.agency) == (STORE, 1, "acme")
    everybody = await policies.owners(world.ports, house_owner())
    assert [each.owner for each in everybody] == [AGENCY, "store/otra-pe", STORE]


async def test_publishing_twice_is_publishing_once() -> None:
    """The same form sent again finds its own contents and changes nothing."""
    world = await shop()
    first = await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    again = await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    assert (first.version, again.version) == (1, 1)
    assert len(await policies.history(world.ports, OWNER, STORE)) == 1


async def test_nobody_is_written_over() -> None:
    """Two people edit version 1: the second is told, and version 2 stands."""
    world = await shop()
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    await policies.publish(world.ports, OWNER, STORE, OTHER, 1)
    late = DRAFT.replace("50.00", "70.00")
    with pytest.raises(InvalidInput, match=r"rosa@tienda\.pe published version 2"):
        await policies.publish(world.ports, ADMINISTRATOR, STORE, late, 1)
    assert (await policies.read(world.ports, OWNER, STORE)).version == 2


async def test_two_versions_are_compared() -> None:
    """The diff shows the line that changed; a version that never was is not there."""
    world = await shop()
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    await policies.publish(world.ports, OWNER, STORE, OTHER, 1)
    lines = await policies.diff(world.ports, OWNER, STORE, 1, 2)
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert ("50.00" in changed[0], "60.00" in changed[1]) == (True, True)
    with pytest.raises(NotThere):
        await policies.diff(world.ports, OWNER, STORE, 1, 3)


async def test_a_check_names_lines_and_what_is_wrong() -> None:
    """A rule that never acts is found, with the line on which it stands."""
    world = await shop()
    checked = await policy_drafts.check(world.ports, OWNER, STORE, DEAD_RULE)
    (found,) = [each for each in checked.found if each.finding.code == "RULE_UNREACHABLE"]
    assert found.line == 1 + DEAD_RULE.splitlines().index("  - id: never")
    assert not checked.good
    with pytest.raises(PolicyUnreadable, match="line 2"):
        await policy_drafts.check(world.ports, OWNER, STORE, "name: shop\nrulez: []\n")
    with pytest.raises(PolicyUnreadable):
        await policy_drafts.check(world.ports, OWNER, STORE, "#" * (policies.MOST_LETTERS + 1))


async def test_a_check_sees_what_the_agency_locks() -> None:
    """What publishing would refuse, the check of store and of agency refuses before."""
    world = await shop()
    locking = DRAFT + "window: {payout_days: 60}\nlocked: [window]\n"
    await policies.publish(world.ports, ADMINISTRATOR, AGENCY, locking, 0)
    bold = DRAFT + "window: {payout_days: 80}\n"
    (problem,) = (await policy_drafts.check(world.ports, OWNER, STORE, bold)).problems
    assert "locks" in problem
    with pytest.raises(PolicyLocked):
        await policies.publish(world.ports, OWNER, STORE, bold, 0)
    own = DRAFT + "window: {payout_days: 60}\n"
    await policies.publish(world.ports, OWNER, STORE, own, 0)
    wider = locking.replace("60", "61")
    (problem,) = (await policy_drafts.check(world.ports, ADMINISTRATOR, AGENCY, wider)).problems
    assert problem.startswith("tienda-pe: ")


async def test_a_draft_is_explained_by_a_made_up_refund() -> None:
    """Before anything is published one sees what a small and a large amount would meet."""
    world = await shop()
    small, large = Money(4000, "PEN"), Money(9000, "PEN")
    for amount, outcome in ((small, Outcome.APPROVE), (large, Outcome.HOLD)):
        sample = Sample(amount, large, 3)
        made = await policy_drafts.explain_sample(world.ports, OWNER, STORE, DRAFT, sample)
        assert made.outcome is outcome
    nothing = Sample(Money(0, "PEN"), large, 3)
    with pytest.raises(InvalidInput):
        await policy_drafts.explain_sample(world.ports, OWNER, STORE, DRAFT, nothing)


async def test_a_draft_is_tried_on_the_past() -> None:
    """What went by itself would be held by the draft; nothing is published by trying."""
    world = await shop()
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    for actor, owner in ((OWNER, STORE), (ADMINISTRATOR, AGENCY)):
        draft = (
            DRAFT if owner == STORE else "name: acme\ndouble_press_minutes: 5\notherwise: hold\n"
        )
        report = (await policy_drafts.back_test(world.ports, actor, owner, draft, 30))["tienda-pe"]
        assert report.count == 1
        assert report.was[Outcome.APPROVE].count == 1
    tried = await policy_drafts.back_test(world.ports, OWNER, STORE, DRAFT, 30)
    assert [c.past.refund for c in tried["tienda-pe"].changed] == [refund.id]
    told = await policy_drafts.explain_refund(world.ports, OWNER, STORE, DRAFT, refund.id)
    assert told.outcome is Outcome.HOLD
    assert (await policies.read(world.ports, OWNER, STORE)).version == 0
    for days in (0, 367):
        with pytest.raises(InvalidInput):
            await policy_drafts.back_test(world.ports, OWNER, STORE, DRAFT, days)


async def test_a_refund_of_another_store_explains_nothing() -> None:
    """A draft is explained by refunds of its own stores only."""
    world = await shop()
    await with_second_store(world)
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    with pytest.raises(NotThere):
        await policy_drafts.explain_refund(
            world.ports, house_owner(), "store/otra-pe", DRAFT, refund.id
        )
