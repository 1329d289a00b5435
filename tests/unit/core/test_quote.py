"""The monthly quote sheet: whose month it is, what is counted, and what is not known."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.costs import Month, PaymentFigures, RefundFigures, quote
from pef_adapters.core.costs.quote import CSV_COLUMNS, GAVE_NOTHING
from pef_adapters.core.errors import CurrencyDiffers, InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import State
from pef_adapters.core.texts import LANGUAGES, keys

NOVEMBER = Month(2026, 11)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LIMA)
GOOD = RefundFigures(
    store="tienda",
    amount=Money(10000, "PEN"),
    asked_at=NOON,
    decided_at=NOON,
    route=Route.ORIGINAL,
    automatic=True,
    state=State.REFUNDED,
    disputed=False,
    hours_to_truth=Decimal("30.5"),
    expected_cost=Money(200, "PEN"),
    actual_cost=None,
)
PAYMENTS = {
    "PEN": PaymentFigures(70, Money(1_000_000, "PEN")),
    "USD": PaymentFigures(2, Money(50_000, "USD")),
}
REFUNDS = [
    GOOD,
    replace(GOOD, amount=Money(5001, "PEN"), hours_to_truth=Decimal(40), automatic=False),
    replace(GOOD, state=State.FAILED, store="=otra", expected_cost=None),
    replace(GOOD, state=State.HELD, decided_at=None, route=None, hours_to_truth=None),
    replace(GOOD, route=Route.PAYOUT, amount=Money(3000, "USD"), disputed=True, automatic=False),
    replace(GOOD, actual_cost=Money(-60, "USD")),
]
RECORD: dict[str, Any] = {
    "month": "2026-11",
    "all": {
        "asked": 6,
        "refunds": 5,
        "payments": 72,
        "refund_rate": "6.94%",
        "automation_share": "60.00%",
        "payout_share": "20.00%",
        "failed_share": "16.67%",
        "dispute_rate": "16.67%",
        "hours_to_truth": "32.40",
    },
    "currencies": {
        "PEN": {
            "asked": 5,
            "refunds": 4,
            "refunds_total": "350.01",
            "average": "87.50",
            "largest": "100.00",
            "payments": 70,
            "payments_total": "10000.00",
            "refund_rate": "5.71%",
            "money_rate": "3.50%",
        },
        "USD": {
            "asked": 1,
            "refunds": 1,
            "refunds_total": "30.00",
            "average": "30.00",
            "largest": "30.00",
            "payments": 2,
            "payments_total": "500.00",
            "refund_rate": "50.00%",
            "money_rate": "6.00%",
        },
    },
    "costs": {
        "PEN": {
            "expected_cost": "10.00",
            "expected_cost_of": 5,
            "actual_cost": None,
            "actual_cost_of": 0,
        },
        "USD": {
            "expected_cost": None,
            "expected_cost_of": 0,
            "actual_cost": "-0.60",
            "actual_cost_of": 1,
        },
    },
    "stores": {"=otra": 1, "tienda": 5},
}


@st.composite
def refunds(draw: st.DrawFn) -> RefundFigures:
    """Any refund in one of two currencies, asked for around November."""
    currency = draw(st.sampled_from(["PEN", "USD"]))
    money = st.integers(0, 10**6).map(lambda minor: Money(minor, currency))
    return RefundFigures(
        store=draw(st.sampled_from(["a", "b"])),
        amount=draw(money),
        asked_at=NOON + timedelta(days=draw(st.integers(-30, 30))),
        decided_at=draw(st.none() | st.just(NOON)),
        route=draw(st.none() | st.sampled_from(Route)),
        automatic=draw(st.booleans()),
        state=draw(st.sampled_from(State)),
        disputed=draw(st.booleans()),
        hours_to_truth=draw(st.none() | st.decimals(0, 1000, places=2)),
        expected_cost=draw(st.none() | money),
        actual_cost=draw(st.none() | money),
    )


def record(
    asked: Iterable[RefundFigures], payments: Mapping[str, PaymentFigures] = PAYMENTS
) -> dict[str, Any]:
    """November's sheet as plain data."""
    return quote(NOVEMBER, asked, payments).as_record()


def all_values(data: Any) -> Iterable[object]:
    """Every value in nested data."""
    if not isinstance(data, dict):
        yield data
        return
    for value in data.values():
        yield from all_values(value)


def test_a_month_is_added_up_as_it_was() -> None:
    """Counts, sums, shares and costs are those that one counts by hand."""
    assert record(REFUNDS) == RECORD


def test_a_refund_that_gave_nothing_is_asked_for_only() -> None:
    """Rejected, failed and withdrawn refunds are counted, but not in rates and sums."""
    assert {state.value for state in GAVE_NOTHING} == {
        "rejected",
        "failed",
        "cancelled",
        "reversed",
    }
    for state in State:
        figures = record([replace(GOOD, state=state)])["all"]
        assert (figures["asked"], figures["refunds"]) == (1, state not in GAVE_NOTHING)


