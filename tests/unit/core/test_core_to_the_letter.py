"""Tables, codes and files of core, to the letter."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest

from cost_samples import example_costs
from pef_adapters.core.calendar import LIMA
from pef_adapters.core.costs import Month, RefundFigures, quote
from pef_adapters.core.errors import PolicyUnreadable
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route, decide, read_policy
from pef_adapters.core.policy.limits import window_start
from pef_adapters.core.policy.model import BASE, Limit, LimitScope
from pef_adapters.core.states import CARE, Owner, State
from pef_adapters.core.writing import costs_as_written, policy_as_written, policy_whole
from policy_samples import facts

WRITTEN = """\
name: shop
rules:
- id: small
  when:
    amount:
      max: 50.00
      currency: PEN
  then: approve
otherwise:
  then: hold
  approvers:
    one_up_to: 100.00
    currency: PEN
limits:
- per: store
  days: 1
  amount: 500.00
  currency: PEN
"""


def test_a_policy_is_written_as_its_owner_wrote_it() -> None:
    """Amounts without quotes, in the owner's order, and nothing that was left open."""
    assert policy_as_written(read_policy(WRITTEN)) == WRITTEN


@pytest.mark.parametrize("text", [WRITTEN, "name: a\n", "name: b\notherwise: payout\n"])
def test_a_whole_policy_is_read_again_as_the_same(text: str) -> None:
    """With every default written out, and no empty value among them."""
    policy = read_policy(text)
    whole = policy_whole(policy)
    assert read_policy(whole).canonical_json() == policy.canonical_json()
    assert "double_press_minutes: 10\n" in whole
    assert "null" not in whole
    assert "version" not in whole


def test_costs_are_written_with_plain_amounts() -> None:
    """No amount stands in quotes, whatever it is of."""
    text = costs_as_written(example_costs())
    amounts = re.findall(r"(?:fixed|minimum|refund_fee|rate): (.+)", text)
    assert len(amounts) > 1
    assert [amount for amount in amounts if not re.match(r"[0-9{]", amount)] == []


def test_who_looks_after_each_state_and_how_soon() -> None:
    """A dead sender is found after 90 seconds, an unknown result asked for after five."""
    day = timedelta(days=1)
    assert {state: (care.owner, care.look_again) for state, care in CARE.items()} == {
        State.RECEIVED: (Owner.CLOCK, timedelta(0)),
        State.HELD: (Owner.PERSON, day),
        State.REJECTED: (Owner.NOBODY, None),
        State.AWAITING_BENEFICIARY: (Owner.PERSON, day),
        State.PAYOUT_DUE: (Owner.PERSON, day),
        State.READY: (Owner.CLOCK, timedelta(0)),
        State.SENDING: (Owner.CLOCK, timedelta(seconds=90)),
        State.UNKNOWN: (Owner.RAIL, timedelta(seconds=5)),
        State.PENDING: (Owner.RAIL, timedelta(seconds=60)),
        State.REFUNDED: (Owner.NOBODY, None),
        State.FAILED: (Owner.NOBODY, None),
        State.RETURNED: (Owner.PERSON, day),
        State.CANCELLED: (Owner.NOBODY, None),
        State.REVERSED: (Owner.NOBODY, None),
    }


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("approve", "OTHERWISE_APPROVES"),
        ("payout", "OTHERWISE_PAYS_OUT"),
        ("hold", "OTHERWISE_HOLDS"),
        ("reject", "OTHERWISE_REJECTS"),
    ],
)
def test_the_answer_without_a_rule_has_its_own_code(then: str, code: str) -> None:
    """So that its explanation speaks of no rule."""
    made = decide(facts(), read_policy(f"name: a\notherwise: {then}\n"))
    assert code in [verdict.code for verdict in made.verdicts if verdict.rule == "otherwise"]


def test_a_rule_that_comes_too_late_names_itself() -> None:
    """The explanation of each line says which rule it is about."""
    rules = "rules: [{id: one, when: {}, then: hold}, {id: two, when: {}, then: reject}]"
    made = decide(facts(), read_policy(f"name: a\n{rules}\notherwise: hold\n"))
    (late,) = [verdict for verdict in made.verdicts if verdict.code == "RULE_TOO_LATE"]
    assert (late.rule, late.figures, late.outcome) == ("two", {"rule": "two"}, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name: a\nrail_windows: [{rail: x}, {rail: x}]\n",
            "each rail stands once; twice there is x",
        ),
        (
            "name: a\nrules: [{id: r, when: {}, then: hold}, {id: r, when: {}, then: hold}]\n",
            "each rule stands once; twice there is r",
        ),
    ],
)
def test_what_stands_twice_is_named_by_its_kind(text: str, said: str) -> None:
    """The owner knows which of the lists to look at."""
    with pytest.raises(PolicyUnreadable) as refused:
        read_policy(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(("window", "start"), [({"days": 1}, 23), ({"days": 2}, 22)])
def test_a_limit_of_days_begins_at_limas_midnight(window: dict[str, int], start: int) -> None:
    """One day is today; two are today and yesterday."""
    limit = Limit.model_validate({"per": LimitScope.STORE, "count": 1, **window})
    now = datetime(2026, 11, 24, 4, 59, tzinfo=UTC)
    assert window_start(limit, now) == datetime(2026, 11, start, tzinfo=LIMA)


def test_the_sheets_first_row_and_a_store_of_two_words() -> None:
    """Columns have their names; blanks and breaks in a name become one blank."""
    refund = RefundFigures(
        store="mi \n tienda",
        amount=Money(100, "PEN"),
        asked_at=datetime(2026, 11, 23, 12, tzinfo=LIMA),
        decided_at=None,
        route=Route.ORIGINAL,
        automatic=False,
        state=State.HELD,
        disputed=False,
        hours_to_truth=Decimal(1),
        expected_cost=None,
        actual_cost=None,
    )
    text = quote(Month(2026, 11), [refund, replace(refund, store="b")], {}).as_csv("en")
    head, *rows = csv.reader(StringIO(text), strict=True)
    assert head == ["month", "figure", "of", "value", "means"]
    assert ["2026-11", "OF_STORE", "mi tienda", "1"] in [row[:4] for row in rows]


def test_nobodys_policy_is_named_base() -> None:
    """Its label stands in every decision that was made by the windows alone."""
    assert BASE.label == "base-1"
