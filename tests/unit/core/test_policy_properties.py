"""What must be true of every policy and every refund, tried on thousands of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pef_adapters.core.calendar import age_in_days, lima_date
from pef_adapters.core.errors import PolicyLocked
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, Outcome, Policy, decide, inherit, judge, lint
from pef_adapters.core.policy.decision import Kind
from pef_adapters.core.policy.guards import GUARDS
from policy_samples import MOST, NOON, Case, Yes, cases, good_refunds, key_of, policies, rules

ORDER = ["approve", "payout", "hold", "reject"]


def inside(number: float, wanted: dict[str, Any]) -> bool:
    """Whether a number lies in a range of the policy's JSON."""
    low, high = wanted["min"], wanted["max"]
    above = low is None or number >= float(low)
    return above and (high is None or number <= float(high))


def matches(when: dict[str, Any], refund: Facts) -> bool:
    """Whether a rule's conditions, of those that are drawn, all hold."""
    assert refund.paid_at is not None
    days = (lima_date(refund.now) - lima_date(refund.paid_at)).days
    amount, age, past = when["amount"], when["age_days"], when["buyer_past_refunds"]
    reason, known = when["reason"], refund.buyer_past_refunds
    return (
        (amount is None or inside(refund.amount.minor / 100, amount))
        and (age is None or inside(days, age))
        and (past is None or (known is not None and inside(known, past)))
        and (reason is None or (refund.reason or "-") in reason["contains"])
    )


def by_window(refund: Facts, window: dict[str, Any]) -> str:
    """What the age of the payment says."""
    assert refund.paid_at is not None
    days = (lima_date(refund.now) - lima_date(refund.paid_at)).days
    if days <= window["original_route_days"]:
        return "approve"
    return "payout" if days <= window["payout_days"] else str(window["closed"])


def reached(limit: dict[str, Any], refund: Facts) -> bool:
    """Whether a limit of the policy's JSON is passed by this refund."""
    if limit["per"] == "refund":
        return limit["currency"] == "PEN" and refund.amount.minor > float(limit["amount"]) * 100
    window = f"{limit['days']}d" if limit["days"] else f"{limit['hours']}h"
    used = refund.used.get(f"{limit['per']}/{key_of(limit['per'], refund)}/{window}")
    if used is None:
        return False
    if limit["count"]:
        return used.count >= int(limit["count"])
    before = sum(money.minor for money in used.money if money.currency == "PEN")
    together = before + refund.amount.minor
    return limit["currency"] == "PEN" and together > float(limit["amount"]) * 100


def holding(refund: Facts, policy: Policy, rule: Any, window: str, route: str) -> dict[str, int]:
    """Everything that holds the refund, with the people whom it needs."""
    written = policy.model_dump(mode="json")
    asked_at = refund.asked_at or refund.now
    near = timedelta(minutes=written["double_press_minutes"])
    twice = any(
        other.amount == refund.amount and abs(asked_at - other.asked_at) < near
        for other in refund.siblings
    )
    found = {rule["id"]: rule["approvers"]} if rule["then"] == "hold" else {}
    found |= {"window_open": 1} if window == "hold" else {}
    found |= {"double_press": 1} if twice else {}
    for limit, named in zip(written["limits"], policy.limits, strict=True):
        found |= {named.name: limit["approvers"]} if reached(limit, refund) else {}
    if route == "payout" and refund.beneficiary is not None:
        found["payout_approval"] = written["payout"]["approvers"]
    return found


def lifted(name: str, needed: int, refund: Facts, said_yes: tuple[Yes, ...]) -> bool:
    """Whether enough people, who are not its editors, agreed to this refund being held so."""
    people = {
        yes.by.lower()
        for yes in said_yes
        if (yes.amount, yes.beneficiary) == (refund.amount, refund.beneficiary)
        and name in yes.covers
        and yes.by not in refund.editors
    }
    return len(people) >= needed


