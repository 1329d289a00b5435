"""Decide: the hard guards, then the policy's rules and its window. Pure and deterministic.

A guard that does not pass decides alone. Otherwise the first rule that matches
answers, and beside it the window, the double press and the limits: the strictest
decides, so a rule can hold a refund inside its window but can't open a window that is
closed. What holds a refund is lifted by people's approvals, and by nothing else; money
that is paid out by hand needs them always.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pef_adapters.core.calendar import lima_time
from pef_adapters.core.money import Money
from pef_adapters.core.policy.approval import agreed
from pef_adapters.core.policy.changes import nearest_changes
from pef_adapters.core.policy.decision import Decision, Outcome, Route, Verdict
from pef_adapters.core.policy.facts import Facts
from pef_adapters.core.policy.guards import GUARDS
from pef_adapters.core.policy.limits import Held, ask_limits, no_double_press
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
APPROVAL, PAYOUT_APPROVAL = "approval", "payout_approval"
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
    holds: tuple[str, ...] = ()


def decide(facts: Facts, policy: Policy) -> Decision:
    """The decision with what would change it; same input, same bytes."""
    made = judge(facts, policy)
    return replace(made, changes=nearest_changes(facts, policy, made, judge))


def judge(facts: Facts, policy: Policy) -> Decision:
    """The decision alone, without looking for what would change it."""
    guards = tuple(guard(facts) for guard in GUARDS)
    window = window_open(facts, policy.window_for(facts.rail))
    beside = (
        Held(no_double_press(facts, policy.double_press_minutes), 1),
        *ask_limits(facts, policy),
    )
    said = _ask_rules(facts, policy)
    made = _by_guard(guards) or _by_policy(facts, policy, window, beside, said)
    people = (made.deciding,) if made.deciding.rule in (APPROVAL, PAYOUT_APPROVAL) else ()
    return Decision(
        policy_version=policy.label,
        policy_digest=policy.digest,
        verdicts=(*guards, window, *(each.verdict for each in beside), *said.verdicts, *people),
        deciding=made.deciding,
        outcome=made.answer.then,
        approvers=made.approvers,
        holds=made.holds,
        route=made.route,
        expected_on=_arrival(facts, policy, made),
        answer_by=_answer_by(facts, made.answer),
    )


def _by_guard(guards: tuple[Verdict, ...]) -> _Made | None:
    """A guard that does not pass; nobody's approval passes it, and no money has a route."""
    failed = next((guard for guard in guards if not guard.passed), None)
    return None if failed is None else _Made(failed, Answer(then=_outcome(failed)))


def _by_policy(
    facts: Facts, policy: Policy, window: Verdict, beside: tuple[Held, ...], said: _Said
) -> _Made:
    deciding, route = _stricter(window, said.deciding), _route(facts, window, said.answer)
    if _outcome(deciding) is Outcome.REJECT:
        return _Made(deciding, _same_or_bare(said.answer, Outcome.REJECT))
    rule = Held(said.deciding, _approvers(said.answer, facts.amount))
    by_age = Held(window, 1)
    # In the order of what explains most.
    first = (by_age, rule) if said.deciding.rule == OTHERWISE else (rule, by_age)
    holding = [each for each in (*first, *beside) if each.verdict.outcome is Outcome.HOLD]
    if waits := [h for h in holding if len(agreed(facts, h.verdict.rule)) < h.approvers]:
        return _held(waits[0].verdict, holding, said, route)
    # What is lifted is paid as it would have been: by its route.
    then = Outcome.PAYOUT if route is Route.PAYOUT else Outcome.APPROVE
    if route is Route.PAYOUT and facts.beneficiary is not None:
        asked = Held(_payout_approval(facts, policy), policy.payout.approvers)
        if asked.verdict.outcome is Outcome.HOLD:
            return _held(asked.verdict, [asked, *holding], said, route)
        return _Made(asked.verdict, _same_or_bare(said.answer, then), route=route)
    if holding:
        figures = {"people": _people(facts, holding)}
        deciding = Verdict(APPROVAL, "APPROVED_BY_PEOPLE", then, figures)
    return _Made(deciding, _same_or_bare(said.answer, then), route=route)


def _held(why: Verdict, holding: list[Held], said: _Said, route: Route | None) -> _Made:
    """Held by all that holds it at once, so that people are asked once."""
    approvers = max(each.approvers for each in holding)
    names = tuple(each.verdict.rule for each in holding)
    return _Made(why, _same_or_bare(said.answer, Outcome.HOLD), approvers, route, names)


def _payout_approval(facts: Facts, policy: Policy) -> Verdict:
    """People have agreed to this amount and this destination (spec S19)."""
    people = agreed(facts, PAYOUT_APPROVAL)
    if len(people) < policy.payout.approvers:
        return Verdict(PAYOUT_APPROVAL, "PAYOUT_NEEDS_APPROVAL", Outcome.HOLD)
    figures = {"people": ", ".join(sorted(people))}
    return Verdict(PAYOUT_APPROVAL, "PAYOUT_APPROVED", Outcome.PAYOUT, figures)


def _people(facts: Facts, holding: list[Held]) -> str:
    names = frozenset[str]().union(*(agreed(facts, each.verdict.rule) for each in holding))
    return ", ".join(sorted(names))


def _same_or_bare(answer: Answer, outcome: Outcome) -> Answer:
    """The rule's answer with its time to answer, where its outcome stands."""
    return answer if answer.then is outcome else Answer(then=outcome)


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


def _route(facts: Facts, window: Verdict, answer: Answer) -> Route | None:
    """How the money goes where it goes; past the window only by payout."""
    outcomes = {window.outcome, answer.then}
    if Outcome.REJECT in outcomes:
        return None
    too_old = window.code in {"WINDOW_PAYOUT", "WINDOW_LEFT_TO_A_PERSON"}
    by_hand = too_old or facts.payout_chosen or Outcome.PAYOUT in outcomes
    return Route.PAYOUT if by_hand else Route.ORIGINAL


def _approvers(answer: Answer, amount: Money) -> int:
    needed = answer.approvers
    if not isinstance(needed, OneUpTo):
        return needed
    small = amount.currency == needed.currency and amount.decimal <= needed.one_up_to
    return 1 if small else 2


def _outcome(verdict: Verdict) -> Outcome:
    # A verdict without a say never decides.
    return verdict.outcome or Outcome.HOLD
