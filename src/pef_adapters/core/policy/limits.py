"""Limits and the double press: what is odd about a refund beside its own figures.

Each answers with a verdict that passes or holds, never refuses. What was used before is
counted outside, under lock (`engine.facts`), and comes in with the facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pef_adapters.core.calendar import LIMA, lima_date
from pef_adapters.core.money import Money
from pef_adapters.core.policy.decision import Outcome, Verdict
from pef_adapters.core.policy.facts import Facts, Used
from pef_adapters.core.policy.model import Limit, LimitScope, Policy


@dataclass(frozen=True, slots=True)
class Held:
    """A verdict, and how many people can lift it where it holds."""

    verdict: Verdict
    approvers: int


def counter(limit: Limit, facts: Facts) -> str | None:
    """Whose refunds in which window are added up, as one word; None: not known, or no need."""
    key = limit_key(limit.per, facts)
    return None if key is None else f"{limit.per}/{key}/{limit.window}"


def limit_key(per: LimitScope, facts: Facts) -> str | None:
    """The one whose refunds a limit adds up, such as this store or this buyer."""
    return _KEYS[per](facts) if per in _KEYS else None


def window_start(limit: Limit, now: datetime) -> datetime:
    """From when on refunds are added up."""
    if limit.hours is not None:
        return now - timedelta(hours=limit.hours)
    first = lima_date(now) - timedelta(days=(limit.days or 1) - 1)
    return datetime.combine(first, time.min, LIMA)


def ask_limits(facts: Facts, policy: Policy) -> tuple[Held, ...]:
    """A verdict for each limit, in the policy's order."""
    return tuple([Held(_within(limit, facts), limit.approvers) for limit in policy.limits])


def no_double_press(facts: Facts, minutes: int) -> Verdict:
    """Two equal refunds of one order within minutes are probably one that was pressed twice."""
    if not minutes:
        return Verdict("double_press", "DOUBLE_PRESS_NOT_WATCHED", Outcome.APPROVE)
    near = timedelta(minutes=minutes)
    for other in facts.siblings:
        if other.amount == facts.amount and abs(_asked_at(facts) - other.asked_at) < near:
            figures = {"other": other.refund, "amount": str(other.amount)}
            return Verdict("double_press", "DOUBLE_PRESS", Outcome.HOLD, figures)
    return Verdict("double_press", "NO_DOUBLE_PRESS", Outcome.APPROVE)


def room(limit: Limit, facts: Facts) -> Money | None:
    """The largest amount that the limit still lets through; None: it limits no amount here."""
    used = _used(limit, facts)
    if used is None or limit.ceiling is None:
        return None
    return limit.ceiling - used.of(limit.ceiling.currency)


def _within(limit: Limit, facts: Facts) -> Verdict:
    used = _used(limit, facts)
    if used is None:
        return Verdict(limit.name, "LIMIT_NOT_COUNTED", Outcome.APPROVE)
    if limit.ceiling is None:
        before: int | Money = used.count
        reached = limit.count is not None and used.count >= limit.count
    else:
        before = used.of(limit.ceiling.currency)
        reached = before + facts.amount > limit.ceiling
    figures = {"limit": limit.most, "used": str(before), "window": limit.window or "—"}
    code = _REACHED[limit.per] if reached else "LIMIT_WITHIN"
    return Verdict(limit.name, code, Outcome.HOLD if reached else Outcome.APPROVE, figures)


def _used(limit: Limit, facts: Facts) -> Used | None:
    """What came before; None: nobody knows, or the limit is in another currency."""
    if limit.currency not in {None, facts.amount.currency}:
        return None
    if limit.per is LimitScope.REFUND:
        return _NOTHING
    name = counter(limit, facts)
    return None if name is None else facts.used.get(name)


def _operator(facts: Facts) -> str | None:
    return None if facts.pressed_by is None else f"{facts.store or ''}/{facts.pressed_by}"


def _asked_at(facts: Facts) -> datetime:
    return facts.asked_at or facts.now


_NOTHING = Used()
_KEYS: Mapping[LimitScope, Callable[[Facts], str | None]] = {
    LimitScope.STORE: lambda facts: facts.store,
    LimitScope.ACCOUNT: lambda facts: facts.account,
    LimitScope.BUYER: lambda facts: facts.buyer,
    # Two stores can both have an operator "1".
    LimitScope.OPERATOR: _operator,
    LimitScope.DESTINATION: lambda facts: facts.destination,
}
_REACHED: Mapping[LimitScope, str] = {
    LimitScope.REFUND: "LIMIT_REACHED_REFUND",
    LimitScope.STORE: "LIMIT_REACHED_STORE",
    LimitScope.ACCOUNT: "LIMIT_REACHED_ACCOUNT",
    LimitScope.BUYER: "LIMIT_REACHED_BUYER",
    LimitScope.OPERATOR: "LIMIT_REACHED_OPERATOR",
    LimitScope.DESTINATION: "LIMIT_REACHED_DESTINATION",
}
