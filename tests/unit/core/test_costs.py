"""What refunds cost: fees that add up, a file read strictly, and the table of golden costs."""

import ast
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_samples import example_costs, example_file
from pef_adapters.core import costs
from pef_adapters.core.costs import (
    CostName,
    CostSettings,
    Fee,
    FeeSchedule,
    costs_from_settings,
    expected_cost,
    read_costs,
)
from pef_adapters.core.errors import CostsUnreadable, CurrencyDiffers, InvalidMoney, RateMissing
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.texts import LANGUAGES, explain

TABLE = Path(__file__).with_name("golden_costs.md")
DAY = date(2026, 11, 27)
ROUTES = st.sampled_from(Route)
MINOR = st.integers(0, 10**9)


def lines() -> list[dict[str, str]]:
    """The table's rows by their column names."""
    text = TABLE.read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in row.strip("|").split("|")] for row in text if row.startswith("|")]
    head, _, *rows = cells
    return [dict(zip(head, row, strict=True)) for row in rows]


def soles(minor: int) -> Money:
    """So many céntimos."""
    return Money(minor, "PEN")


@st.composite
def fees(draw: st.DrawFn) -> Fee:
    """Any fee that fits soles."""
    amounts = st.decimals(0, 500, places=2).map(str)
    percent = st.decimals(0, 100, places=4).map(lambda share: f"{share}%")
    return Fee.model_validate(
        {"fixed": draw(amounts), "percent": draw(percent), "minimum": draw(amounts)}
    )


@st.composite
def schedules(draw: st.DrawFn) -> FeeSchedule:
    """Any fees in soles."""
    payment = draw(fees())
    return FeeSchedule(
        currency="PEN",
        original=draw(fees()),
        payout=draw(fees()),
        refund_fee=draw(st.decimals(0, 20, places=2)),
        express=draw(st.none() | fees()),
        keeps_payment_fee=payment != Fee() and draw(st.booleans()),
        payment=payment,
    )


@pytest.mark.parametrize("line", lines(), ids=lambda line: " ".join(line.values()))
def test_each_golden_line_costs_what_it_says(line: dict[str, str]) -> None:
    """Each part, their sum and what the buyer gets are those of the table."""
    number, currency = line["amount"].split()
    amount, route = Money.parse(number, currency), Route(line["route"])
    paid_on, refund_on = (date.fromisoformat(line[name]) for name in ("paid on", "refund on"))
    settings = example_costs(line["bears"])
    cost = settings.expected_cost(
        amount,
        route,
        paid_on=paid_on,
        refund_on=refund_on,
        express=line["quick"] == "yes",
        paid=Money.parse(line["of"], currency),
    )
    assert cost is not None
    parts = ", ".join(f"{part.name} {part.amount.decimal}" for part in cost.parts)
    gets = settings.conversion(amount, route, paid_on, refund_on).paid_out
    assert [parts, str(cost.total), str(gets)] == [line[n] for n in ("parts", "total", "gets")]


def test_each_part_of_a_cost_is_in_the_table() -> None:
    """No kind of cost is left that the table does not show."""
    shown = {part.split()[0] for line in lines() for part in line["parts"].split(", ")}
    assert shown == {name.value for name in CostName}


@given(fees(), MINOR)
def test_a_minimum_is_never_undercut(fee: Fee, minor: int) -> None:
    """A fee is its fixed part and percent to half a céntimo, and never below its minimum."""
    charged = fee.on(soles(minor)).decimal
    unrounded = fee.fixed + Decimal(minor) * fee.percent / 10_000
    assert charged >= fee.minimum
    assert charged == fee.minimum or abs(charged - unrounded) <= Decimal("0.005")


@given(fees(), MINOR, MINOR)
def test_a_larger_refund_never_costs_less(fee: Fee, one: int, other: int) -> None:
    """A fee grows with the amount, or stays."""
    less, more = sorted((one, other))
    assert fee.on(soles(less)) <= fee.on(soles(more))


