"""Approvals, limits over time and recorded facts: what must hold of every sequence of them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Outcome, Policy, Vote, judge, lint
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.policy.backtest import PastRefund, backtest
from pef_adapters.core.policy.model import Limit
from pef_adapters.core.policy.recorded import facts_of, facts_record
from pef_adapters.core.policy.replay import Replay
from policy_samples import FULL, IDS, MOST, NOON, Case, cases, facts, key_of, limits, policies

TESTS = Path(__file__).parents[2]
SAME_BYTES = """
import json
from policy_samples import FULL
from pef_adapters.core.policy import decide
from pef_adapters.core.policy.library import template
from pef_adapters.core.policy.recorded import facts_record
policy = template("volume")
print(decide(FULL, policy).canonical_json(), policy.digest, json.dumps(facts_record(FULL)))
"""
GOES = (Outcome.APPROVE, Outcome.PAYOUT)


def everything(case: Case) -> frozenset[str]:
    """The name of all that could hold a case's refund."""
    names = {"otherwise", "window_open", "double_press", "payout_approval", *IDS}
    return frozenset(names | {limit.name for limit in case.policy.limits})


@st.composite
def more_votes(draw: st.DrawFn, case: Case) -> tuple[Vote, ...]:
    """Further votes, of which some fit."""
    bound_to = digest(case.facts.amount, case.facts.beneficiary)
    return tuple(
        Vote(
            draw(st.sampled_from(("ana", "luis", "zoe"))),
            draw(st.sampled_from((bound_to, digest(Money(1, "PEN"), None)))),
            draw(st.sampled_from((everything(case), frozenset({"otherwise"})))),
        )
        for _ in range(draw(st.integers(1, 3)))
    )


@given(cases(), st.data())
def test_more_votes_never_make_a_decision_stricter(case: Case, data: st.DataObject) -> None:
    """Whoever else says yes to whatever, nothing that left or was held is decided more strictly."""
    more = (*case.facts.votes, *data.draw(more_votes(case)))
    before = judge(case.facts, case.policy)
    after = judge(replace(case.facts, votes=more), case.policy)
    assert after.outcome.strictness <= before.outcome.strictness


@given(
    cases(),
    st.sampled_from(["amount", "currency", "beneficiary", "hold"]),
    st.sampled_from(["ana", "zoe"]),
)
def test_a_vote_for_anything_else_never_counts(case: Case, other: str, who: str) -> None:
    """A yes to another amount, currency, bank account or hold changes not one byte."""
    amount, details = case.facts.amount, case.facts.beneficiary
    covers = everything(case)
    if other == "amount":
        amount += Money(1, amount.currency)
    elif other == "currency":
        amount = Money(amount.minor, "USD")
    elif other == "beneficiary":
        details = "somebody-else" if details else "somebody"
    else:
        covers = frozenset({"limit_store_9d_9.00_PEN"})
    vote = Vote(who, digest(amount, details), covers)
    with_it = replace(case.facts, votes=(*case.facts.votes, vote))
    assert judge(with_it, case.policy) == judge(case.facts, case.policy)


@given(cases(), st.sampled_from(["rosa", "ROSA", " Rosá "]))
def test_the_vote_of_an_editor_never_counts(case: Case, spelt: str) -> None:
    """Who pressed or changed the refund approves nothing, however the name is spelt."""
    refund = replace(case.facts, editors=case.facts.editors | {"rosa"})
    vote = Vote(spelt, digest(refund.amount, refund.beneficiary), everything(case))
    with_it = replace(refund, votes=(*refund.votes, vote))
    assert judge(with_it, case.policy) == judge(refund, case.policy)


@given(cases())
def test_enough_people_lift_every_hold_but_a_refusal(case: Case) -> None:
    """Two who agree to all that holds it let a refund go, unless rule or window reject it."""
    bound_to = digest(case.facts.amount, case.facts.beneficiary)
    votes = tuple(Vote(who, bound_to, everything(case)) for who in ("zoe", "pía"))
    made = judge(replace(case.facts, votes=votes), case.policy)
    assert made.outcome is not Outcome.HOLD


