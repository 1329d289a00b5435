"""Decide: the hard guards, then the policy's rules and its window. Pure and deterministic.

A guard that does not pass decides alone. Otherwise the first rule that matches
answers, and beside it the window, the double press and the limits: the strictest
decides, so a rule can hold a refund inside its window but can't open a window that is
closed. What holds a refund is lifted by people's approvals, and by nothing else; money
that is paid out by hand needs them always. A refund that may go back by the original
route only is held where it would have to be paid out, and nobody's approval lifts that.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pef_adapters.core.calendar import lima_time
from pef_adapters.core.money import Money
from pef_adapters.core.policy.approval import People, agreed
from pef_adapters.core.policy.changes import nearest_changes
from pef_adapters.core.policy.decision import PAYOUT_BARRED, Decision, Outcome, Route, Verdict
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
_ANSWERS = {outcome: Answer(then=outcome) for outcome in Outcome}
# A policy without `otherwise` leaves what no rule matches to a person; lint says so.
_GAP = _ANSWERS[Outcome.HOLD]


@dataclass(frozen=True, slots=True)
class _Said:
    """What the rules say: a verdict for each, and the answer that counts."""

    verdicts: tuple[Verdict, ...]
    deciding: Verdict
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Made:
    """Who decided, on what terms, and what people's approvals said about it."""

    deciding: Verdict
    answer: Answer
    approvers: int = 0
    route: Route | None = None
    holds: tuple[str, ...] = ()
    people: tuple[Verdict, ...] = ()


def decide(facts: Facts, policy: Policy) -> Decision:
    """The decision with what would change it; same input, same bytes."""
    made = judge(facts, policy)
    return replace(made, changes=nearest_changes(facts, policy, made, judge))


def judge(facts: Facts, policy: Policy) -> Decision:
    """The decision alone, without looking for what would change it."""
    guards = tuple([guard(facts) for guard in GUARDS])
    window = window_open(facts, policy.window_for(facts.rail))
    pressed = Held(no_double_press(facts, policy.double_press_minutes), 1)
    beside = (pressed, *ask_limits(facts, policy))
    said = _ask_rules(facts, policy)
    made = _by_guard(guards) or _by_policy(facts, policy, window, beside, said)
    told = [each.verdict for each in beside]
    barred = (_barred(facts, _route(facts, window, said.answer)),)
    return Decision(
        policy_version=policy.label,
        policy_digest=policy.digest,
        verdicts=(*guards, window, *told, *said.verdicts, *filter(None, barred), *made.people),
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
    return None if failed is None else _Made(failed, _ANSWERS[_outcome(failed)])


def _by_policy(
    facts: Facts, policy: Policy, window: Verdict, beside: tuple[Held, ...], said: _Said
) -> _Made:
    deciding, route = _stricter(window, said.deciding), _route(facts, window, said.answer)
    if _outcome(deciding) is Outcome.REJECT:
        return _Made(deciding, _same_or_bare(said.answer, Outcome.REJECT))
    barred = _barred(facts, route)
    if barred is not None and not barred.passed:
        return _Made(barred, _same_or_bare(said.answer, Outcome.HOLD))
    people = agreed(facts)
    asked = _payout_approval(facts, policy, route, people)
    held_by = (*_rule_and_age(facts, window, said), *beside, *asked)
    holding = [each for each in held_by if each.verdict.outcome is Outcome.HOLD]
    for each in holding:
        if len(people.get(each.verdict.rule, ())) < each.approvers:
            return _held(each.verdict, holding, said, route, asked)
    return _let_go(asked or _approved(holding, people, route), deciding, said, route)


def _barred(facts: Facts, route: Route | None) -> Verdict | None:
    """Where nobody may pay a refund by hand, it is held if that would be its way."""
    if facts.payout_barred is None:
        return None
    outcome = Outcome.HOLD if route is Route.PAYOUT else None
    return Verdict(PAYOUT_BARRED, facts.payout_barred, outcome)


def _rule_and_age(facts: Facts, window: Verdict, said: _Said) -> tuple[Held, Held]:
    """In the order of what explains most."""
    rule, by_age = Held(said.deciding, _approvers(said.answer, facts.amount)), Held(window, 1)
    return (by_age, rule) if said.deciding.rule == OTHERWISE else (rule, by_age)


def _held(
    why: Verdict, holding: list[Held], said: _Said, route: Route | None, asked: tuple[Held, ...]
) -> _Made:
    """Held by all that holds it at once, so that people are asked once."""
    return _Made(
        why,
        _same_or_bare(said.answer, Outcome.HOLD),
        approvers=max(each.approvers for each in holding),
        route=route,
        holds=tuple([each.verdict.rule for each in holding]),
        people=tuple([each.verdict for each in asked]),
    )


def _let_go(lifted: tuple[Held, ...], deciding: Verdict, said: _Said, route: Route | None) -> _Made:
    """What is lifted is paid as it would have been: by its route."""
    people = tuple([each.verdict for each in lifted])
    answer = _same_or_bare(said.answer, _goes_by(route))
    return _Made(people[0] if people else deciding, answer, route=route, people=people)


def _payout_approval(
    facts: Facts, policy: Policy, route: Route | None, people: People
) -> tuple[Held, ...]:
    """Once there are bank details, people agree to this amount and to them (spec S19)."""
    if route is not Route.PAYOUT or facts.beneficiary is None:
        return ()
    said_yes, needed = people.get(PAYOUT_APPROVAL, frozenset()), policy.payout.approvers
    if len(said_yes) < needed:
        return (Held(Verdict(PAYOUT_APPROVAL, "PAYOUT_NEEDS_APPROVAL", Outcome.HOLD), needed),)
    figures = {"people": ", ".join(sorted(said_yes))}
    return (Held(Verdict(PAYOUT_APPROVAL, "PAYOUT_APPROVED", Outcome.PAYOUT, figures), needed),)


def _approved(holding: list[Held], people: People, route: Route | None) -> tuple[Held, ...]:
    """Everything that held it is lifted."""
    if not holding:
        return ()
    names = frozenset[str]().union(*(people[each.verdict.rule] for each in holding))
    figures = {"people": ", ".join(sorted(names))}
    return (Held(Verdict(APPROVAL, "APPROVED_BY_PEOPLE", _goes_by(route), figures), 0),)


def _goes_by(route: Route | None) -> Outcome:
    return Outcome.PAYOUT if route is Route.PAYOUT else Outcome.APPROVE


def _same_or_bare(answer: Answer, outcome: Outcome) -> Answer:
    """The rule's answer with its time to answer, where its outcome stands."""
    return answer if answer.then is outcome else _ANSWERS[outcome]


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