@given(schedule=schedules(), route=ROUTES, one=MINOR, other=MINOR, express=st.booleans())
def test_a_total_is_the_sum_of_its_parts(
    schedule: FeeSchedule, route: Route, one: int, other: int, *, express: bool
) -> None:
    """Nothing is charged that no part explains, and no part explains nothing."""
    amount, paid = sorted((soles(one), soles(other)))
    cost = expected_cost(amount, route, schedule, express=express, paid=paid)
    assert cost.total.minor == sum(part.amount.minor for part in cost.parts)
    assert all(part.amount.minor > 0 for part in cost.parts)
    assert len({part.name for part in cost.parts}) == len(cost.parts)


@given(schedules(), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_refunds_in_parts_bear_the_kept_fee_once(schedule: FeeSchedule, minors: list[int]) -> None:
    """The shares of a whole payment add up to its fee, to half a céntimo each."""
    paid = soles(sum(minors))
    shares = sum(_kept(schedule, soles(minor), paid) for minor in minors)
    assert abs(shares - _kept(schedule, paid, paid)) * 2 <= len(minors)


def _kept(schedule: FeeSchedule, amount: Money, paid: Money) -> int:
    parts = expected_cost(amount, Route.ORIGINAL, schedule, paid=paid).parts
    return sum(part.amount.minor for part in parts if part.name is CostName.PAYMENT_FEE_KEPT)


def test_half_a_centimo_is_rounded_up() -> None:
    """A percent that ends on half a céntimo goes to the next whole one, and less does not."""
    fee = Fee.model_validate({"percent": "0.5%"})
    assert [fee.on(soles(minor)).minor for minor in (99, 100, 299, 300)] == [0, 1, 1, 2]


def test_a_currency_without_decimals_is_rounded_to_its_own_unit() -> None:
    """Yen have no hundredths, so neither do fees in them."""
    schedule = FeeSchedule.model_validate({"currency": "JPY", "original": {"percent": "2.5%"}})
    assert expected_cost(Money(1020, "JPY"), Route.ORIGINAL, schedule).total == Money(26, "JPY")


def test_without_the_payment_the_refund_was_all_of_it() -> None:
    """The kept fee is that of a payment of the same amount, where none is named."""
    (schedule, _) = example_costs().fees
    whole = expected_cost(soles(10000), Route.ORIGINAL, schedule, paid=soles(10000))
    assert expected_cost(soles(10000), Route.ORIGINAL, schedule) == whole


def test_fees_in_another_currency_are_on_the_worth_of_the_refund() -> None:
    """Dollars are turned into soles by the rate of the day before a fee in soles is taken."""
    settings = example_costs()
    (schedule, _) = settings.fees
    amount = Money.parse("100.00", "USD")
    cost = expected_cost(
        amount, Route.ORIGINAL, schedule, exchange=settings.exchange, day=date(2026, 11, 20)
    )
    # S/ 375.15: 1.50 + 1.88, then 1.00, then 0.50 + 13.13.
    assert [str(part.amount) for part in cost.parts] == ["3.38 PEN", "1.00 PEN", "13.63 PEN"]


@pytest.mark.parametrize("day", [None, date(2026, 1, 1)])
def test_fees_in_another_currency_need_a_rate(day: date | None) -> None:
    """Without the rate, or without the day, nothing is guessed."""
    settings = example_costs()
    amount, schedule = Money.parse("100.00", "USD"), settings.fees[0]
    with pytest.raises(RateMissing, match="from USD to PEN"):
        expected_cost(amount, Route.ORIGINAL, schedule, exchange=settings.exchange, day=day)
    with pytest.raises(RateMissing, match="no exchange rate from USD to PEN is known"):
        expected_cost(amount, Route.ORIGINAL, schedule, day=day)


def test_amounts_that_cannot_be_are_refused() -> None:
    """More than was paid, less than nothing, or another currency is an error."""
    (schedule, _) = example_costs().fees
    with pytest.raises(InvalidMoney, match="can't be refunded of"):
        expected_cost(soles(101), Route.ORIGINAL, schedule, paid=soles(100))
    with pytest.raises(InvalidMoney, match="below zero"):
        expected_cost(soles(-1), Route.ORIGINAL, schedule)
    with pytest.raises(CurrencyDiffers):
        expected_cost(soles(1), Route.ORIGINAL, schedule, paid=Money(1, "USD"))


def test_a_refund_of_nothing_bears_no_share() -> None:
    """A payment of zero has no parts to share out."""
    schedule = FeeSchedule.model_validate(
        {"currency": "PEN", "keeps_payment_fee": True, "payment": {"fixed": 1}}
    )
    assert expected_cost(soles(0), Route.ORIGINAL, schedule).total == soles(0)


def test_a_currency_without_fees_costs_by_the_first() -> None:
    """Each currency has its own fees, else those that stand first; without any, none."""
    settings = example_costs()
    assert [s and s.currency for s in map(settings.schedule_for, ("USD", "EUR"))] == ["USD", "PEN"]
    assert CostSettings().schedule_for("PEN") is None
    assert CostSettings().expected_cost(soles(1), Route.PAYOUT, paid_on=DAY, refund_on=DAY) is None


def test_a_difference_is_told_in_the_currency_of_the_fees() -> None:
    """Where fees are in soles, so is the difference, and no more than one rate is needed."""
    settings = example_costs()
    in_soles = settings.model_copy(update={"fees": settings.fees[:1]})
    cost = in_soles.expected_cost(
        Money.parse("100.00", "USD"), Route.PAYOUT, paid_on=DAY, refund_on=date(2026, 12, 4)
    )
    assert cost is not None
    assert str(cost.parts[-1].amount) == "7.10 PEN"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CostName)
