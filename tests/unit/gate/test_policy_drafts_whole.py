"""Policies and drafts at the gate: whole answers, lines, bounds, and whose drafts are whose."""

from dataclasses import replace
from typing import Any

import pytest

from desk_actors import ELSEWHERE, agency_place, audits, house_owner, person, with_second_store
from desk_world import DeskWorld
from engine_world import PAID
from pef_adapters.core.access import Actor, ActorKind, Permission, Power, Role
from pef_adapters.core.errors import (
    InvalidInput,
    NotAllowed,
    NotThere,
    PolicyUnreadable,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Outcome, read_policy
from pef_adapters.core.writing import policy_as_written
from pef_adapters.engine import policies as kept_policies
from pef_adapters.engine.agencies import set_agency_settings
from pef_adapters.engine.gate import policies, policy_drafts
from pef_adapters.engine.gate.policies import OwnerHead, Standing
from pef_adapters.engine.gate.policy_drafts import MOST_DAYS, Sample

STORE, AGENCY = "store/tienda-pe", "agency/acme"
OWNER = person(Role.OWNER)
BOSS = person(Role.AGENCY_ADMINISTRATOR, agency_place("acme"), "ana@acme.pe")
STRANGER = person(Role.OWNER, ELSEWHERE)
DRAFT = "name: shop\nwindow: {original_route_days: 20}\notherwise: hold\n"
OTHER = "name: shop\nwindow: {original_route_days: 30}\notherwise: hold\n"
SAMPLE = Sample(Money(4000, "PEN"), Money(9000, "PEN"), 3)


async def shop(agency: str = "acme") -> DeskWorld:
    """A store of an agency that has published nothing."""
    world = DeskWorld()
    await world.open_old(1)
    await world.set_store(agency=agency)
    return world


async def test_a_standing_is_whole() -> None:
    """The newest version, its text, what decides in the end, and who may change it."""
    world = await shop()
    published = await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    text = policy_as_written(read_policy(DRAFT).model_copy(update={"version": 1}))
    effective = await kept_policies.effective(world.ports, "tienda-pe")
    assert await policies.read(world.ports, OWNER, STORE) == Standing(
        STORE, published, text, effective, may_publish=True
    )
    agent = person(Role.AGENT)
    assert not (await policies.read(world.ports, agent, STORE)).may_publish
    assert await policies.read(world.ports, BOSS, AGENCY) == Standing(
        AGENCY, None, "", None, may_publish=True
    )
    reader = person(Role.OWNER, agency_place("acme"))
    assert not (await policies.read(world.ports, reader, AGENCY)).may_publish
    of_agency = await policies.publish(world.ports, BOSS, AGENCY, DRAFT, 0)
    standing = await policies.read(world.ports, BOSS, AGENCY)
    assert (standing.newest, standing.text) == (of_agency, text)
    assert standing.effective == kept_policies.policy_in(of_agency)


async def test_what_can_not_decide_says_why() -> None:
    """A store whose policy its agency locks has no whole policy, and the trouble is told."""
    world = await shop(agency="")
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    locking = OTHER + "locked: [window]\n"
    async with world.book.begin() as ledger:
        draft = read_policy(locking)
        await kept_policies.publish_in(ledger, AGENCY, draft, "Ana", world.clock.now())
    await world.set_store(agency="acme")
    standing = await policies.read(world.ports, OWNER, STORE)
    assert standing.effective is None
    assert "locks" in standing.trouble
    assert standing.version == 1


async def test_owners_are_listed_whole() -> None:
    """Agencies by name with their titles, then stores by id with their addresses."""
    world = await shop()
    await set_agency_settings(world.ports, "zeta", "Zeta SAC", {}, "Rosa")
    await with_second_store(world)
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    assert await policies.owners(world.ports, house_owner()) == [
        OwnerHead(AGENCY, "acme", None),
        OwnerHead("agency/zeta", "Zeta SAC", None),
        OwnerHead("store/otra-pe", "https://otra.pe", "acme"),
        OwnerHead(STORE, "https://tienda.pe", "acme", 1),
    ]
    assert await policies.owners(world.ports, OWNER) == [
        OwnerHead(STORE, "https://tienda.pe", "acme", 1)
    ]


async def test_differences_are_told_line_by_line() -> None:
    """Of two versions and of a draft: old and new are named, and no line is doubled."""
    world = await shop()
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    await policies.publish(world.ports, OWNER, STORE, OTHER, 1)
    lines = await policies.diff(world.ports, OWNER, STORE, 1, 2)
    assert lines[:2] == [f"--- {STORE} version 1", f"+++ {STORE} version 2"]
    assert [line for line in lines[2:] if line[0] in "+-"] == [
        "-  original_route_days: 20",
        "+  original_route_days: 30",
    ]
    assert not any(line.endswith("\n") for line in lines)
    draft = await policies.diff_of_draft(world.ports, OWNER, STORE, DRAFT)
    assert draft[:2] == [f"--- {STORE} version 2", f"+++ {STORE} draft"]
    assert "-  original_route_days: 30" in draft
    assert "+  original_route_days: 20" in draft
    assert lines[2].startswith("@@ ")
    with pytest.raises(NotThere) as refused:
        await policies.diff(world.ports, OWNER, STORE, 1, 3)
    assert str(refused.value) == f"{STORE} has no version 3"


@pytest.mark.parametrize("owner", ["house", "people/ana", "tienda-pe", ""])
async def test_nobody_else_has_policies(owner: str) -> None:
    """A name that is neither a store's nor an agency's is not there, even for the house."""
    world = await shop()
    with pytest.raises(NotThere) as refused:
        await policies.read(world.ports, house_owner(), owner)
    assert str(refused.value) == f"nobody has policies under the name {owner}"


async def test_an_agency_is_known_by_record_stores_or_policy() -> None:
    """Each of the three alone is enough, and a name without any is not there."""
    world = await shop()
    await set_agency_settings(world.ports, "kept", "Kept", {}, "Rosa")
    async with world.book.begin() as ledger:
        draft, now = read_policy(DRAFT), world.clock.now()
        published = await kept_policies.publish_in(ledger, STORE, draft, "Ana", now)
        await ledger.add_policy(replace(published, owner="agency/published"))
    for name in ("kept", "acme", "published"):
        standing = await policies.read(world.ports, house_owner(), f"agency/{name}")
        assert standing.owner == f"agency/{name}"
    with pytest.raises(NotThere) as refused:
        await policies.read(world.ports, house_owner(), "agency/none")
    assert str(refused.value) == "there is no agency none; see `pef agency list`"


async def test_a_text_of_two_hundred_thousand_letters_is_read() -> None:
    """One letter more is no policy, whatever is in it."""
    filled = DRAFT + "#" * (policies.MOST_LETTERS - len(DRAFT))
    assert len(filled) == 200_000
    assert policies.draft_in(filled) == read_policy(DRAFT)
    with pytest.raises(PolicyUnreadable) as refused:
        policies.draft_in(filled + "#")
    assert str(refused.value) == "a policy has at most 200000 letters"


async def test_a_publication_is_kept_with_both_versions() -> None:
    """Which version was edited and which came of it; a refused one has only the first."""
    world = await shop()
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    with pytest.raises(InvalidInput) as refused:
        await policies.publish(world.ports, OWNER, STORE, OTHER, 0)
    assert str(refused.value) == (
        "rosa@tienda.pe published version 1 while you edited version 0:"
        " compare the two, then publish again"
    )
    await policies.publish(world.ports, BOSS, AGENCY, DRAFT, 0)
    told = [
        (e.subject, e.store_id, e.agency, e.outcome, dict(e.detail)) for e in await audits(world)
    ]
    assert told[::-1] == [
        (STORE, "tienda-pe", None, "done", {"edited_from": 0, "version": 1}),
        (STORE, "tienda-pe", None, "INVALID_INPUT", {"edited_from": 0}),
        (AGENCY, None, "acme", "done", {"edited_from": 0, "version": 1}),
    ]


# drafts


async def test_a_draft_is_tried_by_who_reads_the_owners_policy() -> None:
    """Whoever may not see it tries nothing on it, however he asks."""
    world = await shop()
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    sees_refunds = Power("store/tienda-pe", frozenset({Permission.SEE_REFUNDS}))
    blind = Actor("luz@tienda.pe", ActorKind.PERSON, (sees_refunds,))
    for actor in (STRANGER, blind):
        for call in (
            policy_drafts.check(world.ports, actor, STORE, DRAFT),
            policy_drafts.explain_refund(world.ports, actor, STORE, DRAFT, refund),
            policy_drafts.explain_sample(world.ports, actor, STORE, DRAFT, SAMPLE),
            policy_drafts.back_test(world.ports, actor, STORE, DRAFT, 9),
        ):
            with pytest.raises((NotThere, NotAllowed)):
                await call


HEAD = "name: a\notherwise: hold\n"
BIG = "when: {amount: {min: 10, currency: PEN}}, then: hold"
BIGGER = "when: {amount: {min: 20, currency: PEN}}, then: reject"


@pytest.mark.parametrize(
    ("rest", "code", "line"),
    [
        ("window: {original_route_days: 9, payout_days: 3}\n", "WINDOW_REVERSED", None),
        (
            "limits:\n  - {per: store, days: 1, count: 5}\n  - {per: store, days: 1, count: 9}\n",
            "LIMIT_NEVER_MATTERS",
            3,
        ),
        (
            "approvals:\n  remind_after_hours: 9\n  expire_after_hours: 9\n",
            "REMINDER_TOO_LATE",
            3,
        ),
        (
            '"approvals" : {remind_after_hours: 9, expire_after_hours: 9}\n',
            "REMINDER_TOO_LATE",
            3,
        ),
        (f"rules:\n  - {{id: big, {BIG}}}\n  - {{id: b, {BIGGER}}}\n", "RULE_UNREACHABLE", 5),
        (
            f'rules:\n  - {{ \'id\' : big, {BIG}}}\n  - {{ "id" : "b", {BIGGER}}}\n',
            "RULE_UNREACHABLE",
            5,
        ),
        (f"rules: [{{id: big, {BIG}}}, {{id: b, {BIGGER}}}]\n", "RULE_UNREACHABLE", None),
    ],
)
async def test_a_finding_names_the_line_of_its_rule_or_part(
    rest: str, code: str, line: int | None
) -> None:
    """The last rule, all limits, or a part; where no line begins so, none is named."""
    world = await shop()
    checked = await policy_drafts.check(world.ports, OWNER, STORE, HEAD + rest)
    found = [each for each in checked.found if each.finding.code == code]
    assert [(each.line, each.store_id) for each in found] == [(line, "")]


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(0, Outcome.APPROVE), (20, Outcome.APPROVE), (21, Outcome.HOLD), (3660, Outcome.HOLD)],
)
async def test_a_made_up_refund_is_as_old_as_it_says(age: int, outcome: Outcome) -> None:
    """It is decided by the days since its payment, today and ten years ago included."""
    world = await shop()
    text = "name: a\nwindow: {original_route_days: 20, payout_days: 20}\notherwise: approve\n"
    for actor, owner in ((OWNER, STORE), (BOSS, AGENCY)):
        made = Sample(Money(100, "PEN"), PAID, age)
        decided = await policy_drafts.explain_sample(world.ports, actor, owner, text, made)
        assert (decided.outcome is Outcome.APPROVE) is (outcome is Outcome.APPROVE)


