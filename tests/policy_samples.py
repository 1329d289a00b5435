"""Facts and policies that several policy tests start from, and strategies that draw more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.money import Money
from pef_adapters.core.policy import (
    Facts,
    Mode,
    Outcome,
    Policy,
    Sibling,
    Used,
    Vote,
    read_policy,
)
from pef_adapters.core.policy.approval import digest

# A Monday, which is a business day in Peru.
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LIMA)
GOOD = Facts(
    amount=Money(10000, "PEN"),
    order_currency="PEN",
    transaction_id="11546901",
    payment=Money(100000, "PEN"),
    rest=Money(100000, "PEN"),
    paid_at=NOON - timedelta(days=3),
    reversed_by_bank=False,
    paid_by_gateway=False,
    paid_through_us=True,
    store_mode=Mode.LIVE,
    account_mode=Mode.LIVE,
    now=NOON,
)
# Everything is known, and each set has enough in it to come out in another order.
FULL = replace(
    GOOD,
    amount=Money(70000, "PEN"),
    payment_method="pagoefectivo",
    platform="woocommerce",
    reason="devolución",
    categories=frozenset({"ropa", "niños", "oferta", "invierno"}),
    tags=frozenset({"a", "b", "c", "d"}),
    buyer_past_refunds=1,
    pressed_by="1",
    kyc_until=date(2027, 6, 30),
    keys_until=date(2027, 1, 31),
    asked_at=NOON - timedelta(minutes=1),
    store="tienda",
    account="main",
    buyer="b1",
    destination="d1",
    beneficiary="h1",
    payout_chosen=True,
    editors=frozenset({"1", "luis", "rosa", "marta"}),
    siblings=(Sibling("77", Money(1000, "PEN"), NOON - timedelta(hours=2)),),
    votes=tuple(
        Vote(who, digest(Money(70000, "PEN"), "h1"), frozenset({"otherwise", "payout_approval"}))
        for who in ("ana", "josé", "pía", "zoe")
    ),
    used={
        "store/tienda/1d": Used(3, (Money(9000, "PEN"), Money(500, "USD"))),
        "buyer/b1/7d": Used(1, (Money(9000, "PEN"),)),
    },
)


def facts(**changes: object) -> Facts:
    """S/ 100 of S/ 1000, paid three days ago, but for `changes`."""
    return replace(GOOD, **changes)  # type: ignore[arg-type]


def paying(amount: str, currency: str = "PEN") -> dict[str, object]:
    """The changes for another amount in a payment of this currency."""
    paid = Money.parse("1000.00", currency)
    asked = Money.parse(amount, currency)
    return {"amount": asked, "order_currency": currency, "payment": paid, "rest": paid}


def one_rule(when: str, then: str = "reject") -> Policy:
    """A policy that approves all but what its one rule matches."""
    rule = f"rules: [{{id: only, when: {when}, then: {then}}}]"
    return read_policy(f"name: one\n{rule}\notherwise: approve\n")


# Drawn cases: every amount is whole soles, as the bounds are, from 1 to MOST.
MOST = 20
REASONS = ("", "anulado", "fraude", "devolución")
IDS = ("a", "b", "c", "d")
PEOPLE = ("ana", "Ana", "luis", "rosa", "marta")
# Where the facts of a drawn case keep the key that a limit of this scope counts by.
KEYS = {"store": "store", "account": "account", "buyer": "buyer", "destination": "destination"}
outcomes = st.sampled_from([outcome.value for outcome in Outcome])
soles = st.integers(1, MOST).map(lambda sol: Money(sol * 100, "PEN"))


@dataclass(frozen=True, slots=True)
class Yes:
    """One person's yes in words; the facts carry only its digest."""

    by: str
    amount: Money
    beneficiary: str | None
    covers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A refund that passes every guard, a policy, and the approvals in words."""

    facts: Facts
    policy: Policy
    said_yes: tuple[Yes, ...]


@st.composite
def ranges(draw: st.DrawFn, top: int) -> dict[str, int]:
    """A range of whole numbers, which may be empty."""
    bounds = {name: draw(st.none() | st.integers(0, top)) for name in ("min", "max")}
    return {name: bound for name, bound in bounds.items() if bound is not None}


@st.composite
def rules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A rule on a few conditions."""
    when = {
        "amount": draw(st.none() | ranges(MOST).map(lambda r: {**r, "currency": "PEN"})),
        "age_days": draw(st.none() | ranges(100)),
        "reason": draw(st.none() | st.sampled_from(REASONS[1:]).map(lambda r: {"contains": [r]})),
        "buyer_past_refunds": draw(st.none() | ranges(4)),
    }
    return {
        "id": name,
        "when": {key: value for key, value in when.items() if value is not None},
        "then": draw(outcomes),
        "approvers": draw(st.sampled_from([1, 2])),
        "locked": draw(st.booleans()),
    }


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """A limit of any scope, with a window of days or hours, on money or on a count."""
    per = draw(st.sampled_from(["refund", "store", "account", "buyer", "operator", "destination"]))
    money = {
        "amount": draw(st.integers(1, MOST)),
        "currency": draw(st.sampled_from(["PEN", "USD"])),
    }
    made: dict[str, Any] = {"per": per, "approvers": draw(st.sampled_from([1, 2]))}
    if per == "refund":
        return made | money
    window = draw(st.sampled_from([{"days": 1}, {"days": 3}, {"hours": 1}, {"hours": 36}]))
    return made | window | draw(st.sampled_from([money, {"count": draw(st.integers(1, 3))}]))


