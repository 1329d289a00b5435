"""Decide: the hard guards, then the policy's rules and its window. Pure and deterministic.

A guard that does not pass decides alone. Otherwise the first rule that matches
answers, and the window answers beside it: the stricter of the two decides, so a rule
can hold a refund inside its window but can't open a window that is closed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pef_adapters.core.calendar import lima_time
from pef_adapters.core.money import Money
from pef_adapters.core.policy.changes import nearest_changes
from pef_adapters.core.policy.decision import Decision, Outcome, Route, Verdict
from pef_adapters.core.policy.facts import Facts
from pef_adapters.core.policy.guards import GUARDS
from pef_adapters.core.policy.matching import Miss, first_miss
from pef_adapters.core.policy.model import OTHERWISE, Answer, OneUpTo, Policy, PolicyRule
from pef_adapters.core.policy.windows import expected_on, window_open

_RULE_CODES = {
    Outcome.APPROVE: "RULE_APPROVES",
    Outcome.PAYOUT: "RULE_PAYS_OUT",
    Outcome.HOLD: "RULE_HOLDS",
    Outcome.REJECT: "RULE_REJECTS",
}
_OTHERWISE_CODES = {
    Outcome.APPROVE: "OTHERWISE_APPROVES",
    Outcome.PAYOUT: "OTHERWISE_PAYS_OUT",
    Outcome.HOLD: "OTHERWISE_HOLDS",
    Outcome.REJECT: "OTHERWISE_REJECTS",
}
# A policy without `otherwise` leaves what no rule matches to a person; lint says so.
_GAP = Answer(then=Outcome.HOLD)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the rules say: a verdict for each, and the answer that counts."""

    verdicts: tuple[Verdict, ...]
    deciding: Verdict
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Made:
    """Who decided, and on what terms."""

    deciding: Verdict
    answer: Answer
    approvers: int = 0
    route: Route | None = None


def decide(facts: Facts, policy: Policy) -> Decision:
    """The decision with what would change it; same input, same bytes."""
    made = judge(facts, policy)
    return replace(made, changes=nearest_changes(facts, policy, made, judge))


def judge(facts: Facts, policy: Policy) -> Decision:
    """The decision alone, without looking for what would change it."""
    guards = tuple(guard(facts) for guard in GUARDS)
    window = window_open(facts, policy.window_for(facts.rail))
    said = _ask_rules(facts, policy)
    made = _by_guard(guards) or _by_policy(facts, window, said)
    return Decision(
        policy_version=policy.label,
        policy_digest=policy.digest,
        verdicts=(*guards, window, *said.verdicts),
        deciding=made.deciding,
        outcome=made.answer.then,
        approvers=made.approvers,
        route=made.route,
        expected_on=_arrival(facts, policy, made),
        answer_by=_answer_by(facts, made.answer),
    )


def _by_guard(guards: tuple[Verdict, ...]) -> _Made | None:
    """A guard that does not pass; nobody's approval passes it, and no money has a route."""
    failed = next((guard for guard in guards if not guard.passed), None)
    return None if failed is None else _Made(failed, Answer(then=_outcome(failed)))


def _by_policy(facts: Facts, window: Verdict, said: _Said) -> _Made:
    deciding = _stricter(window, said.deciding)
    outcome = _outcome(deciding)
    # Where both hold the refund, the rule's number of approvers stands.
    answer = said.answer if said.answer.then is outcome else Answer(then=outcome)
    approvers = _approvers(answer, facts.amount) if answer.then is Outcome.HOLD else 0
    return _Made(deciding, answer, approvers, _route(window, said.answer))


def _arrival(facts: Facts, policy: Policy, made: _Made) -> date | None:
    if made.answer.then is Outcome.HOLD:
        return None
    return expected_on(facts, policy.window_for(facts.rail), made.route)


def _answer_by(facts: Facts, answer: Answer) -> datetime | None:
    hours = answer.answer_within_hours
    return None if hours is None else lima_time(facts.now) + timedelta(hours=hours)


def _ask_rules(facts: Facts, policy: Policy) -> _Said:
    verdicts: list[Verdict] = []
    matched: tuple[Verdict, Answer] | None = None
    for rule in policy.rules:
        verdict = _ask(rule, facts, too_late=matched is not None)
        verdicts.append(verdict)
        if verdict.outcome is not None:
            matched = verdict, rule
    if matched is None:
        answer = policy.otherwise or _GAP
        code = _OTHERWISE_CODES[answer.then] if policy.otherwise else "NO_RULE_LEFT"
        matched = Verdict(OTHERWISE, code, answer.then), answer
        verdicts.append(matched[0])
    return _Said(tuple(verdicts), *matched)


def _ask(rule: PolicyRule, facts: Facts, *, too_late: bool) -> Verdict:
    miss = first_miss(rule.when, facts)
    if miss is not None:
        return _missed(rule, miss)
    if too_late:
        return Verdict(rule.id, "RULE_TOO_LATE", None, {"rule": rule.id})
    return Verdict(rule.id, _RULE_CODES[rule.then], rule.then, {"rule": rule.id})


def _missed(rule: PolicyRule, miss: Miss) -> Verdict:
    figures = {"rule": rule.id, "condition": miss.condition, "wanted": miss.wanted}
    if miss.actual is None:
        return Verdict(rule.id, "RULE_FACT_UNKNOWN", None, figures)
    return Verdict(rule.id, "RULE_NOT_MET", None, {**figures, "actual": miss.actual})


def _stricter(window: Verdict, said: Verdict) -> Verdict:
    """The stricter verdict; between equals a rule explains more than the window does."""
    by_window, by_rule = _outcome(window).strictness, _outcome(said).strictness
    if by_window == by_rule:
        return window if said.rule == OTHERWISE else said
    return window if by_window > by_rule else said


def _route(window: Verdict, answer: Answer) -> Route | None:
    """How the money goes where it goes; past the window only by payout."""
    outcomes = {window.outcome, answer.then}
    if Outcome.REJECT in outcomes:
        return None
    too_old = window.code in {"WINDOW_PAYOUT", "WINDOW_LEFT_TO_A_PERSON"}
    return Route.PAYOUT if too_old or Outcome.PAYOUT in outcomes else Route.ORIGINAL


def _approvers(answer: Answer, amount: Money) -> int:
    needed = answer.approvers
    if not isinstance(needed, OneUpTo):
        return needed
    small = amount.currency == needed.currency and amount.decimal <= needed.one_up_to
    return 1 if small else 2


def _outcome(verdict: Verdict) -> Outcome:
    # A verdict without a say never decides.
    return verdict.outcome or Outcome.HOLD