@pytest.mark.parametrize(("minor", "age"), [(0, 0), (-1, 0), (1, -1), (1, 10 * MOST_DAYS + 1)])
async def test_what_can_not_be_made_up_is_refused(minor: int, age: int) -> None:
    """An amount of nothing, a payment of the future, or one older than ten years."""
    world = await shop()
    sample = Sample(Money(minor, "PEN"), PAID, age)
    with pytest.raises(InvalidInput) as refused:
        await policy_drafts.explain_sample(world.ports, OWNER, STORE, DRAFT, sample)
    said = "give an amount above zero, and the days since the payment"
    assert str(refused.value) == said
    assert MOST_DAYS == 366


async def test_a_stores_sample_is_decided_under_its_agency() -> None:
    """A store's draft is joined with its agency's policy; an agency's stands for itself."""
    world = await shop()
    loose = "name: loose\notherwise: approve\n"
    sample = Sample(Money(100, "PEN"), PAID, 0)
    await policies.publish(world.ports, BOSS, AGENCY, RULED, 0)
    mine = await policy_drafts.explain_sample(world.ports, OWNER, STORE, loose, sample)
    theirs = await policy_drafts.explain_sample(world.ports, BOSS, AGENCY, loose, sample)
    assert (mine.outcome, theirs.outcome) == (Outcome.REJECT, Outcome.APPROVE)