def reference(case: Case) -> str:
    """A second, tiny interpreter of the policy's JSON, for refunds that pass the guards."""
    written = case.policy.model_dump(mode="json")
    default = written["otherwise"] or {"then": "hold", "approvers": 1}
    matched = (rule for rule in written["rules"] if matches(rule["when"], case.facts))
    rule = next(matched, {**default, "id": "otherwise"})
    window = by_window(case.facts, written["window"])
    if "reject" in (rule["then"], window):
        return "reject"
    by_hand = window != "approve" or rule["then"] == "payout" or case.facts.payout_chosen
    route = "payout" if by_hand else "approve"
    holds = holding(case.facts, case.policy, rule, window, route)
    free = all(lifted(*each, case.facts, case.said_yes) for each in holds.items())
    return route if free else "hold"


@given(cases())
def test_the_first_match_wins_as_a_tiny_interpreter_says(case: Case) -> None:
    """Whatever the policy, its limits and the votes, a second reading comes to the same end."""
    assert judge(case.facts, case.policy).outcome == reference(case)


def with_a_kinder_rule(policy: Policy, data: st.DataObject) -> Policy:
    """The policy with one rule that answers the same or more kindly."""
    place = data.draw(st.integers(0, len(policy.rules) - 1))
    kinder = [o for o in Outcome if o.strictness <= policy.rules[place].then.strictness]
    dumped = policy.model_dump(mode="json")
    dumped["rules"][place]["then"] = data.draw(st.sampled_from(kinder))
    return Policy.model_validate(dumped)


@given(cases(), st.data())
def test_a_more_permissive_rule_never_makes_a_decision_stricter(
    case: Case, data: st.DataObject
) -> None:
    """Where one rule answers more kindly, no refund is decided more strictly by itself."""
    assume(case.policy.rules)
    kinder, asked = with_a_kinder_rule(case.policy, data), replace(case.facts, votes=())
    before, after = judge(asked, case.policy).outcome, judge(asked, kinder).outcome
    assert after.strictness <= before.strictness


@given(cases(), st.data())
def test_a_more_permissive_rule_never_refuses_what_people_approved(
    case: Case, data: st.DataObject
) -> None:
    """With approvals, a kinder rule may pay by hand what went by itself, but rejects nothing."""
    assume(case.policy.rules)
    kinder = with_a_kinder_rule(case.policy, data)
    before, after = judge(case.facts, case.policy).outcome, judge(case.facts, kinder).outcome
    assert before is Outcome.REJECT or after is not Outcome.REJECT


@given(cases(), rules("new"), st.integers(0, 4))
def test_one_more_approving_rule_never_makes_a_decision_stricter(
    case: Case, new: dict[str, Any], place: int
) -> None:
    """Wherever an approving rule is put, no approved refund is refused for it."""
    dumped = case.policy.model_dump(mode="json")
    dumped["rules"].insert(place, {**new, "then": "approve"})
    before = judge(case.facts, case.policy).outcome
    after = judge(case.facts, Policy.model_validate(dumped)).outcome
    assert before is not Outcome.APPROVE or after is Outcome.APPROVE


@given(cases())
def test_the_same_input_gives_the_same_bytes(case: Case) -> None:
    """A decision, its policy and its digest are the same text each time they are made."""
    again = Policy.model_validate_json(case.policy.canonical_json())
    assert again.digest == case.policy.digest
    made = decide(case.facts, case.policy).canonical_json()
    assert made == decide(replace(case.facts), again).canonical_json()


