"""An explained decision, beside a bare loop over the same questions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pef_adapters.core.calendar import age_in_days
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, Outcome, Sibling, Used, Vote, judge
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.policy.library import template
from ratios import Pair

_NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
_PAID, _ASKED = Money(129800, "PEN"), Money(70000, "PEN")
# The ready policy for many refunds a day: three rules and five limits. This refund is for
# a person, and Rosa has approved it.
_POLICY = template("volume")
_OFTEN, _SMALL, _MIDDLING, _ONE_UP_TO = 5, 15000, 60000, 200000
_NEAR = timedelta(minutes=10)
_BUYER, _OPERATOR, _STORE, _DESTINATION = (
    *("buyer/b1/7d", "operator/s1/7/1d"),
    *("store/s1/1d", "destination/d1/30d"),
)
_FACTS = Facts(
    amount=_ASKED,
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
    pressed_by="7",
    buyer_past_refunds=1,
    asked_at=_NOW,
    store="s1",
    account="main",
    buyer="b1",
    destination="d1",
    beneficiary="h1",
    editors=frozenset({"7", "Luis"}),
    siblings=(Sibling("12", _ASKED, _NOW - timedelta(hours=1)),),
    votes=(Vote("Rosa", digest(_ASKED, "h1"), frozenset({"otherwise"})),),
    used={
        _BUYER: Used(2, (Money(15000, "PEN"),)),
        _OPERATOR: Used(20, (Money(300000, "PEN"),)),
        _STORE: Used(90, (Money(900000, "PEN"),)),
        _DESTINATION: Used(1, (Money(5000, "PEN"),)),
    },
)

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


def _pressed_once(facts: Facts) -> bool:
    asked_at = facts.asked_at or facts.now
    return not any(
        other.amount == facts.amount and abs(asked_at - other.asked_at) < _NEAR
        for other in facts.siblings
    )


def _money_left(counter: str, ceiling: int) -> Question:
    def asked(facts: Facts) -> bool:
        used = facts.used[counter].of("PEN") if counter else Money.zero("PEN")
        return facts.amount.currency == "PEN" and used.minor + facts.amount.minor <= ceiling

    return asked


def _times_left(counter: str, ceiling: int) -> Question:
    return lambda facts: facts.used[counter].count < ceiling


def _above(bound: int) -> Question:
    return lambda facts: facts.amount.currency != "PEN" or facts.amount.minor > bound


def _approved(facts: Facts) -> bool:
    bound_to, editors = digest(facts.amount, facts.beneficiary), {fold(e) for e in facts.editors}
    return any(
        vote.digest == bound_to and "otherwise" in vote.covers and fold(vote.by) not in editors
        for vote in facts.votes
    )


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
    lambda facts: facts.keys_until is None or facts.now.date() <= facts.keys_until,
    _in_window,
    _pressed_once,
    _money_left("", 500000),
    _times_left(_BUYER, 3),
    _money_left(_OPERATOR, 800000),
    _money_left(_STORE, 3000000),
    _times_left(_DESTINATION, 5),
    lambda facts: facts.buyer_past_refunds is None or facts.buyer_past_refunds < _OFTEN,
    _above(_SMALL),
    _above(_MIDDLING),
    lambda facts: facts.amount.currency == "PEN" and facts.amount.minor <= _ONE_UP_TO,
    _approved,
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
