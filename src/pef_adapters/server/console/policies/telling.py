"""A policy in plain sentences: each rule, and whatever decides beside the rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pef_adapters.core.policy import Limit, LimitScope, Policy, PolicyRule
from pef_adapters.core.policy.decision import Outcome
from pef_adapters.core.policy.model import Answer, OneUpTo
from pef_adapters.core.texts import explain


@dataclass(frozen=True, slots=True)
class ToldRule:
    """One rule in words; `conditions` are pairs of what is asked, and the bound or words."""

    name: str
    description: str
    conditions: tuple[tuple[str, str], ...]
    answer: tuple[str, ...]
    locked: bool = False


@dataclass(frozen=True, slots=True)
class ToldPolicy:
    """A whole policy in words; `otherwise` is empty where it says nothing."""

    label: str
    digest: str
    description: str
    rules: tuple[ToldRule, ...]
    otherwise: tuple[str, ...]
    beside: tuple[str, ...]


def tell(policy: Policy, language: str) -> ToldPolicy:
    """The policy in `language`."""
    return ToldPolicy(
        label=policy.label,
        digest=policy.digest[:12],
        description=policy.description.shown(language),
        rules=tuple(_rule(rule, language) for rule in policy.rules),
        otherwise=tuple(_answer(policy.otherwise, language)) if policy.otherwise else (),
        beside=tuple(_beside(policy, language)),
    )


def _rule(rule: PolicyRule, language: str) -> ToldRule:
    return ToldRule(
        name=rule.id,
        description=rule.description.shown(language),
        conditions=tuple(
            (explain(f"condition.{name}", language), _wanted(wanted))
            for name, wanted in rule.when.given
        ),
        answer=tuple(_answer(rule, language)),
        locked=rule.locked,
    )


def _wanted(wanted: Any) -> str:
    return ", ".join(wanted) if isinstance(wanted, tuple) else str(wanted)


def _answer(answer: Answer, language: str) -> Iterator[str]:
    yield explain(f"outcome.{answer.then}", language)
    if answer.then is not Outcome.HOLD:
        return
    if isinstance(answer.approvers, OneUpTo):
        limit = f"{answer.approvers.one_up_to} {answer.approvers.currency}"
        yield explain("console.policies_one_up_to", language, {"limit": limit})
    else:
        yield explain(f"decision.APPROVERS_{answer.approvers}", language)


def _beside(policy: Policy, language: str) -> Iterator[str]:
    window = policy.window
    days = {"original_route": str(window.original_route_days), "payout": str(window.payout_days)}
    yield explain("console.policies_window", language, days)
    yield explain(f"console.policies_window_{window.closed}", language)
    for limit in policy.limits:
        yield _limit(limit, language)
    if minutes := policy.double_press_minutes:
        yield explain("console.policies_double_press", language, {"age": str(minutes)})
    terms = policy.payout
    figures = {"people": str(terms.approvers), "age": str(terms.cooling_off_hours)}
    yield explain("console.policies_payout", language, figures)


def _limit(limit: Limit, language: str) -> str:
    """The bound as it is written: a draft may name a currency that does not exist."""
    most = str(limit.count) if limit.count is not None else f"{limit.amount} {limit.currency}"
    scope = LimitScope(limit.per).value
    figures = {"limit": most, "window": limit.window}
    return explain(f"console.policies_limit_{scope}", language, figures)