def test_each_part_is_explained(name: CostName, language: str) -> None:
    """Every kind of cost has its sentence with its amount."""
    part = costs.CostPart(name, soles(150))
    assert "1.50 PEN" in part.explanation(language)
    assert explain(f"cost.{name}", language)


def test_a_cost_is_plain_data_for_the_ledger() -> None:
    """The record holds text and lists only, and is the same each time."""
    (schedule, _) = example_costs().fees
    record = expected_cost(soles(5990), Route.ORIGINAL, schedule).as_record()
    assert json.loads(json.dumps(record)) == {
        "total": "5.60",
        "currency": "PEN",
        "parts": [
            {"name": "ORIGINAL_ROUTE", "amount": "2.00"},
            {"name": "REFUND_FEE", "amount": "1.00"},
            {"name": "PAYMENT_FEE_KEPT", "amount": "2.60"},
        ],
    }


def test_a_file_is_read_back_from_what_is_kept() -> None:
    """Through JSON text and back, nothing is lost and nothing was a float."""
    settings = example_costs()
    kept = json.dumps(settings.as_settings())
    assert costs_from_settings(json.loads(kept)) == settings
    assert read_costs(kept) == settings
    assert json.loads(kept, parse_float=pytest.fail) is not None


@given(st.lists(schedules(), max_size=1))
def test_any_fees_survive_being_kept(one: list[FeeSchedule]) -> None:
    """Every schedule that can be written can be kept."""
    settings = CostSettings(fees=tuple(one))
    assert costs_from_settings(json.loads(json.dumps(settings.as_settings()))) == settings


def test_nothing_kept_is_no_fees_known() -> None:
    """An account without a file of costs has no fees, which is no mistake."""
    assert costs_from_settings({}) == CostSettings()


