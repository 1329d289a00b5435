"""Read a policy as its owner should have: rules that never act, gaps, contradictions.

Every finding is certain. What can't be proved, such as several rules that only
together leave nothing to a later one, is not named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pef_adapters.core.errors import InvalidMoney, UnknownCurrency
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.covering import covers, impossible
from pef_adapters.core.policy.decision import Outcome
from pef_adapters.core.policy.model import (
    OTHERWISE,
    Answer,
    Closed,
    Limit,
    LimitScope,
    OneUpTo,
    PayoutTerms,
    Policy,
    PolicyRule,
    Window,
)
from pef_adapters.core.texts import advise, explain

_HOURS_A_DAY = 24


class Severity(StrEnum):
    """An error has to be mended before the policy is used; a warning is to be read."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a policy that its owner surely did not mean."""

    code: str
    severity: Severity
    rules: tuple[str, ...]
    figures: Mapping[str, str] = field(default_factory=dict)

    def explanation(self, language: str) -> str:
        """What is found, as a sentence in `language`."""
        return explain(f"lint.{self.code}", language, self.figures)

    def advice(self, language: str) -> str:
        """How to mend it, as a sentence in `language`."""
        return advise(f"lint.{self.code}", language, self.figures)


def lint(policy: Policy) -> tuple[Finding, ...]:
    """Everything found, in the order in which the policy reads."""
    return (
        *_windows(policy),
        *_limits(policy),
        *_never_paid_out(policy),
        *_reminder(policy),
        *_rules(policy),
        *_otherwise(policy),
    )


def _all_windows(policy: Policy) -> tuple[Window, ...]:
    return (policy.window, *policy.rail_windows)


def _windows(policy: Policy) -> Iterator[Finding]:
    for window in _all_windows(policy):
        if window.payout_days < window.original_route_days:
            figures = {
                "original_route": str(window.original_route_days),
                "payout": str(window.payout_days),
            }
            yield Finding("WINDOW_REVERSED", Severity.ERROR, (), figures)


def _limits(policy: Policy) -> Iterator[Finding]:
    for place, limit in enumerate(policy.limits):
        if limit.amount is not None and limit.currency is not None:
            yield from _money("limits", str(limit.amount), limit.currency)
        later = policy.limits[place + 1 :]
        # Of two that hide each other, only the later one is too much.
        hiding = [other for other in policy.limits[:place] if _hides(other, limit)]
        hiding += [other for other in later if _hides(other, limit) and not _hides(limit, other)]
        if hiding:
            figures = {"limit": limit.name, "other": hiding[0].name}
            both = (hiding[0].name, limit.name)
            yield Finding("LIMIT_NEVER_MATTERS", Severity.WARNING, both, figures)


def _hides(other: Limit, limit: Limit) -> bool:
    """Whether `other` holds every refund that `limit` holds, for as many people."""
    if (other.per, other.currency) != (limit.per, limit.currency):
        return False
    # A window that holds the other's counts at least as much.
    return (
        other.approvers >= limit.approvers
        and _reaches_back(other, limit)
        and _ceiling(other) <= _ceiling(limit)
    )


def _reaches_back(other: Limit, limit: Limit) -> bool:
    """Whether the window of `other` begins with that of `limit` or before, at any hour."""
    if other.hours is not None:
        return other.hours >= (limit.hours or _HOURS_A_DAY * (limit.days or 0))
    if other.days is not None and limit.hours is not None:
        return (other.days - 1) * _HOURS_A_DAY >= limit.hours
    return (other.days or 0) >= (limit.days or 0)


def _ceiling(limit: Limit) -> Decimal:
    return Decimal(limit.count or 0) if limit.amount is None else limit.amount


def _never_paid_out(policy: Policy) -> Iterator[Finding]:
    """Terms of payouts in a policy that by itself never pays out."""
    answers = (*policy.rules, *filter(None, (policy.otherwise,)))
    by_rule = any(answer.then is Outcome.PAYOUT for answer in answers)
    if by_rule or any(map(_pays_out, _all_windows(policy))):
        return
    idle = [limit.name for limit in policy.limits if limit.per is LimitScope.DESTINATION]
    if policy.payout != PayoutTerms():
        idle.append("payout")
    for name in idle:
        yield Finding("NEVER_PAID_OUT", Severity.WARNING, (name,), {"rule": name})


def _pays_out(window: Window) -> bool:
    # After the last day a person's approval leads to a payout too.
    return window.payout_days > window.original_route_days or window.closed is Closed.HOLD


