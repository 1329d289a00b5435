"""Ask a rule's conditions about a refund; the first that does not hold is named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

from pef_adapters.core.calendar import age_in_business_days, age_in_days, lima_time
from pef_adapters.core.policy.conditions import Conditions, Words, share_one
from pef_adapters.core.policy.facts import Facts

Fact = TypeVar("Fact")
# A buyer can write a whole letter as the reason; a verdict quotes its beginning.
_MOST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Question(Generic[Fact]):
    """How one condition reads its fact, compares it and shows it."""

    fact: Callable[[Facts], Fact | None]
    holds: Callable[[Any, Fact], bool]
    shown: Callable[[Fact], str] = str


@dataclass(frozen=True, slots=True)
class Miss:
    """A condition that did not hold; `actual` is None where the fact is not known."""

    condition: str
    wanted: str
    actual: str | None


def first_miss(when: Conditions, facts: Facts) -> Miss | None:
    """The first condition of `when` that does not hold for `facts`; None: all hold."""
    for name, wanted in when.given:
        question = QUESTIONS[name]
        actual = question.fact(facts)
        if actual is None:
            return Miss(name, _wanted(wanted), None)
        if not question.holds(wanted, actual):
            return Miss(name, _wanted(wanted), question.shown(actual))
    return None


def age_days(facts: Facts) -> int | None:
    """Whole Lima days since the payment; None while nobody has paid."""
    return None if facts.paid_at is None else age_in_days(facts.paid_at, facts.now)


def _age_business_days(facts: Facts) -> int | None:
    return None if facts.paid_at is None else age_in_business_days(facts.paid_at, facts.now)


def _share(facts: Facts) -> Fraction | None:
    """The share in percent; None without a payment in the refund's currency."""
    paid = facts.payment
    if paid is None or paid.currency != facts.amount.currency or paid.minor <= 0:
        return None
    return Fraction(facts.amount.minor * 100, paid.minor)


def _ranged(wanted: Any, actual: object) -> bool:
    held: bool = wanted.holds(actual)
    return held


def _is_one(wanted: tuple[str, ...], actual: str) -> bool:
    return share_one(wanted, (actual,))


def _wanted(wanted: Any) -> str:
    return str(Words(wanted)) if isinstance(wanted, tuple) else str(wanted)


def _listed(actual: frozenset[str]) -> str:
    return str(Words(sorted(actual))) or "—"


QUESTIONS: Mapping[str, Question[Any]] = {
    "amount": Question(lambda facts: facts.amount, _ranged),
    "share_of_payment": Question(_share, _ranged, lambda share: f"{float(share):.2f} %"),
    "age_days": Question(age_days, _ranged),
    "age_business_days": Question(_age_business_days, _ranged),
    "currencies": Question(lambda facts: facts.amount.currency, _is_one),
    "payment_methods": Question(lambda facts: facts.payment_method, _is_one),
    "platforms": Question(lambda facts: facts.platform, _is_one),
    "reason": Question(
        lambda facts: facts.reason, _ranged, lambda reason: reason[:_MOST_SHOWN] or "—"
    ),
    "categories": Question(lambda facts: facts.categories, share_one, _listed),
    "tags": Question(lambda facts: facts.tags, share_one, _listed),
    "buyer_past_refunds": Question(lambda facts: facts.buyer_past_refunds, _ranged),
    "pressed_by": Question(lambda facts: facts.pressed_by, _is_one),
    "hours": Question(
        lambda facts: lima_time(facts.now).hour, _ranged, lambda hour: f"{hour:02}:00"
    ),
}