RULED = """\
name: ruled
rules:
  - id: any
    when:
      amount: {min: 1, currency: PEN}
    then: reject
otherwise: hold
"""


async def test_a_back_test_looks_back_so_many_days() -> None:
    """A refund of just so many days ago is in it, and an older one is not."""
    world = await shop()
    await world.press("15", 12980)
    await world.run()
    world.clock.advance(days=1)
    for days, count in ((1, 1), (366, 1)):
        found = await policy_drafts.back_test(world.ports, OWNER, STORE, DRAFT, days)
        assert {name: each.count for name, each in found.items()} == {"tienda-pe": count}
    world.clock.advance(seconds=1)
    found = await policy_drafts.back_test(world.ports, OWNER, STORE, DRAFT, 1)
    assert found["tienda-pe"].count == 0
    for days in (0, -1, 367):
        with pytest.raises(InvalidInput) as refused:
            await policy_drafts.back_test(world.ports, OWNER, STORE, DRAFT, days)
        assert str(refused.value) == "look back 1 to 366 days"


async def test_a_back_test_of_an_agency_is_of_its_stores() -> None:
    """Each store by its id, and none of another agency."""
    world = await shop()
    await with_second_store(world)
    await world.set_store(agency="other")
    boss = person(Role.AGENCY_ADMINISTRATOR, agency_place("acme"))
    found: dict[str, Any] = await policy_drafts.back_test(world.ports, boss, AGENCY, DRAFT, 9)
    assert list(found) == ["otra-pe"]


