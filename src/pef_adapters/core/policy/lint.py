"""Read a policy as its owner should have: rules that never act, gaps, contradictions.

Every finding is certain. What can't be proved, such as several rules that only
together leave nothing to a later one, is not named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pef_adapters.core.errors import InvalidMoney, UnknownCurrency
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.covering import covers, impossible
from pef_adapters.core.policy.model import (
    OTHERWISE,
    Answer,
    Closed,
    OneUpTo,
    Policy,
    PolicyRule,
    Window,
)
from pef_adapters.core.texts import advise, explain


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
    return (*_windows(policy), *_limits(policy), *_rules(policy), *_otherwise(policy))


def _windows(policy: Policy) -> Iterator[Finding]:
    for window in (policy.window, *policy.rail_windows):
        if window.payout_days < window.original_route_days:
            figures = {
                "original_route": str(window.original_route_days),
                "payout": str(window.payout_days),
            }
            yield Finding("WINDOW_REVERSED", Severity.ERROR, (), figures)


def _limits(policy: Policy) -> Iterator[Finding]:
    for limit in policy.limits:
        if limit.amount is not None and limit.currency is not None:
            yield from _money("limits", str(limit.amount), limit.currency)


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
    windows: tuple[Window, ...] = (policy.window, *policy.rail_windows)
    ages = rule.when.age_days
    if ages is None or ages.min is None:
        return
    last = max(max(w.original_route_days, w.payout_days) for w in windows)
    if ages.min > last and all(w.closed is Closed.REJECT for w in windows):
        figures = {"rule": rule.id, "payout": str(last)}
        yield Finding("WINDOW_REFUSES_FIRST", Severity.WARNING, (rule.id,), figures)


def _otherwise(policy: Policy) -> Iterator[Finding]:
    everything = any(covers(rule.when, Conditions()) for rule in policy.rules)
    if policy.otherwise is None and not everything:
        yield Finding("NO_OTHERWISE", Severity.ERROR, ())
    if policy.otherwise is not None:
        yield from _approvers(OTHERWISE, policy.otherwise)
