"""What would change a decision: the nearest amount and the nearest day on either side.

Between two bounds that a guard, the window, a limit or a rule names, nothing can change.
So it is enough to decide again beside each bound, and the nearest that differs is
exact. What other refunds have used of a limit is taken as it is today, the button as
pressed when it was, and people's approvals as given to this amount and to no other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from pef_adapters.core.calendar import add_business_days, lima_date
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.decision import Change, Decision, Kind
from pef_adapters.core.policy.facts import Facts
from pef_adapters.core.policy.limits import room
from pef_adapters.core.policy.model import Policy

Judge = Callable[[Facts, Policy], Decision]


def nearest_changes(
    facts: Facts, policy: Policy, made: Decision, judge: Judge
) -> tuple[Change, ...]:
    """At most one change of each kind, in the order of `Kind`."""
    amount, today = facts.amount.minor, lima_date(facts.now)
    amounts, days = sorted(_amounts(facts, policy)), sorted(_days(facts, policy))
    wanted = {
        Kind.SMALLER_AMOUNT: [_paying(facts, a) for a in reversed(amounts) if a < amount],
        Kind.LARGER_AMOUNT: [_paying(facts, a) for a in amounts if a > amount],
        Kind.EARLIER_DAY: [_asked_on(facts, day) for day in reversed(days) if day < today],
        Kind.LATER_DAY: [_asked_on(facts, day) for day in days if day > today],
    }
    found = (_first(kind, others, policy, made, judge) for kind, others in wanted.items())
    return tuple(change for change in found if change is not None)


def _first(
    kind: Kind, others: Iterable[Facts], policy: Policy, made: Decision, judge: Judge
) -> Change | None:
    for other in others:
        then = judge(other, policy)
        if then.outcome is not made.outcome:
            by_amount = kind in {Kind.SMALLER_AMOUNT, Kind.LARGER_AMOUNT}
            at = str(other.amount) if by_amount else str(lima_date(other.now))
            return Change(kind, at, then.outcome, then.deciding.rule)
    return None


def _amounts(facts: Facts, policy: Policy) -> set[int]:
    """Amounts above zero, in minor units, on both sides of every bound."""
    own = facts.amount.currency
    bounds = {bound for rule in policy.rules for bound in _amount_bounds(rule.when, facts)}
    if facts.rest is not None and facts.rest.currency == own:
        bounds.add(facts.rest.minor)
    bounds.update(left.minor for each in policy.limits if (left := room(each, facts)))
    bounds.update(o.amount.minor for o in facts.siblings if o.amount.currency == own)
    if facts.votes:
        bounds.add(facts.amount.minor)
    return {near for bound in bounds for near in (bound - 1, bound, bound + 1) if near > 0}


def _amount_bounds(when: Conditions, facts: Facts) -> Iterator[int]:
    """Bounds of the amount in minor units, each rounded down."""
    own = facts.amount.currency
    if when.amount and when.amount.currency == own:
        one = Money(1, own).decimal
        yield from (_floor(b / one) for b in (when.amount.min, when.amount.max) if b is not None)
    share, paid = when.share_of_payment, facts.payment
    if share and paid and paid.currency == own:
        yield from (_floor(b * paid.minor / 100) for b in (share.min, share.max) if b is not None)


def _days(facts: Facts, policy: Policy) -> set[date]:
    """Days since the payment, on both sides of every bound."""
    if facts.paid_at is None:
        return set()
    paid = lima_date(facts.paid_at)
    window = policy.window_for(facts.rail)
    bounds = {paid + timedelta(days=n) for n in (window.original_route_days, window.payout_days)}
    for rule in policy.rules:
        bounds.update(_day_bounds(rule.when, paid))
    bounds.update(day for day in (facts.kyc_until, facts.keys_until) if day)
    nearby = {bound + timedelta(days=n) for bound in bounds for n in (-1, 0, 1)}
    return {day for day in nearby if day >= paid}


def _day_bounds(when: Conditions, paid: date) -> Iterator[date]:
    for days in (when.age_days and (when.age_days.min, when.age_days.max)) or ():
        if days is not None:
            yield paid + timedelta(days=days)
    if when.age_business_days is None:
        return
    for days in (when.age_business_days.min, when.age_business_days.max):
        if days is not None:
            # The count stays the same until the next business day.
            yield from (add_business_days(paid, n) for n in (days, days + 1))


def _paying(facts: Facts, minor: int) -> Facts:
    return replace(facts, amount=Money(minor, facts.amount.currency), votes=())


def _asked_on(facts: Facts, day: date) -> Facts:
    """The same refund at the same hour of another Lima day; Lima has no summer time."""
    now = facts.now + (day - lima_date(facts.now))
    return replace(facts, now=now, asked_at=facts.asked_at or facts.now)


def _floor(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_FLOOR))
