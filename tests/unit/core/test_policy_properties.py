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
from policy_samples import NOON, facts

MOST = 20
REASONS = ("", "anulado", "fraude", "devolución")
IDS = ("a", "b", "c", "d")
outcomes = st.sampled_from([outcome.value for outcome in Outcome])


@st.composite
def ranges(draw: st.DrawFn, top: int) -> dict[str, int]:
    """A range of whole numbers, which may be empty."""
    bounds = {name: draw(st.none() | st.integers(0, top)) for name in ("min", "max")}
    return {name: bound for name, bound in bounds.items() if bound is not None}


@st.composite
def rules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A rule on a few conditions."""
    when = {
        "amount": draw(st.none() | ranges(MOST).map(lambda r: {**r, "currency": "PEN"})),
        "age_days": draw(st.none() | ranges(100)),
        "reason": draw(st.none() | st.sampled_from(REASONS[1:]).map(lambda r: {"contains": [r]})),
        "buyer_past_refunds": draw(st.none() | ranges(4)),
    }
    return {
        "id": name,
        "when": {key: value for key, value in when.items() if value is not None},
        "then": draw(outcomes),
        "locked": draw(st.booleans()),
    }


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Up to four rules, perhaps a default, and any window."""
    names = draw(st.lists(st.sampled_from(IDS), unique=True))
    original = draw(st.integers(0, 60))
    window = {
        "original_route_days": original,
        "payout_days": original + draw(st.integers(0, 40)),
        "closed": draw(st.sampled_from(["reject", "hold"])),
    }
    return Policy.model_validate(
        {
            "name": "any",
            "rules": [draw(rules(name)) for name in names],
            "otherwise": draw(st.none() | outcomes),
            "window": window,
        }
    )


# Refunds that pass every guard; the amounts are whole soles, as the bounds are.
@st.composite
def good_refunds(draw: st.DrawFn) -> Facts:
    """A refund that only the policy decides about."""
    return facts(
        amount=Money(draw(st.integers(1, MOST)) * 100, "PEN"),
        paid_at=NOON - timedelta(days=draw(st.integers(0, 100))),
        reason=draw(st.none() | st.sampled_from(REASONS)),
        buyer_past_refunds=draw(st.none() | st.integers(0, 4)),
    )


def reference(refund: Facts, policy: dict[str, Any]) -> str:
    """A second, tiny interpreter of the policy's JSON, for refunds that pass the guards."""

    def inside(number: Any, wanted: dict[str, Any]) -> bool:
        low, high = wanted["min"], wanted["max"]
        above = low is None or number >= float(low)
        return above and (high is None or number <= float(high))

    def matches(when: dict[str, Any]) -> bool:
        amount, age, past = when["amount"], when["age_days"], when["buyer_past_refunds"]
        reason = when["reason"]
        known = refund.buyer_past_refunds
        return (
            (amount is None or inside(refund.amount.minor / 100, amount))
            and (age is None or inside(days, age))
            and (past is None or (known is not None and inside(known, past)))
            and (reason is None or (refund.reason or "-") in reason["contains"])
        )

    assert refund.paid_at is not None
    days = (lima_date(refund.now) - lima_date(refund.paid_at)).days
    window = policy["window"]
    otherwise = policy["otherwise"]["then"] if policy["otherwise"] else "hold"
    by_rule = next((r["then"] for r in policy["rules"] if matches(r["when"])), otherwise)
    by_window = window["closed"]
    if days <= window["payout_days"]:
        by_window = "payout"
    if days <= window["original_route_days"]:
        by_window = "approve"
    order = ["approve", "payout", "hold", "reject"]
    return max((by_rule, by_window), key=order.index)


@given(good_refunds(), policies())
def test_the_first_match_wins_as_a_tiny_interpreter_says(refund: Facts, policy: Policy) -> None:
    """Whatever the policy, a second reading of its JSON comes to the same outcome."""
    assert judge(refund, policy).outcome == reference(refund, policy.model_dump(mode="json"))