USD_RATE = "{from: USD, to: PEN, day: 2026-11-20, rate: 3.75}"
MISTAKES = [
    ("", "line 1: a file of costs starts with its fees"),
    ("- a", "line 1: a file of costs starts with its fees"),
    ("fees: [{currency: PEN, orignal: {}}]", "line 1: fees[1].orignal: there is no such name; the"),
    ("fees:\n- original: {fixed: 1}", "line 2: fees[1].currency: this has to be given"),
    ("fees:\n- currency: SOL", "'SOL' is not an ISO 4217 currency code; write PEN"),
    ("fees:\n- currency: PEN\n  refund_fee: 1e3", "line 3: fees[1].refund_fee: '1e3' is not an"),
    ("fees:\n- currency: PEN\n  refund_fee: -1", "line 3: fees[1].refund_fee: '-1' is not an"),
    ("fees:\n- currency: PEN\n  original: {fixed: 0.005}", "original.fixed: 0.005 has more dec"),
    ("fees:\n- currency: PEN\n  express: {minimum: 0.005}", "express.minimum: 0.005 has more"),
    ("fees:\n- {currency: PEN, payout: {percent: 2.5}}", "write the share with its sign: 2.5%"),
    ("fees:\n- {currency: PEN, payout: {percent: 101%}}", "a fee is at most 100% of the amount"),
    ("fees:\n- {currency: PEN, keeps_payment_fee: true}", "line 2: fees[1]: a payment fee that"),
    ("fees: [{currency: PEN}, {currency: PEN}]", "each currency has its fees once; twice there"),
    ("payout_currency: soles", "line 1: payout_currency: "),
    ("exchange: {rates: []}", "line 1: exchange.borne_by: this has to be given"),
    ("exchange: {borne_by: bank}", "line 1: exchange.borne_by: Input should be 'merchant' or"),
    (
        f"exchange: {{borne_by: buyer, rates: [{USD_RATE}, {USD_RATE}]}}",
        "twice there is USD to PEN",
    ),
    (
        f"exchange:\n  borne_by: buyer\n  rates:\n  - {USD_RATE.replace('-20', '-31')}",
        "line 4: exchange.rates[1].day: '2026-11-31' is not a day such as 2026-11-23",
    ),
    (
        f"exchange: {{borne_by: buyer, rates: [{USD_RATE.replace('2026-11-20', '20261120')}]}}",
        "'20261120' is not a day such as",
    ),
    (f"exchange: {{borne_by: buyer, rates: [{USD_RATE.replace('3.75', '0')}]}}", "greater than 0"),
    (f"exchange: {{borne_by: buyer, rates: [{USD_RATE.replace('USD', 'PEN')}]}}", "two different"),
    (
        f"exchange: {{borne_by: buyer, rates: [{USD_RATE.replace('PEN', 'XXL')}]}}",
        "'XXL' is not an",
    ),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_each_mistake_in_a_file_is_named_with_its_line(text: str, said: str) -> None:
    """Whoever wrote the file is told where and what to do."""
    with pytest.raises(CostsUnreadable) as caught:
        read_costs(text)
    assert said in str(caught.value)


def test_kept_costs_with_a_float_are_refused() -> None:
    """Money never passes through a float on its way into the fees."""
    with pytest.raises(CostsUnreadable, match="write the amount as text"):
        costs_from_settings({"fees": [{"currency": "PEN", "refund_fee": 0.1}]})


def test_the_example_uses_every_name_there_is() -> None:
    """The guide's file shows each setting, so that nobody has to guess one."""
    names = {*CostSettings.model_fields, *FeeSchedule.model_fields, *Fee.model_fields}
    names |= {*costs.Exchange.model_fields, "from", "to", "day", "rate"}
    assert {name for name in names if f"{name}:" not in example_file()} == set()


def test_no_float_stands_anywhere_in_the_costs() -> None:
    """No module of the costs writes a float or makes one."""
    folder = Path(costs.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    assert trees
    for node in (node for tree in trees for node in ast.walk(tree)):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