def _named(limit: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        limit.get(part) for part in ("per", "days", "hours", "amount", "currency", "count")
    )


@st.composite
def policies(draw: st.DrawFn, most_limits: int = 3) -> Policy:
    """Up to four rules and a few limits, perhaps a default, and any window."""
    names = draw(st.lists(st.sampled_from(IDS), unique=True))
    original = draw(st.integers(0, 60))
    window = {
        "original_route_days": original,
        "payout_days": original + draw(st.integers(0, 40)),
        "closed": draw(st.sampled_from(["reject", "hold"])),
    }
    return Policy.model_validate(
        {
            "name": "any",
            "rules": [draw(rules(name)) for name in names],
            "otherwise": draw(st.none() | outcomes),
            "window": window,
            "limits": draw(st.lists(limits(), max_size=most_limits, unique_by=_named)),
            "double_press_minutes": draw(st.sampled_from([0, 10])),
            "payout": {"approvers": draw(st.sampled_from([1, 2]))},
        }
    )


@st.composite
def good_refunds(draw: st.DrawFn) -> Facts:
    """A refund that only the policy decides about; nobody has approved anything yet."""
    later = st.none() | st.integers(0, 40).map(lambda n: (NOON + timedelta(days=n)).date())
    pressed_by = draw(st.sampled_from([None, "rosa", "marta"]))
    return facts(
        amount=draw(soles),
        paid_at=NOON - timedelta(days=draw(st.integers(0, 100))),
        reason=draw(st.none() | st.sampled_from(REASONS)),
        buyer_past_refunds=draw(st.none() | st.integers(0, 4)),
        pressed_by=pressed_by,
        editors=frozenset(filter(None, (pressed_by, draw(st.sampled_from([None, "luis"]))))),
        kyc_until=draw(later),
        keys_until=draw(later),
        asked_at=draw(st.sampled_from([None, NOON, NOON - timedelta(minutes=9)])),
        store=draw(st.sampled_from([None, "s"])),
        account="m",
        buyer=draw(st.sampled_from([None, "b"])),
        destination=draw(st.sampled_from([None, "d"])),
        beneficiary=draw(st.sampled_from([None, "h"])),
        payout_chosen=draw(st.booleans()),
        siblings=tuple(
            Sibling("77", draw(soles), NOON - timedelta(minutes=draw(st.integers(0, 20))))
            for _ in range(draw(st.integers(0, 2)))
        ),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A refund, a policy, what its limits have counted, and whoever said yes to what."""
    policy, refund = draw(policies()), draw(good_refunds())
    refund = replace(refund, used=draw(counts(policy, refund)))
    said_yes = tuple(draw(st.lists(yeses(policy, refund), max_size=4)))
    votes = (Vote(y.by, digest(y.amount, y.beneficiary), y.covers) for y in said_yes)
    return Case(replace(refund, votes=tuple(votes)), policy, said_yes)


@st.composite
def counts(draw: st.DrawFn, policy: Policy, refund: Facts) -> Mapping[str, Used]:
    """What came before, for each limit whose key is known."""
    used = {}
    for limit in policy.limits:
        key = key_of(limit.per.value, refund)
        if key is not None:
            money = Money(draw(st.integers(0, MOST)) * 100, "PEN")
            used[f"{limit.per}/{key}/{limit.window}"] = Used(draw(st.integers(0, 3)), (money,))
    return used


@st.composite
def yeses(draw: st.DrawFn, policy: Policy, refund: Facts) -> Yes:
    """A yes that often fits the refund, and often does not in one way or another."""
    fits = st.sampled_from([True, True, True, False])
    all_holds = {
        *("otherwise", "window_open", "double_press", "payout_approval"),
        *(rule.id for rule in policy.rules),
        *(limit.name for limit in policy.limits),
    }
    return Yes(
        by=draw(st.sampled_from(PEOPLE)),
        amount=refund.amount if draw(fits) else draw(soles),
        beneficiary=refund.beneficiary if draw(fits) else "other",
        covers=frozenset(all_holds if draw(fits) else draw(st.sets(st.sampled_from(IDS)))),
    )


def key_of(per: str, refund: Facts) -> str | None:
    """Whose refunds a limit of this scope adds up, as the facts tell it."""
    if per == "operator":
        return None if refund.pressed_by is None else f"{refund.store or ''}/{refund.pressed_by}"
    key: str | None = getattr(refund, KEYS[per]) if per in KEYS else None
    return key