@dataclass(frozen=True, slots=True)
class Press:
    """One refund of a sequence, and who would approve it if it is held."""

    facts: Facts
    approvers: tuple[str, ...]


@st.composite
def presses(draw: st.DrawFn) -> list[Press]:
    """Refunds of two stores, buyers and operators, in order of time, across midnights."""
    now, made = NOON, []
    zones = st.sampled_from([UTC, timezone(timedelta(hours=9)), NOON.tzinfo])
    steps = st.integers(0, 90) | st.sampled_from([0, 60, 719, 720, 1440, 2160])
    for _ in range(draw(st.integers(1, 12))):
        now += timedelta(minutes=draw(steps))
        currency = draw(st.sampled_from(["PEN", "PEN", "PEN", "USD"]))
        rest = Money(MOST * 100, currency)
        refund = facts(
            now=now.astimezone(draw(zones)),
            paid_at=now,
            amount=Money(draw(st.integers(1, MOST)) * 100, currency),
            order_currency=currency,
            payment=rest,
            rest=rest,
            store=draw(st.sampled_from([None, "s", "t"])),
            account=draw(st.sampled_from(["m", "n"])),
            buyer=draw(st.sampled_from([None, "a", "b"])),
            pressed_by=draw(st.sampled_from([None, "1", "2"])),
            destination=draw(st.sampled_from([None, "x", "y"])),
        )
        made.append(Press(refund, draw(st.sampled_from([(), ("ana",), ("ana", "luis")]))))
    return made


def only_limits(found: list[dict[str, object]]) -> Policy:
    """A policy that approves all but what its limits hold."""
    return Policy.model_validate({"name": "any", "otherwise": "approve", "limits": found})


several_limits = st.lists(
    limits(), min_size=1, max_size=4, unique_by=lambda made: Limit.model_validate(made).name
).map(only_limits)


@st.composite
def alike_limits(draw: st.DrawFn) -> Policy:
    """Limits on the same money or count of the same people, in windows of all kinds."""
    per = draw(st.sampled_from(["store", "account", "operator"]))
    windows = ({"days": 1}, {"days": 2}, {"days": 3}, {"hours": 24}, {"hours": 36}, {"hours": 48})
    counted = draw(st.booleans())

    def limit(window: dict[str, int]) -> dict[str, object]:
        most = draw(st.integers(1, 4))
        what = {"count": most} if counted else {"amount": most * 5, "currency": "PEN"}
        return {"per": per, "approvers": draw(st.sampled_from([1, 1, 2])), **window, **what}

    picked = draw(st.lists(st.sampled_from(windows), min_size=2, max_size=4))
    made = {(w.get("days"), w.get("hours")): limit(w) for w in picked}
    return only_limits(list(made.values()))


def counts_still(limit: Limit, at: datetime, now: datetime) -> bool:
    """Whether what left at `at` counts at `now`: a calendar of its own, five hours behind UTC."""
    if limit.hours is not None:
        return now - at <= timedelta(hours=limit.hours)
    days = [(each.astimezone(UTC) - timedelta(hours=5)).date() for each in (at, now)]
    return (days[1] - days[0]).days < (limit.days or 0)


def exceeds(limit: Limit, left: list[Facts], refund: Facts) -> bool:
    """Whether a refund passes a limit, after those that have left."""
    own = key_of(limit.per.value, refund)
    earlier = [
        each
        for each in left
        if own is not None
        and key_of(limit.per.value, each) == own
        and counts_still(limit, each.now, refund.now)
    ]
    if limit.per != "refund" and own is None:
        return False
    if limit.count is not None:
        return len(earlier) + 1 > limit.count
    if refund.amount.currency != limit.currency:
        return False
    same = [e.amount.minor for e in (*earlier, refund) if e.amount.currency == limit.currency]
    return sum(same) > int(limit.amount or 0) * 100


