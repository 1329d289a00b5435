"""What policies decide and say, whole: each verdict with its figures, and what would change it.

The golden tables beside this say in an owner's words what comes out; this file says why, for
refunds that each differ in one fact. `PEF_WRITE_STORIES=1` writes it again.
"""

import json
import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, Outcome, Policy, Sibling, Used, Vote, decide
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.policy.backtest import PastRefund, backtest
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.core.policy.guards import GUARDS
from pef_adapters.core.policy.library import TEMPLATES, template
from pef_adapters.core.policy.lint import lint
from pef_adapters.core.policy.reading import read_policy
from policy_samples import FULL, NOON, facts

TOLD = Path(__file__).with_name("golden_told.json")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

WIDE = read_policy(
    """
name: wide
version: 3
rules:
  - id: cents
    when: {amount: {max: 1, currency: PEN}}
    then: approve
  - id: half
    when: {share_of_payment: {min: 50%, max: 60%}}
    then: hold
    approvers: 2
    answer_within_hours: 5
  - id: week
    when: {age_days: {min: 7, max: 8}, age_business_days: {min: 5}}
    then: payout
  - id: abroad
    when: {currencies: [USD]}
    then: hold
    approvers: {one_up_to: 100, currency: USD}
  - id: card
    when: {payment_methods: [card], platforms: [vtex]}
    then: reject
  - id: said
    when: {reason: {contains: [fraude], equals: [anulado]}}
    then: reject
  - id: goods
    when: {categories: [ropa], tags: [oferta]}
    then: hold
  - id: often
    when: {buyer_past_refunds: {min: 2}}
    then: hold
  - id: rosa
    when: {pressed_by: [rosa]}
    then: hold
  - id: night
    when: {hours: {start: 22, end: 6}}
    then: hold
otherwise: approve
window: {original_route_days: 20, payout_days: 40, closed: hold}
double_press_minutes: 15
limits:
  - {per: refund, amount: 900, currency: PEN}
  - {per: store, days: 1, count: 3}
  - {per: account, hours: 24, amount: 2000, currency: PEN, approvers: 2}
  - {per: buyer, days: 7, amount: 500, currency: PEN}
  - {per: operator, days: 1, count: 2}
  - {per: destination, days: 30, count: 1}
payout: {approvers: 1}
"""
)
POLICIES: dict[str, Policy] = {"wide": WIDE, **{name: template(name) for name in TEMPLATES}}

WHO = {"store": "tienda", "account": "main", "buyer": "b1", "pressed_by": "rosa"}
DETAILS = {"destination": "d1", "beneficiary": "h1"}


def soles(amount: str) -> Money:
    """So many soles."""
    return Money.parse(amount, "PEN")


def votes(amount: Money, *names: str, covers: tuple[str, ...] = ("otherwise",)) -> Any:
    """These people's yes to this amount and the details."""
    return tuple(Vote(name, digest(amount, "h1"), frozenset(covers)) for name in names)


def used(count: int, *amounts: Money) -> dict[str, Used]:
    """Each counter that the policies ask for has counted as much."""
    names = (
        "store/tienda/1d",
        "account/main/24h",
        "buyer/b1/7d",
        "operator/tienda/rosa/1d",
        "destination/d1/30d",
        "store/tienda/24h",
        "account/main/1d",
        "buyer/b1/30d",
    )
    return dict.fromkeys(names, Used(count, amounts))


