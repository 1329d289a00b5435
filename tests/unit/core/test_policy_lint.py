"""Lint: each finding has a policy that shows it, and good policies have none."""

import pytest

from pef_adapters.core.policy import lint, read_policy
from pef_adapters.core.policy.library import TEMPLATES, template, template_text
from pef_adapters.core.policy.lint import Severity
from pef_adapters.core.texts import LANGUAGES, keys

SMALL = "{amount: {max: 50.00, currency: PEN}}"

Found = tuple[str, tuple[str, ...]]
Case = tuple[list[tuple[str, str]], str, list[Found]]


def terms(more: str, *found: Found) -> Case:
    """A case of a policy without rules."""
    return [], f"otherwise: hold\n{more}", list(found)


def limited(*limits: str, idle: tuple[str, str] | None = None) -> Case:
    """A case of limits, of which the second name in `idle` never matters for the first."""
    listed = ", ".join(f"{{{limit}}}" for limit in limits)
    return terms(f"limits: [{listed}]", *([("LIMIT_NEVER_MATTERS", idle)] if idle else []))


def beside_limit(amount: str, then: str, *found: Found) -> Case:
    """A case of a rule on amounts beside a limit of S/ 500 per refund."""
    limit = "limits: [{per: refund, amount: 500, currency: PEN}]"
    return [(f"{{amount: {amount}}}", then)], f"otherwise: hold\n{limit}", list(found)