async def test_an_unknown_refund_explains_nothing() -> None:
    """A refund without a decision here is answered in one sentence."""
    world = await shop()
    await with_second_store(world)
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    with pytest.raises(NotThere) as refused:
        await policy_drafts.explain_refund(
            world.ports, house_owner(), "store/otra-pe", DRAFT, refund
        )
    assert str(refused.value) == f"there is no decision about a refund {refund} here"
    decided = await policy_drafts.explain_refund(world.ports, OWNER, STORE, DRAFT, refund)
    assert decided.outcome is Outcome.HOLD


async def test_an_agencys_draft_takes_the_place_of_what_it_published() -> None:
    """In its stores the draft decides, and no longer what is published there now."""
    world = await shop()
    await policies.publish(world.ports, BOSS, AGENCY, RULED, 0)
    await policies.publish(world.ports, OWNER, STORE, "name: a\n", 0)
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    for text, outcome in (
        ("name: b\notherwise: approve\n", Outcome.APPROVE),
        (DRAFT, Outcome.HOLD),
    ):
        decided = await policy_drafts.explain_refund(world.ports, BOSS, AGENCY, text, refund)
        assert decided.outcome is outcome


async def test_a_store_that_a_draft_does_not_fit_is_named() -> None:
    """The problem is a sentence with the store's id and the two policies."""
    world = await shop()
    await policies.publish(world.ports, OWNER, STORE, DRAFT, 0)
    checked = await policy_drafts.check(world.ports, BOSS, AGENCY, OTHER + "locked: [window]\n")
    assert checked.problems == ("tienda-pe: shop-1 changes window, which shop-0 locks",)
    assert not checked.good


async def test_a_stores_own_warnings_are_not_its_agencys() -> None:
    """An agency hears of errors in its stores; what only deserves a look is the store's."""
    world = await shop()
    limits = "limits:\n  - {per: store, days: 1, count: 5}\n  - {per: store, days: 1, count: 9}\n"
    await policies.publish(world.ports, OWNER, STORE, HEAD + limits, 0)
    checked = await policy_drafts.check(world.ports, BOSS, AGENCY, "name: a\notherwise: hold\n")
    assert checked.found == ()


async def test_an_agencys_draft_is_checked_in_each_store() -> None:
    """What is wrong in the draft itself is told once, and errors of a store with its id."""
    world = await shop()
    wrong = "name: a\nwindow: {original_route_days: 9, payout_days: 3}\notherwise: hold\n"
    checked = await policy_drafts.check(world.ports, BOSS, AGENCY, wrong)
    assert checked.policy == read_policy(wrong)
    assert {each.store_id for each in checked.found} == {""}
    assert not checked.good
    fine = await policy_drafts.check(world.ports, BOSS, AGENCY, "name: a\notherwise: hold\n")
    assert (fine.problems, fine.good) == ((), True)