def _reminder(policy: Policy) -> Iterator[Finding]:
    remind, expire = policy.approvals.remind_after_hours, policy.approvals.expire_after_hours
    if remind >= expire:
        figures = {"actual": str(remind), "limit": str(expire)}
        yield Finding("REMINDER_TOO_LATE", Severity.WARNING, ("approvals",), figures)


def _rules(policy: Policy) -> Iterator[Finding]:
    for place, rule in enumerate(policy.rules):
        yield from _amounts(rule.id, rule.when)
        yield from _approvers(rule.id, rule)
        broken = impossible(rule.when)
        if broken is not None:
            figures = {"rule": rule.id, "condition": broken[0], "wanted": broken[1]}
            yield Finding("IMPOSSIBLE_CONDITION", Severity.ERROR, (rule.id,), figures)
            continue
        yield from _shadowed(rule, policy.rules[:place])
        yield from _beyond_window(rule, policy)
        yield from _above_limit(rule, policy)


def _amounts(name: str, when: Conditions) -> Iterator[Finding]:
    """Currencies that do not exist, and amounts that they can't express."""
    for currency in when.currencies or ():
        yield from _money(name, "0", currency)
    if when.amount is not None:
        for bound in (when.amount.min, when.amount.max):
            if bound is not None:
                yield from _money(name, str(bound), when.amount.currency)


def _approvers(name: str, answer: Answer) -> Iterator[Finding]:
    if isinstance(answer.approvers, OneUpTo):
        yield from _money(name, str(answer.approvers.one_up_to), answer.approvers.currency)


def _money(name: str, amount: str, currency: str) -> Iterator[Finding]:
    try:
        Money.parse(amount, currency)
    except UnknownCurrency:
        figures = {"rule": name, "actual": currency}
        yield Finding("UNKNOWN_CURRENCY", Severity.ERROR, (name,), figures)
    except InvalidMoney:
        figures = {"rule": name, "actual": f"{amount} {currency}"}
        yield Finding("AMOUNT_TOO_PRECISE", Severity.ERROR, (name,), figures)


def _shadowed(rule: PolicyRule, earlier: tuple[PolicyRule, ...]) -> Iterator[Finding]:
    """The first earlier rule that takes every refund which this one would match."""
    for other in earlier:
        if impossible(other.when) is None and covers(other.when, rule.when):
            both = (other.id, rule.id)
            figures = {"rule": rule.id, "other": other.id}
            same = covers(rule.when, other.when)
            code = "CONTRADICTION" if same and _differ(rule, other) else "RULE_UNREACHABLE"
            yield Finding(code, Severity.ERROR, both, figures)
            return


def _differ(one: Answer, other: Answer) -> bool:
    return (one.then, one.approvers) != (other.then, other.approvers)


def _beyond_window(rule: PolicyRule, policy: Policy) -> Iterator[Finding]:
    """A rule for payments so old that each window refuses them all."""
    windows, ages = _all_windows(policy), rule.when.age_days
    if ages is None or ages.min is None:
        return
    last = max(max(w.original_route_days, w.payout_days) for w in windows)
    if ages.min > last and all(w.closed is Closed.REJECT for w in windows):
        figures = {"rule": rule.id, "payout": str(last)}
        yield Finding("WINDOW_REFUSES_FIRST", Severity.WARNING, (rule.id,), figures)


def _above_limit(rule: PolicyRule, policy: Policy) -> Iterator[Finding]:
    """A rule that lets amounts go which the limit per refund holds."""
    amount = rule.when.amount
    if amount is None or amount.max is None or rule.then not in {Outcome.APPROVE, Outcome.PAYOUT}:
        return
    same = [each for each in policy.limits if each.currency == amount.currency]
    ceilings = [_ceiling(limit) for limit in same if limit.per is LimitScope.REFUND]
    if ceilings and amount.max > min(ceilings):
        most = f"{min(ceilings)} {amount.currency}"
        figures = {"rule": rule.id, "wanted": str(amount), "limit": most}
        yield Finding("RULE_ABOVE_LIMIT", Severity.WARNING, (rule.id,), figures)


def _otherwise(policy: Policy) -> Iterator[Finding]:
    everything = any(covers(rule.when, Conditions()) for rule in policy.rules)
    if policy.otherwise is None and not everything:
        yield Finding("NO_OTHERWISE", Severity.ERROR, ())
    if policy.otherwise is not None:
        yield from _approvers(OTHERWISE, policy.otherwise)