# Rules in short, further lines of the policy, and the findings with the rules they name.
CASES: list[Case] = [
    ([(SMALL, "approve"), ("{}", "hold")], "", []),
    ([(SMALL, "approve")], "", [("NO_OTHERWISE", ())]),
    ([], "", [("NO_OTHERWISE", ())]),
    ([], "otherwise: hold", []),
    ([("{}", "hold"), (SMALL, "approve")], "", [("RULE_UNREACHABLE", ("r1", "r2"))]),
    ([(SMALL, "hold"), (SMALL, "approve"), ("{}", "hold")], "", [("CONTRADICTION", ("r1", "r2"))]),
    ([(SMALL, "hold"), (SMALL, "hold"), ("{}", "hold")], "", [("RULE_UNREACHABLE", ("r1", "r2"))]),
    (
        [("{amount: {max: 49.99, currency: PEN}}", "hold"), (SMALL, "approve")],
        "otherwise: hold",
        [],
    ),
    (
        [(SMALL, "hold"), ("{amount: {max: 50.00, currency: USD}}", "approve")],
        "otherwise: hold",
        [],
    ),
    (
        [("{tags: [a, b]}", "hold"), ("{tags: [B], hours: {from: 1, to: 2}}", "approve")],
        "otherwise: hold",
        [("RULE_UNREACHABLE", ("r1", "r2"))],
    ),
    ([("{tags: [a]}", "hold"), ("{tags: [a, b]}", "approve")], "otherwise: hold", []),
    (
        [("{currencies: [PEN]}", "hold"), (SMALL, "approve")],
        "otherwise: hold",
        [("RULE_UNREACHABLE", ("r1", "r2"))],
    ),
    (
        [("{hours: {from: 20, to: 8}}", "hold"), ("{hours: {from: 22, to: 6}}", "approve")],
        "otherwise: hold",
        [("RULE_UNREACHABLE", ("r1", "r2"))],
    ),
    (
        [("{reason: {contains: [anula]}}", "hold"), ("{reason: {equals: [Anulado]}}", "approve")],
        "otherwise: hold",
        [("RULE_UNREACHABLE", ("r1", "r2"))],
    ),
    (
        [("{reason: {equals: [anula]}}", "hold"), ("{reason: {contains: [anula]}}", "approve")],
        "otherwise: hold",
        [],
    ),
    # A rule that never matches shadows nothing.
    (
        [("{age_days: {min: 3, max: 2}}", "hold"), ("{age_days: {min: 3, max: 3}}", "approve")],
        "otherwise: hold",
        [("IMPOSSIBLE_CONDITION", ("r1",))],
    ),
    *(
        ([(when, "hold")], "otherwise: hold", [("IMPOSSIBLE_CONDITION", ("r1",))])
        for when in (
            "{amount: {min: 2, max: 1, currency: PEN}}",
            "{amount: {max: 0, currency: PEN}}",
            "{amount: {max: 5, currency: PEN}, currencies: [USD]}",
            "{share_of_payment: {min: 60%, max: 40%}}",
            "{share_of_payment: {min: 101%}}",
            "{share_of_payment: {max: 0%}}",
            "{age_business_days: {min: 5}, age_days: {max: 4}}",
            "{buyer_past_refunds: {min: 2, max: 1}}",
            "{tags: []}",
            "{reason: {}}",
            "{hours: {from: 9, to: 9}}",
        )
    ),
    ([("{currencies: [XYZ]}", "hold")], "otherwise: hold", [("UNKNOWN_CURRENCY", ("r1",))]),
    (
        [("{amount: {max: 5, currency: XYZ}}", "hold")],
        "otherwise: hold",
        [("UNKNOWN_CURRENCY", ("r1",))],
    ),
    (
        [("{amount: {max: 5.005, currency: PEN}}", "hold")],
        "otherwise: hold",
        [("AMOUNT_TOO_PRECISE", ("r1",))],
    ),
    (
        [],
        "otherwise: {then: hold, approvers: {one_up_to: 5, currency: XYZ}}",
        [("UNKNOWN_CURRENCY", ("otherwise",))],
    ),
    (
        [],
        "otherwise: hold\nlimits: [{per: buyer, days: 1, amount: 5, currency: XYZ}]",
        [("UNKNOWN_CURRENCY", ("limits",))],
    ),
    (
        [],
        "otherwise: hold\nwindow: {original_route_days: 31, payout_days: 30}",
        [("WINDOW_REVERSED", ())],
    ),
    (
        [("{age_days: {min: 91}}", "hold")],
        "otherwise: hold",
        [("WINDOW_REFUSES_FIRST", ("r1",))],
    ),
    ([("{age_days: {min: 90}}", "hold")], "otherwise: hold", []),
    ([("{age_days: {min: 91}}", "hold")], "otherwise: hold\nwindow: {closed: hold}", []),
    limited(
        "per: refund, amount: 500, currency: PEN",
        "per: refund, amount: 500.01, currency: PEN",
        idle=("limit_refund_500_PEN", "limit_refund_500.01_PEN"),
    ),
    limited(
        "per: refund, amount: 600, currency: PEN",
        "per: refund, amount: 500, currency: PEN, approvers: 2",
        idle=("limit_refund_500_PEN", "limit_refund_600_PEN"),
    ),
    limited(
        "per: store, days: 1, amount: 500, currency: PEN",
        "per: store, days: 7, amount: 500, currency: PEN",
        idle=("limit_store_7d_500_PEN", "limit_store_1d_500_PEN"),
    ),
    limited(
        "per: buyer, days: 1, count: 3",
        "per: buyer, hours: 24, count: 3",
        idle=("limit_buyer_24h_3x", "limit_buyer_1d_3x"),
    ),
    limited(
        "per: buyer, hours: 24, count: 3",
        "per: buyer, days: 2, count: 2",
        idle=("limit_buyer_2d_2x", "limit_buyer_24h_3x"),
    ),
    # Of two that say the same, the later one is too much.
    limited(
        "per: refund, amount: 500, currency: PEN",
        "per: refund, amount: 500.0, currency: PEN",
        idle=("limit_refund_500_PEN", "limit_refund_500.0_PEN"),
    ),
    # One person up to S/ 1000, two above it.
    limited(
        "per: refund, amount: 500, currency: PEN",
        "per: refund, amount: 1000, currency: PEN, approvers: 2",
    ),
    limited(
        "per: refund, amount: 500, currency: PEN",
        "per: refund, amount: 1000, currency: USD",
    ),
    limited(
        "per: store, days: 1, amount: 500, currency: PEN",
        "per: store, days: 7, amount: 501, currency: PEN",
    ),
    limited(
        "per: store, days: 1, amount: 500, currency: PEN",
        "per: account, days: 7, amount: 400, currency: PEN",
    ),
    limited("per: buyer, days: 1, count: 3", "per: buyer, hours: 23, count: 1"),
    limited("per: buyer, hours: 25, count: 3", "per: buyer, days: 2, count: 2"),
    limited("per: buyer, days: 1, count: 3", "per: buyer, days: 1, amount: 9, currency: PEN"),
    beside_limit("{max: 500.01, currency: PEN}", "approve", ("RULE_ABOVE_LIMIT", ("r1",))),
    beside_limit("{min: 600, max: 700, currency: PEN}", "payout", ("RULE_ABOVE_LIMIT", ("r1",))),
    beside_limit("{max: 500, currency: PEN}", "approve"),
    beside_limit("{max: 600, currency: PEN}", "hold"),
    beside_limit("{min: 600, currency: PEN}", "approve"),
    beside_limit("{max: 600, currency: USD}", "approve"),
    (
        [("{amount: {max: 600, currency: PEN}}", "approve")],
        "otherwise: hold\nlimits: [{per: store, days: 1, amount: 500, currency: PEN}]",
        [],
    ),
    terms(
        "window: {payout_days: 30}\nlimits: [{per: destination, days: 30, count: 5}]",
        ("NEVER_PAID_OUT", ("limit_destination_30d_5x",)),
    ),
    terms(
        "window: {payout_days: 30}\npayout: {approvers: 1}",
        ("NEVER_PAID_OUT", ("payout",)),
    ),
    # What stands there is what would stand there anyway.
    terms("window: {payout_days: 30}\npayout: {approvers: 2}"),
    terms("window: {payout_days: 31}\npayout: {approvers: 1}"),
    terms("window: {payout_days: 30, closed: hold}\npayout: {approvers: 1}"),
    terms("window: {payout_days: 30}\nrail_windows: [{rail: dlocal}]\npayout: {approvers: 1}"),
    ([], "otherwise: payout\nwindow: {payout_days: 30}\npayout: {approvers: 1}", []),
    (
        [("{tags: [a]}", "payout")],
        "otherwise: hold\nwindow: {payout_days: 30}\npayout: {approvers: 1}",
        [],
    ),
    *(
        terms(f"approvals: {{{given}}}", ("REMINDER_TOO_LATE", ("approvals",)))
        for given in (
            "remind_after_hours: 48, expire_after_hours: 48",
            "remind_after_hours: 168",
            "expire_after_hours: 24",
        )
    ),
    terms("approvals: {remind_after_hours: 47, expire_after_hours: 48}"),
]