@given(cases(), st.integers(0, MOST * 100 - 1), st.booleans())
def test_nothing_leaves_above_the_rest(case: Case, rest: int, by_hand: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever the policy and whoever agreed: more than what is left is never paid."""
    left = Money(rest, "PEN")
    assume(case.facts.amount > left)
    made = judge(replace(case.facts, rest=left, payout_chosen=by_hand), case.policy)
    assert (made.outcome, made.approvers, made.route) == (Outcome.HOLD, 0, None)


@given(
    cases(),
    st.sampled_from(
        [
            {"account_mode": Mode.SANDBOX},
            {"paid_by_gateway": True},
            {"reversed_by_bank": True},
            {"paid_at": None},
            {"transaction_id": None},
            {"payment": None, "rest": None},
            {"order_currency": "USD"},
            {"rest": Money(99, "PEN")},
            {"amount": Money(0, "PEN")},
            {"kyc_until": lima_date(NOON) - timedelta(days=1)},
            {"keys_until": lima_date(NOON) - timedelta(days=1)},
        ]
    ),
)
def test_no_policy_passes_a_guard(case: Case, broken: dict[str, object]) -> None:
    """What a guard stops stays stopped, by that guard, without approvers and without a route."""
    refund = replace(case.facts, **broken)  # type: ignore[arg-type]
    made = judge(refund, case.policy)
    first = next(v for v in (guard(refund) for guard in GUARDS) if not v.passed)
    assert (made.deciding, made.outcome) == (first, first.outcome)
    assert made.outcome in {Outcome.HOLD, Outcome.REJECT}
    assert (made.approvers, made.route, made.expected_on) == (0, None, None)


@given(good_refunds(), policies(), policies())
def test_a_store_keeps_what_its_agency_locked(refund: Facts, agency: Policy, store: Policy) -> None:
    """A refund that a locked rule decided for the agency is decided by it for every store."""
    try:
        whole = inherit(agency, store)
    except PolicyLocked:
        ids = {rule.id for rule in agency.rules if rule.locked}
        assert ids & {rule.id for rule in store.rules}
        return
    locked = [rule for rule in agency.rules if rule.locked]
    assert [rule for rule in whole.rules if rule in locked] == locked
    decided = {
        v.rule
        for v in judge(refund, agency).verdicts
        if v.code.startswith("RULE_") and v.outcome is not None
    }
    if decided & {rule.id for rule in locked}:
        now = {v.rule for v in judge(refund, whole).verdicts if v.outcome is not None}
        assert decided <= now


@settings(max_examples=60)
@given(cases())
def test_the_nearest_amounts_are_the_nearest(case: Case) -> None:
    """The amounts that a decision names are the first on either side with another outcome."""
    rest = Money((MOST + 2) * 100, "PEN")
    refund, policy = replace(case.facts, rest=rest), case.policy
    made = decide(refund, policy)
    named = {change.kind: change for change in made.changes}
    soles = refund.amount.minor
    # Bounds are whole soles, so between two of them one amount stands for all.
    nearby = {n for sol in range(MOST + 3) for n in (sol * 100 - 1, sol * 100, sol * 100 + 1)}
    for kind, amounts in (
        (Kind.SMALLER_AMOUNT, sorted((n for n in nearby if 0 < n < soles), reverse=True)),
        (Kind.LARGER_AMOUNT, sorted(n for n in nearby if n > soles)),
    ):
        # Nobody has agreed to another amount yet.
        moved = (replace(refund, amount=Money(minor, "PEN"), votes=()) for minor in amounts)
        other = next((m for m in moved if judge(m, policy).outcome is not made.outcome), None)
        assert (kind in named) == (other is not None)
        if other is not None:
            assert named[kind].at == str(other.amount)


@given(cases())
def test_a_rule_that_lint_calls_unreachable_never_decides(case: Case) -> None:
    """What lint says about a rule is certain."""
    never = {
        finding.figures["rule"]
        for finding in lint(case.policy)
        if finding.code in {"RULE_UNREACHABLE", "IMPOSSIBLE_CONDITION", "CONTRADICTION"}
    }
    answered = {v.rule for v in judge(case.facts, case.policy).verdicts if v.outcome}
    assert not never & answered


@settings(max_examples=60)
@given(cases())
def test_the_nearest_days_are_the_nearest(case: Case) -> None:
    """The days that a decision names are the first on either side with another outcome."""
    # Whenever it is decided, the button was pressed when it was.
    refund = replace(case.facts, asked_at=case.facts.asked_at or case.facts.now)
    policy = case.policy
    made = decide(case.facts, policy)
    named = {change.kind: change for change in made.changes}
    assert refund.paid_at is not None
    age = age_in_days(refund.paid_at, refund.now)
    for kind, days in (
        (Kind.EARLIER_DAY, range(-1, -age - 1, -1)),
        (Kind.LATER_DAY, range(1, 120)),
    ):
        moved = (replace(refund, now=refund.now + timedelta(days=n)) for n in days)
        other = next((m for m in moved if judge(m, policy).outcome is not made.outcome), None)
        assert (kind in named) == (other is not None)
        if other is not None:
            assert named[kind].at == str(lima_date(other.now))
