"""An explained decision, beside a bare loop over the same questions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pef_adapters.core.calendar import age_in_days
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, Outcome, judge
from pef_adapters.core.policy.library import template
from ratios import Pair

_NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
_PAID = Money(12980, "PEN")
_FACTS = Facts(
    amount=Money(2000, "PEN"),
    order_currency="PEN",
    transaction_id="11546901",
    payment=_PAID,
    rest=_PAID,
    paid_at=_NOW - timedelta(days=3),
    reversed_by_bank=False,
    paid_by_gateway=False,
    paid_through_us=True,
    store_mode=Mode.SANDBOX,
    account_mode=Mode.SANDBOX,
    now=_NOW,
    buyer_past_refunds=1,
)
# The ready policy for many refunds a day: three rules, of which the second approves this one.
_POLICY = template("volume")
_OFTEN, _SMALL, _MIDDLING = 5, 15000, 60000

Question = Callable[[Facts], bool]


def _within_rest(facts: Facts) -> bool:
    return facts.rest is not None and facts.amount <= facts.rest


def _in_window(facts: Facts) -> bool:
    if facts.paid_at is None:
        return False
    return age_in_days(facts.paid_at, facts.now) <= _POLICY.window.original_route_days


def _one_currency(facts: Facts) -> bool:
    paid = facts.payment.currency if facts.payment else facts.order_currency
    return facts.amount.currency == facts.order_currency == paid


_QUESTIONS: tuple[Question, ...] = (
    lambda facts: facts.store_mode is facts.account_mode,
    lambda facts: facts.paid_through_us,
    lambda facts: not facts.paid_by_gateway,
    lambda facts: facts.amount.minor > 0,
    lambda facts: not facts.reversed_by_bank,
    lambda facts: facts.paid_at is not None,
    lambda facts: facts.transaction_id is not None and facts.payment is not None,
    _one_currency,
    _within_rest,
    lambda facts: facts.kyc_until is None or facts.now.date() <= facts.kyc_until,
    _in_window,
    lambda facts: not (facts.buyer_past_refunds is not None and facts.buyer_past_refunds >= _OFTEN),
    lambda facts: facts.amount.currency == "PEN" and facts.amount.minor <= _SMALL,
    lambda facts: facts.amount.currency == "PEN" and facts.amount.minor <= _MIDDLING,
)


def policy(times: int) -> Pair:
    """Both approve the same refund; ours says why."""

    async def ours(count: int) -> None:
        for _ in range(count):
            if judge(_FACTS, _POLICY).outcome is not Outcome.APPROVE:
                raise RuntimeError("the policy does not approve")

    async def bare(count: int) -> None:
        for _ in range(count):
            if not all([question(_FACTS) for question in _QUESTIONS]):  # noqa: C419 - asks all, as ours does
                raise RuntimeError("the bare loop does not approve")

    return Pair("policy: explained decision / bare loop", ours, bare, times)