def policy_text(rules: list[tuple[str, str]], more: str) -> str:
    """The policy of a case."""
    lines = [f"  - {{id: r{n}, when: {w}, then: {t}}}" for n, (w, t) in enumerate(rules, 1)]
    return "\n".join(["name: case", *(["rules:", *lines] if lines else []), more])


@pytest.mark.parametrize(("rules", "more", "expected"), CASES)
def test_lint_finds_what_is_wrong_and_nothing_else(
    rules: list[tuple[str, str]], more: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    """Each policy has exactly its findings, and they are explained with their rules."""
    found = lint(read_policy(policy_text(rules, more)))
    assert [(finding.code, finding.rules) for finding in found] == expected
    for finding in found:
        for language in LANGUAGES:
            assert "…" not in finding.explanation(language).replace(
                finding.figures.get("wanted", ""), ""
            )
            assert finding.advice(language)


def test_every_finding_is_shown_by_a_case() -> None:
    """No text of lint is without a policy that brings it up."""
    shown = {f"lint.{code}" for *_, expected in CASES for code, _ in expected}
    assert shown == {key for key in keys("en") if key.startswith("lint.")}


def test_only_what_is_harmless_is_a_warning() -> None:
    """What never acts, or acts less than it says, is worth a word; the rest has to be mended."""
    findings = [f for rules, more, _ in CASES for f in lint(read_policy(policy_text(rules, more)))]
    warnings = {f.code for f in findings if f.severity is Severity.WARNING}
    assert warnings == {
        *("WINDOW_REFUSES_FIRST", "LIMIT_NEVER_MATTERS", "RULE_ABOVE_LIMIT"),
        *("NEVER_PAID_OUT", "REMINDER_TOO_LATE"),
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_is_clean_and_described(name: str) -> None:
    """A ready policy has nothing to mend and says in three languages what it and its rules do."""
    policy = template(name)
    assert (policy.name, policy.version) == (name, 0)
    assert lint(policy) == ()
    for described in (policy, *policy.rules):
        assert all(described.description.model_dump().values())
    assert template_text(name).startswith("# ")


def test_there_is_a_template_for_each_situation() -> None:
    """The eight situations of spec S11 have their policies, and no two decide alike."""
    assert len(TEMPLATES) == 8
    assert len({template(name).digest for name in TEMPLATES}) == 8