@given(good_refunds(), policies(), st.data())
def test_a_more_permissive_rule_never_makes_a_decision_stricter(
    refund: Facts, policy: Policy, data: st.DataObject
) -> None:
    """Where one rule answers more kindly, no refund is decided more strictly."""
    assume(policy.rules)
    place = data.draw(st.integers(0, len(policy.rules) - 1))
    rule = policy.rules[place]
    kinder = [o for o in Outcome if o.strictness <= rule.then.strictness]
    dumped = policy.model_dump(mode="json")
    dumped["rules"][place]["then"] = data.draw(st.sampled_from(kinder))
    before = judge(refund, policy).outcome
    after = judge(refund, Policy.model_validate(dumped)).outcome
    assert after.strictness <= before.strictness


@given(good_refunds(), policies(), rules("new"), st.integers(0, 4))
def test_one_more_approving_rule_never_makes_a_decision_stricter(
    refund: Facts, policy: Policy, new: dict[str, Any], place: int
) -> None:
    """Wherever an approving rule is put, no approved refund is refused for it."""
    dumped = policy.model_dump(mode="json")
    dumped["rules"].insert(place, {**new, "then": "approve"})
    before = judge(refund, policy).outcome
    after = judge(refund, Policy.model_validate(dumped)).outcome
    assert before is not Outcome.APPROVE or after is Outcome.APPROVE


@given(good_refunds(), policies())
def test_the_same_input_gives_the_same_bytes(refund: Facts, policy: Policy) -> None:
    """A decision, its policy and its digest are the same text each time they are made."""
    again = Policy.model_validate_json(policy.canonical_json())
    assert again.digest == policy.digest
    made = decide(refund, policy).canonical_json()
    assert made == decide(replace(refund), again).canonical_json()


@given(
    good_refunds(),
    policies(),
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
        ]
    ),
)
def test_no_policy_passes_a_guard(refund: Facts, policy: Policy, broken: dict[str, object]) -> None:
    """What a guard stops stays stopped, by that guard, without approvers and without a route."""
    refund = replace(refund, **broken)  # type: ignore[arg-type]
    made = judge(refund, policy)
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


@settings(max_examples=40)
@given(good_refunds(), policies())
def test_the_nearest_amounts_are_the_nearest(refund: Facts, policy: Policy) -> None:
    """The amounts that a decision names are the first on either side with another outcome."""
    rest = Money((MOST + 2) * 100, "PEN")
    refund = replace(refund, rest=rest)
    made = decide(refund, policy)
    named = {change.kind: change for change in made.changes}
    soles = refund.amount.minor
    # Bounds are whole soles, so between two of them one amount stands for all.
    nearby = {n for sol in range(MOST + 3) for n in (sol * 100 - 1, sol * 100, sol * 100 + 1)}
    for kind, amounts in (
        (Kind.SMALLER_AMOUNT, sorted((n for n in nearby if 0 < n < soles), reverse=True)),
        (Kind.LARGER_AMOUNT, sorted(n for n in nearby if n > soles)),
    ):
        moved = (replace(refund, amount=Money(minor, "PEN")) for minor in amounts)
        other = next((m for m in moved if judge(m, policy).outcome is not made.outcome), None)
        assert (kind in named) == (other is not None)
        if other is not None:
            assert named[kind].at == str(other.amount)


@given(good_refunds(), policies())
def test_a_rule_that_lint_calls_unreachable_never_decides(refund: Facts, policy: Policy) -> None:
    """What lint says about a rule is certain."""
    never = {
        finding.figures["rule"]
        for finding in lint(policy)
        if finding.code in {"RULE_UNREACHABLE", "IMPOSSIBLE_CONDITION", "CONTRADICTION"}
    }
    answered = {v.rule for v in judge(refund, policy).verdicts if v.outcome is not None}
    assert not never & answered


@settings(max_examples=40)
@given(good_refunds(), policies())
def test_the_nearest_days_are_the_nearest(refund: Facts, policy: Policy) -> None:
    """The days that a decision names are the first on either side with another outcome."""
    made = decide(refund, policy)
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
