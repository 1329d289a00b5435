"""The policy: each rule on both sides, the order of blame, and a table of decisions."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.money import Money
from pef_adapters.core.policy import BASE, Facts, Mode, Outcome, Verdict, Window, decide
from pef_adapters.core.policy import guards as g
from pef_adapters.core.policy.windows import window_open
from pef_adapters.core.states import Event

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LIMA)
GOOD = Facts(
    amount=Money(2000, "PEN"),
    order_currency="PEN",
    transaction_id="11546901",
    payment=Money(5990, "PEN"),
    rest=Money(5990, "PEN"),
    paid_at=NOON - timedelta(days=3),
    reversed_by_bank=False,
    paid_by_gateway=False,
    paid_through_us=True,
    store_mode=Mode.SANDBOX,
    account_mode=Mode.SANDBOX,
    now=NOON,
)
NO_PAYMENT: dict[str, object] = {"payment": None, "rest": None}


def usual_window(about: Facts) -> Verdict:
    """The window rule with its usual tiers."""
    return window_open(about, Window())


# What differs from a good refund, and what is decided: one line a case.
GOLDEN: list[tuple[dict[str, object], str, str]] = [
    ({}, "approve", "WINDOW_OPEN"),
    ({"amount": Money(5990, "PEN")}, "approve", "WINDOW_OPEN"),
    ({"amount": Money(5991, "PEN")}, "hold", "AMOUNT_EXCEEDS_REST"),
    ({"rest": Money(1999, "PEN")}, "hold", "AMOUNT_EXCEEDS_REST"),
    ({"rest": Money(2000, "PEN")}, "approve", "WINDOW_OPEN"),
    ({"amount": Money(0, "PEN")}, "reject", "NOTHING_TO_PAY"),
    ({"amount": Money(-1, "PEN")}, "reject", "NOTHING_TO_PAY"),
    ({"amount": Money(2000, "USD")}, "reject", "CURRENCY_MISMATCH"),
    ({"order_currency": "USD"}, "reject", "CURRENCY_MISMATCH"),
    ({"payment": Money(5990, "USD"), "rest": Money(5990, "USD")}, "reject", "CURRENCY_MISMATCH"),
    ({"store_mode": Mode.LIVE}, "hold", "KEYS_MIXED"),
    ({"account_mode": Mode.LIVE}, "hold", "KEYS_MIXED"),
    ({"store_mode": Mode.LIVE, "account_mode": Mode.LIVE}, "approve", "WINDOW_OPEN"),
    ({"paid_through_us": False}, "hold", "METHOD_NOT_OURS"),
    ({"paid_by_gateway": True}, "reject", "ALREADY_PAID_BY_GATEWAY"),
    ({"reversed_by_bank": True}, "hold", "REVERSED_BY_BANK"),
    ({"paid_at": None}, "reject", "NOT_PAID"),
    ({"transaction_id": None, **NO_PAYMENT}, "hold", "TRANSACTION_MISSING"),
    (NO_PAYMENT, "hold", "TRANSACTION_UNKNOWN"),
    ({"paid_at": NOON - timedelta(days=31)}, "payout", "WINDOW_PAYOUT"),
    ({"paid_at": NOON - timedelta(days=91)}, "reject", "WINDOW_CLOSED"),
]

# For every rule: what makes it fail, with the codes of passing and of failing.
BOTH_SIDES: list[tuple[g.Guard, dict[str, object], str, str]] = [
    (g.keys_apart, {"store_mode": Mode.LIVE}, "KEYS_MATCH", "KEYS_MIXED"),
    (g.paid_through_us, {"paid_through_us": False}, "METHOD_OURS", "METHOD_NOT_OURS"),
    (
        g.not_paid_by_gateway,
        {"paid_by_gateway": True},
        "NOT_PAID_BY_GATEWAY",
        "ALREADY_PAID_BY_GATEWAY",
    ),
    (g.amount_above_zero, {"amount": Money(0, "PEN")}, "AMOUNT_ABOVE_ZERO", "NOTHING_TO_PAY"),
    (g.not_reversed, {"reversed_by_bank": True}, "NOT_REVERSED", "REVERSED_BY_BANK"),
    (g.paid_only, {"paid_at": None}, "PAID", "NOT_PAID"),
    (g.transaction_known, {"transaction_id": None}, "TRANSACTION_KNOWN", "TRANSACTION_MISSING"),
    (g.transaction_known, NO_PAYMENT, "TRANSACTION_KNOWN", "TRANSACTION_UNKNOWN"),
    (g.currency_equal, {"order_currency": "USD"}, "CURRENCY_EQUAL", "CURRENCY_MISMATCH"),
    (
        g.amount_within_rest,
        {"rest": Money(1, "PEN")},
        "AMOUNT_WITHIN_REST",
        "AMOUNT_EXCEEDS_REST",
    ),
    (
        g.documents_valid,
        {"kyc_until": date(2026, 11, 22)},
        "DOCUMENTS_NOT_RECORDED",
        "DOCUMENTS_EXPIRED",
    ),
    (
        g.keys_valid,
        {"keys_until": date(2026, 11, 22)},
        "KEYS_EXPIRY_NOT_RECORDED",
        "KEYS_EXPIRED",
    ),
]


def facts(**changes: object) -> Facts:
    """A good refund but for `changes`."""
    return replace(GOOD, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("changes", "outcome", "code"), GOLDEN)
def test_golden_decisions(changes: dict[str, object], outcome: str, code: str) -> None:
    """Each line of the table is decided as it says."""
    decision = decide(facts(**changes), BASE)
    assert (decision.outcome.value, decision.code) == (outcome, code)


@pytest.mark.parametrize(("rule", "breaks", "passing", "failing"), BOTH_SIDES)
def test_each_rule_passes_and_fails(
    rule: g.Guard, breaks: dict[str, object], passing: str, failing: str
) -> None:
    """A rule answers a good refund with one code and a broken one with another."""
    good, bad = rule(GOOD), rule(facts(**breaks))
    assert (good.rule, good.code, good.passed) == (rule.__name__, passing, True)
    assert (bad.rule, bad.code, bad.passed) == (rule.__name__, failing, False)


def test_every_rule_is_tried_on_both_sides() -> None:
    """No guard is missing from the table above."""
    assert {rule for rule, *_ in BOTH_SIDES} == set(g.GUARDS)


@pytest.mark.parametrize(
    ("rule", "changes", "code"),
    [
        (g.amount_within_rest, NO_PAYMENT, "REST_NOT_COMPARED"),
        (g.amount_within_rest, {"rest": Money(1, "USD")}, "REST_NOT_COMPARED"),
        (usual_window, {"paid_at": None}, "WINDOW_NOT_COUNTED"),
        (g.documents_valid, {"kyc_until": date(2026, 11, 23)}, "DOCUMENTS_VALID"),
    ],
)
def test_a_rule_without_its_facts_leaves_the_blame_to_others(
    rule: g.Guard, changes: dict[str, object], code: str
) -> None:
    """Where nothing can be compared, a rule passes and says that it did not compare."""
    verdict = rule(facts(**changes))
    assert (verdict.code, verdict.passed) == (code, True)


def test_the_first_failing_rule_decides() -> None:
    """A refund that breaks everything is explained by the rules in their order."""
    broken: dict[str, object] = {
        "store_mode": Mode.LIVE,
        "paid_by_gateway": True,
        "amount": Money(0, "PEN"),
        "reversed_by_bank": True,
        "paid_at": None,
    }
    blamed = []
    while broken:
        blamed.append(decide(facts(**broken), BASE).code)
        del broken[next(iter(broken))]
    assert blamed == [
        "KEYS_MIXED",
        "ALREADY_PAID_BY_GATEWAY",
        "NOTHING_TO_PAY",
        "REVERSED_BY_BANK",
        "NOT_PAID",
    ]


def test_every_rule_answers_each_time() -> None:
    """A decision keeps the verdict of all rules, also of those after the deciding one."""
    decision = decide(facts(store_mode=Mode.LIVE), BASE)
    guards = [guard.__name__ for guard in g.GUARDS]
    assert [v.rule for v in decision.verdicts] == [
        *guards,
        "window_open",
        "double_press",
        "otherwise",
    ]


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        (0, Outcome.APPROVE),
        (30, Outcome.APPROVE),
        (31, Outcome.PAYOUT),
        (90, Outcome.PAYOUT),
        (91, Outcome.REJECT),
    ],
)
@pytest.mark.parametrize("paid", [(0, 1), (12, 0), (23, 59)])
@pytest.mark.parametrize("asked", [(0, 1), (12, 0), (23, 59)])
def test_window_edges_are_lima_days(
    days: int, outcome: Outcome, paid: tuple[int, int], asked: tuple[int, int]
) -> None:
    """The last day of a tier belongs to it, from 00:01 to 23:59 in Lima, on both ends."""
    now = NOON.replace(hour=asked[0], minute=asked[1])
    paid_at = NOON.replace(hour=paid[0], minute=paid[1]) - timedelta(days=days)
    verdict = window_open(facts(paid_at=paid_at, now=now), Window())
    assert (verdict.outcome, verdict.figures["age"]) == (outcome, str(days))


def test_two_minutes_over_midnight_can_close_a_window() -> None:
    """Day 30 ends at midnight in Lima, not thirty times 24 hours after the payment."""
    paid_at = datetime(2026, 10, 1, 12, 0, tzinfo=LIMA)
    last = datetime(2026, 10, 31, 23, 59, tzinfo=LIMA)
    inside = window_open(facts(paid_at=paid_at, now=last), Window())
    outside = window_open(facts(paid_at=paid_at, now=last + timedelta(minutes=2)), Window())
    assert (inside.code, outside.code) == ("WINDOW_OPEN", "WINDOW_PAYOUT")


def test_window_tiers_are_settings() -> None:
    """Another route's tiers replace the defaults (fact sheet 7.4)."""
    settings = Window(original_route_days=0, payout_days=1)
    assert window_open(facts(paid_at=NOON), settings).code == "WINDOW_OPEN"
    yesterday = facts(paid_at=NOON - timedelta(days=1))
    assert window_open(yesterday, settings).code == "WINDOW_PAYOUT"
    assert window_open(GOOD, settings).code == "WINDOW_CLOSED"


@pytest.mark.parametrize("changes", [changes for changes, _, _ in GOLDEN])
def test_the_same_facts_give_the_same_record(changes: dict[str, object]) -> None:
    """A decision's record is plain JSON and identical each time."""
    records = [json.dumps(decide(facts(**changes), BASE).as_record()) for _ in range(2)]
    assert records[0] == records[1]


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        (Outcome.APPROVE, Event.APPROVED),
        (Outcome.HOLD, Event.HELD),
        (Outcome.PAYOUT, Event.PAYOUT_CHOSEN),
        (Outcome.REJECT, Event.REJECTED),
    ],
)
def test_each_outcome_is_an_event_of_the_machine(outcome: Outcome, event: Event) -> None:
    """What the policy answers is a step that a received refund can take."""
    assert outcome.event is event


def test_a_verdict_explains_itself_with_its_figures() -> None:
    """The owner reads the amounts, not only a code."""
    verdict = decide(facts(amount=Money(6000, "PEN")), BASE).deciding
    for language in ("es_PE", "en", "zh_Hans"):
        said = verdict.explanation(language)
        assert "60.00 PEN" in said
        assert "59.90 PEN" in said
