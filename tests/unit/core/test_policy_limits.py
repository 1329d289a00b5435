"""Limits: what they count, what they leave uncounted, and how each says so."""

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, LimitScope, Outcome, Used, decide, judge, read_policy
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.core.policy.library import TEMPLATES, template
from pef_adapters.core.policy.limits import counter
from pef_adapters.core.texts import LANGUAGES
from policy_samples import FULL, facts

KNOWN = {
    "store": "tienda",
    "account": "main",
    "buyer": "b1",
    "pressed_by": "1",
    "destination": "d1",
}
# The fact that a limit of each scope counts by.
KEYED_BY = {
    LimitScope.STORE: "store",
    LimitScope.ACCOUNT: "account",
    LimitScope.BUYER: "buyer",
    LimitScope.OPERATOR: "pressed_by",
    LimitScope.DESTINATION: "destination",
}


def limited(limit: str) -> str:
    """A policy that approves all but what its one limit holds."""
    return f"name: limited\notherwise: approve\nlimits: [{{{limit}}}]\n"


def everything_used(known: Facts, text: str) -> Facts:
    """The facts after twenty refunds of S/ 1000 in all, for each limit that counts them."""
    policy = read_policy(text)
    names = [counter(limit, known) for limit in policy.limits]
    used = {name: Used(20, (Money(100000, "PEN"),)) for name in names if name is not None}
    return facts(**{name: getattr(known, name) for name in KNOWN}, used=used)


@pytest.mark.parametrize("per", KEYED_BY)
@pytest.mark.parametrize("what", ["count: 20", "amount: 1000.00, currency: PEN"])
def test_a_limit_counts_only_what_it_knows(per: LimitScope, what: str) -> None:
    """Known and used up it holds; where nobody told whose refund it is, it says so and passes."""
    text = limited(f"per: {per}, days: 1, {what}")
    known = everything_used(facts(**KNOWN), text)
    unknown = everything_used(facts(**{**KNOWN, KEYED_BY[per]: None}), text)
    held, passed = (judge(each, read_policy(text)) for each in (known, unknown))
    assert (held.outcome, held.code) == (Outcome.HOLD, f"LIMIT_REACHED_{per.value.upper()}")
    assert passed.outcome is Outcome.APPROVE
    assert "LIMIT_NOT_COUNTED" in {verdict.code for verdict in passed.verdicts}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "limit",
    [
        "per: buyer, days: 1, count: 20",
        "per: refund, amount: 1.00, currency: USD",
        "per: store, hours: 1, amount: 1.00, currency: USD",
        # That there is no such currency is for lint to say; a decision does not fail on it.
        "per: store, hours: 1, amount: 1.00, currency: XYZ",
    ],
)
def test_what_is_not_counted_is_explained(limit: str, language: str) -> None:
    """A limit without its fact, or in another currency, is told as a whole sentence."""
    policy = read_policy(limited(limit))
    told = explain_decision(decide(facts(store="tienda"), policy).as_record(), language)
    (said,) = (text for name, text in told.verdicts if name == policy.limits[0].name)
    assert said.endswith((".", "。"))
    assert "…" not in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("per", LimitScope)
def test_a_reached_limit_names_its_figures(per: LimitScope, language: str) -> None:
    """Whoever has to decide reads the limit and what was used before."""
    window = "" if per is LimitScope.REFUND else "days: 7, "
    text = limited(f"per: {per}, {window}amount: 99.99, currency: PEN")
    made = decide(everything_used(facts(**KNOWN), text), read_policy(text))
    told = explain_decision(made.as_record(), language)
    assert "99.99 PEN" in told.why
    assert per is LimitScope.REFUND or "1000.00 PEN" in told.why
    assert told.advice


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_ready_policy_without_the_facts_still_explains_each_limit(name: str) -> None:
    """A store that tells neither buyer nor operator has each limit's word in its decisions."""
    policy = template(name)
    verdicts = {verdict.rule: verdict.code for verdict in judge(facts(), policy).verdicts}
    for limit in policy.limits:
        expected = "LIMIT_WITHIN" if limit.per is LimitScope.REFUND else "LIMIT_NOT_COUNTED"
        assert verdicts[limit.name] == expected


def test_all_that_holds_a_refund_is_asked_at_once() -> None:
    """A hold, a limit and a payout are one question, for as many people as the strictest."""
    policy = read_policy(
        "name: all\notherwise: hold\n"
        "limits: [{per: refund, amount: 1.00, currency: PEN}]\npayout: {approvers: 2}\n"
    )
    made = judge(facts(beneficiary="h1", payout_chosen=True), policy)
    assert made.holds == ("otherwise", "limit_refund_1.00_PEN", "payout_approval")
    assert (made.code, made.approvers) == ("OTHERWISE_HOLDS", 2)
    assert made.verdicts[-1].code == "PAYOUT_NEEDS_APPROVAL"


def test_a_rule_may_be_called_like_an_approval() -> None:
    """No name that an owner gives is taken for the word of people."""
    policy = read_policy("name: odd\nrules: [{id: approval, then: hold}]\notherwise: hold\n")
    verdicts = judge(FULL, policy).verdicts
    assert [verdict.rule for verdict in verdicts].count("approval") == 1