CASES: dict[str, Facts] = {
    "good": facts(),
    "full": FULL,
    "a cent": facts(amount=soles("0.01")),
    "one": facts(amount=soles("1.00")),
    "more than one": facts(amount=soles("1.01")),
    "half": facts(amount=soles("500.00")),
    "less than half": facts(amount=soles("499.99")),
    "three fifths": facts(amount=soles("600.00")),
    "more than three fifths": facts(amount=soles("600.01")),
    "all": facts(amount=soles("1000.00")),
    "the limit": facts(amount=soles("900.00")),
    "over the limit": facts(amount=soles("900.01")),
    "more than all": facts(amount=soles("1000.01")),
    "nothing": facts(amount=soles("0.00")),
    "more than the rest": facts(rest=soles("99.99")),
    "the rest": facts(rest=soles("100.00")),
    "no rest known": facts(rest=None),
    "unpaid": facts(paid_at=None),
    "no payment": facts(payment=None),
    "no transaction": facts(transaction_id=None),
    "reversed": facts(reversed_by_bank=True),
    "by gateway": facts(paid_by_gateway=True),
    "not ours": facts(paid_through_us=False),
    "a test store": facts(store_mode=Mode.SANDBOX),
    "another currency": facts(order_currency="USD"),
    "dollars": facts(
        amount=Money(9000, "USD"),
        order_currency="USD",
        payment=Money(100000, "USD"),
        rest=Money(100000, "USD"),
    ),
    "many dollars": facts(
        amount=Money(10001, "USD"),
        order_currency="USD",
        payment=Money(100000, "USD"),
        rest=Money(100000, "USD"),
    ),
    **{
        f"{n} days": facts(paid_at=NOON - n * DAY)
        for n in (0, 7, 8, 20, 21, 30, 31, 40, 41, 90, 91)
    },
    "keys end today": facts(kyc_until=date(2026, 11, 23), keys_until=date(2026, 11, 23)),
    "keys ended": facts(kyc_until=date(2026, 11, 22)),
    "documents ended": facts(keys_until=date(2026, 11, 22)),
    "card at vtex": facts(payment_method="card", platform="vtex"),
    "fraud": facts(reason="Parece FRAUDE, dice el comprador"),
    "cancelled": facts(reason="Anulado"),
    "long reason": facts(reason="x" * 300),
    "clothes on offer": facts(categories=frozenset({"Ropa", "Niños"}), tags=frozenset({"oferta"})),
    "returns often": facts(buyer_past_refunds=2),
    "returns seldom": facts(buyer_past_refunds=1),
    "by rosa": facts(pressed_by="Rosa"),
    "at night": facts(now=datetime.fromisoformat("2026-11-24T22:00:00-05:00")),
    "before night": facts(now=datetime.fromisoformat("2026-11-24T21:59:59-05:00")),
    "at six": facts(now=datetime.fromisoformat("2026-11-24T06:00:00-05:00")),
    "payout chosen": facts(payout_chosen=True),
    "payout barred": facts(payout_chosen=True, payout_barred="PAYOUT_BARRED_BY_STORE"),
    "barred, but goes back": facts(payout_barred="PAYOUT_BARRED_BY_STORE"),
    "details": facts(payout_chosen=True, **DETAILS),
    "details and a yes": facts(
        payout_chosen=True,
        **DETAILS,
        votes=votes(soles("100.00"), "ana", covers=("payout_approval", "otherwise")),
    ),
    "details and two": facts(
        payout_chosen=True,
        **DETAILS,
        votes=votes(soles("100.00"), "zoe", "ana", covers=("payout_approval", "otherwise")),
    ),
    "yes of its editor": facts(
        votes=votes(soles("100.00"), "ana"), editors=frozenset({"ana"}), beneficiary="h1"
    ),
    "half, agreed by two": facts(
        amount=soles("500.00"),
        beneficiary="h1",
        votes=votes(soles("500.00"), "zoe", "ana", covers=("half", "otherwise")),
    ),
    "half, agreed by one": facts(
        amount=soles("500.00"),
        beneficiary="h1",
        votes=votes(soles("500.00"), "ana", covers=("half", "otherwise")),
    ),
    "pressed twice": facts(siblings=(Sibling("77", soles("100.00"), NOON - 14 * HOUR / 60),)),
    "pressed twice, late": facts(siblings=(Sibling("77", soles("100.00"), NOON - HOUR / 4),)),
    "another amount": facts(siblings=(Sibling("77", soles("99.00"), NOON),)),
    "nobody counted": facts(**WHO),
    "little used": facts(**WHO, **DETAILS, used=used(0)),
    "some used": facts(**WHO, **DETAILS, used=used(1, soles("400.00"))),
    "more used": facts(**WHO, **DETAILS, used=used(2, soles("400.01"))),
    "much used": facts(**WHO, **DETAILS, used=used(3, soles("1900.00"))),
    "too much used": facts(**WHO, **DETAILS, used=used(9, soles("1900.01"), Money(1, "USD"))),
}


_GUARDS = {guard.__name__ for guard in GUARDS}