@settings(max_examples=200)
@given(several_limits, presses())
def test_no_sequence_passes_a_limit_without_its_people(
    policy: Policy, sequence: list[Press]
) -> None:
    """A refund leaves exactly if each limit that it passes has its people's yes."""
    replay, left = Replay(policy), list[Facts]()
    for press in sequence:
        asked = replace(press.facts, used=replay.used(press.facts))
        bound_to, holds = digest(asked.amount, None), frozenset(judge(asked, policy).holds)
        votes = tuple(Vote(who, bound_to, holds) for who in press.approvers)
        made = judge(replace(asked, votes=votes), policy)
        passed = [limit for limit in policy.limits if exceeds(limit, left, asked)]
        assert holds == {limit.name for limit in passed}
        needed = max((limit.approvers for limit in passed), default=0)
        assert (made.outcome in GOES) == (len(votes) >= needed)
        if made.outcome in GOES:
            replay.let_go(asked)
            left.append(asked)


@settings(max_examples=200)
@given(several_limits, presses(), st.data())
def test_a_backtest_decides_as_if_it_had_been_there(
    policy: Policy, sequence: list[Press], data: st.DataObject
) -> None:
    """In whatever order refunds are given, each is counted with those this policy let go before."""
    left, expected = list[Facts](), dict[str, Outcome]()
    # Two at the very same moment are decided in the order in which they are given.
    moments = [press.facts.now for press in sequence]
    assume(len(set(moments)) == len(moments))
    past = [PastRefund(str(n), p.facts, Outcome.REJECT) for n, p in enumerate(sequence)]
    for each in past:
        held = any(exceeds(limit, left, each.facts) for limit in policy.limits)
        expected[each.refund] = Outcome.HOLD if held else Outcome.APPROVE
        left += [] if held else [each.facts]
    report = backtest(data.draw(st.permutations(past)), policy)
    assert {each.past.refund: each.now.outcome for each in report.changed} == expected
    assert [each.past.facts.now for each in report.changed] == moments


@settings(max_examples=200)
@given(alike_limits(), presses())
def test_a_limit_that_lint_calls_idle_never_holds_alone(
    policy: Policy, sequence: list[Press]
) -> None:
    """Whenever it is reached, the one that lint names is reached as well, for as many people."""
    idle = [f.figures for f in lint(policy) if f.code == "LIMIT_NEVER_MATTERS"]
    assume(idle)
    replay, needed = Replay(policy), {limit.name: limit.approvers for limit in policy.limits}
    for press in sequence:
        asked = replace(press.facts, used=replay.used(press.facts))
        holds = judge(asked, policy).holds
        for found in idle:
            assert found["limit"] not in holds or found["other"] in holds
            assert needed[found["other"]] >= needed[found["limit"]]
        # Also what people let go counts.
        replay.let_go(asked)


@given(cases())
def test_recorded_facts_are_the_same_facts(case: Case) -> None:
    """What the ledger keeps is plain JSON, and decides alike when it is read back."""
    again = facts_of(json.loads(json.dumps(facts_record(case.facts))))
    assert again == case.facts
    assert judge(again, case.policy) == judge(case.facts, case.policy)


@given(policies())
def test_a_policy_read_back_is_the_same_policy(policy: Policy) -> None:
    """What its owner wrote is enough to make it again, limits and all."""
    again = Policy.model_validate(policy.as_written())
    assert (again, again.digest) == (policy, policy.digest)


def test_other_processes_come_to_the_same_bytes() -> None:
    """No order of a set gets into a decision, a digest or a record: any hash seed, one text."""
    said = set[str]()
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SAME_BYTES],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert '"people":"ana, jose, pia, zoe"' in said.pop()
    assert facts_of(facts_record(FULL)) == FULL