def test_the_month_is_limas() -> None:
    """The last evening in Lima is still November, though it is December elsewhere."""
    evening = datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC)
    asked = [replace(GOOD, asked_at=evening + timedelta(seconds=n)) for n in (0, 1)]
    assert [len(quote(month, asked, {}).refunds) for month in (NOVEMBER, Month(2026, 12))] == [1, 1]
    assert NOVEMBER.ends_at == evening + timedelta(seconds=1) == Month(2026, 12).starts_at
    assert Month(2026, 12).ends_at == Month(2027, 1).starts_at


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "1999-12", "3000-01", "2026-1", "11-2026", "", "2026-11\n"]
)
def test_a_month_is_written_in_one_way(text: str) -> None:
    """What is no month of our time is answered with how to write one."""
    with pytest.raises(InvalidInput, match="is not a month such as 2026-11"):
        Month.parse(text)
    assert str(Month.parse("2026-11")) == "2026-11"


def test_without_payments_no_rate_is_known() -> None:
    """A rate of nothing is not zero, and one missing currency makes the whole unknown."""
    none = record(REFUNDS, {})
    soles_only = record(REFUNDS, {"PEN": PAYMENTS["PEN"]})
    for told in (none, soles_only):
        assert told["all"]["payments"] is told["all"]["refund_rate"] is None
        assert told["currencies"]["USD"]["money_rate"] is None
    assert soles_only["currencies"]["PEN"] == RECORD["currencies"]["PEN"]


def test_a_month_of_nothing_is_empty() -> None:
    """Without refunds there are payments and no refunds, and nothing to fail on."""
    told = record([])
    assert told["all"] == {
        **dict.fromkeys(RECORD["all"]),
        "asked": 0,
        "refunds": 0,
        "payments": 72,
        "refund_rate": "0.00%",
    }
    assert told["currencies"]["USD"]["average"] is None
    assert told["costs"] == told["stores"] == {}


@given(st.lists(refunds(), max_size=12))
def test_every_refund_is_counted_once(asked: list[RefundFigures]) -> None:
    """Currencies and stores add up to all, costs to their sum, and nothing is a float."""
    ours = [refund for refund in asked if NOVEMBER.holds(refund.asked_at)]
    told = record(asked)
    assert told["all"]["asked"] == len(ours) == sum(told["stores"].values())
    for name in ("asked", "refunds"):
        assert told["all"][name] == sum(c[name] for c in told["currencies"].values())
    for kind in ("expected_cost", "actual_cost"):
        costs = [cost for r in ours if (cost := getattr(r, kind)) is not None]
        shown = [c[kind] for c in told["costs"].values() if c[kind] is not None]
        assert sum(map(Decimal, shown)) == sum(cost.decimal for cost in costs)
    assert {type(value) for value in all_values(told)} <= {str, int, type(None)}
    assert json.loads(json.dumps(told)) == told


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_is_exact_to_its_second_decimal(part: int, whole: int) -> None:
    """A rate is shown half up, and never further than half a hundredth from the truth."""
    payments = {"PEN": PaymentFigures(whole, Money(whole, "PEN"))}
    rate = record([GOOD] * part, payments)["all"]["refund_rate"]
    off = Fraction(Decimal(rate.removesuffix("%"))) - Fraction(100 * part, whole)
    assert -Fraction(1, 200) < off <= Fraction(1, 200)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_csv_tells_every_figure_and_what_it_means(language: str) -> None:
    """Each line of the sheet is a row with its month, its value and a whole sentence."""
    sheet = quote(NOVEMBER, REFUNDS, PAYMENTS)
    head, *rows = csv.reader(StringIO(sheet.as_csv(language)), strict=True)
    assert tuple(head) == CSV_COLUMNS
    assert len(rows) == len(list(sheet.lines()))
    assert ["2026-11", "MONEY_RATE", "PEN", "3.50%"] in [row[:4] for row in rows]
    assert ["2026-11", "ACTUAL_COST", "PEN", ""] in [row[:4] for row in rows]
    assert all(row[4].endswith((".", "。")) for row in rows)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((start + "1", f"'{start}1") for start in ("=", "+", "-", "@", "'", "\uff1d", "\uff20")),
        (" \t=1", "'=1"),
        ("\n=1", "'=1"),
        ("a;=1", "a,=1"),
        ('a",b', 'a",b'),
    ],
)
def test_no_name_is_a_formula_for_a_spreadsheet(name: str, cell: str) -> None:
    """A store's name can't run anything where the sheet is opened, nor break a row."""
    text = quote(NOVEMBER, [replace(GOOD, store=name)], {}).as_csv()
    *_, last = csv.reader(StringIO(text), strict=True)
    assert last[:4] == ["2026-11", "OF_STORE", cell, "1"]


def test_each_figure_is_explained() -> None:
    """Every line has its text, and every text its line."""
    names = {line.name for line in quote(NOVEMBER, REFUNDS, PAYMENTS).lines()}
    assert {f"quote.{name}" for name in names} == {
        key for key in keys("en") if key.startswith("quote.")
    }


def test_payments_stand_under_their_own_currency() -> None:
    """Dollars given as soles are refused, and so is a time without a zone."""
    with pytest.raises(CurrencyDiffers):
        quote(NOVEMBER, [], {"PEN": PAYMENTS["USD"]})
    with pytest.raises(InvalidInput):
        quote(NOVEMBER, [replace(GOOD, asked_at=NOON.replace(tzinfo=None))], {})