def told(policy: Policy, case: Facts) -> dict[str, Any]:
    """A decision as it is kept; of ready policies without the verdicts, which are many."""
    made = decide(case, policy).as_record()
    verdicts: Any = made.pop("verdicts")
    if policy is WIDE:
        made["verdicts"] = [
            [each["rule"], each["code"], each["outcome"] or "—", each["figures"]]
            for each in verdicts
            # A guard that passes without a figure passes everywhere.
            if each["figures"] or each["rule"] not in _GUARDS or each["outcome"] != "approve"
        ]
    for common in ("policy_version", "policy_digest"):
        made.pop(common)
    return {key: value for key, value in made.items() if value not in (None, [], {}, 0)}


def everything(name: str, *, cases: bool = True) -> dict[str, Any]:
    """All that one policy says."""
    policy = POLICIES[name]
    decided = {case: told(policy, each) for case, each in CASES.items()} if cases else {}
    past = [PastRefund(case, each, Outcome.APPROVE) for case, each in CASES.items()]
    drafted = replace_limits(policy)
    return {
        **({"decided": decided} if cases else {}),
        "tried": _without_digest(backtest(past, policy).as_record()),
        "found": [[f.code, f.severity.value, *f.rules, dict(f.figures)] for f in lint(drafted)],
    }


def replace_limits(policy: Policy) -> Policy:
    """The same with a limit twice as strict in front, so that there is something to find."""
    first = policy.limits[:1]
    tighter = [limit.model_copy(update={"approvers": 2}) for limit in first if limit.count]
    return policy.model_copy(update={"limits": (*tighter, *policy.limits)})


def _without_digest(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "digest"}


def written(policies: dict[str, Any]) -> str:
    """One case a line."""
    lines = []
    for name, parts in policies.items():
        rows = [
            f'   "{case}": {json.dumps(row, ensure_ascii=False)}'
            for case, row in parts["decided"].items()
        ]
        rest = {key: parts[key] for key in ("tried", "found")}
        more = [f'  "{key}": {json.dumps(row, ensure_ascii=False)}' for key, row in rest.items()]
        cases = '  "decided": {\n' + ",\n".join(rows) + "\n  }"
        lines.append(f' "{name}": {{\n' + ",\n".join([cases, *more]) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if os.environ.get("PEF_WRITE_STORIES"):
    TOLD.write_text(written({name: everything(name) for name in POLICIES}))
GOLDEN = json.loads(TOLD.read_text())


def plain(value: Any) -> Any:
    """As it is after it was kept."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("case", sorted(CASES))
def test_each_verdict_about_a_refund_is_as_it_is_written(case: str) -> None:
    """Outcome, people, route, day, every verdict's figures, and the nearest changes."""
    assert plain(told(WIDE, CASES[case])) == GOLDEN["wide"]["decided"][case]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_ready_policy_decides_as_it_is_written(name: str) -> None:
    """About each of the refunds above."""
    for case, each in CASES.items():
        assert plain(told(POLICIES[name], each)) == GOLDEN[name]["decided"][case], case


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_policy_is_tried_and_read_as_it_is_written(name: str) -> None:
    """What it would have decided in the past, and what lint finds in it."""
    found = plain(everything(name, cases=False))
    assert found == {part: GOLDEN[name][part] for part in ("tried", "found")}


@pytest.mark.parametrize("language", ["en", "es_PE", "zh_Hans"])
def test_each_decision_has_its_sentences(language: str) -> None:
    """Everything that was decided above can be said, whole, in each language."""
    for case, each in CASES.items():
        said = explain_decision(decide(each, WIDE).as_record(), language)
        assert said.outcome, case
        assert said.why, case
        assert all(sentence for _, sentence in said.verdicts), case
        assert len(said.verdicts) >= len(GUARDS)


def test_the_terms_name_policy_people_route_and_day() -> None:
    """In this order, each where there is one."""
    approved = explain_decision(decide(CASES["good"], WIDE).as_record(), "en")
    assert len(approved.terms) == 3
    held = explain_decision(decide(CASES["half"], WIDE).as_record(), "en")
    assert len(held.terms) == 4
    assert "wide-3" in held.terms[0]
    assert "Two different people" in held.terms[1]
    assert replace(held, terms=()) != held
