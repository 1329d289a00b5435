"""The edges of costs: bounds of months, rates and fees, each from both sides."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from pef_adapters.core.costs.amounts import exact, refuse_finer, refuse_negative, rounded
from pef_adapters.core.costs.exchange import Bearer, Exchange, converted, payout_amount
from pef_adapters.core.costs.fees import Cost, CostName, CostPart, Fee, FeeSchedule, expected_cost
from pef_adapters.core.costs.month import Month
from pef_adapters.core.errors import InvalidInput, InvalidMoney, RateMissing
from pef_adapters.core.money import Money
from pef_adapters.core.policy.decision import Route

DAY = date(2026, 11, 23)


def soles(minor: int) -> Money:
    """So many céntimos."""
    return Money(minor, "PEN")


def exchange(borne_by: str = "merchant", **changes: Any) -> Exchange:
    """Dollars in soles on three days."""
    rates = [
        {"from": "USD", "to": "PEN", "day": day, "rate": Decimal(rate)}
        for day, rate in (("2026-11-18", "3.70"), ("2026-11-20", "3.75"), ("2026-11-24", "3.90"))
    ]
    return Exchange.model_validate({"borne_by": borne_by, "rates": rates, **changes})


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("1.005", 101), ("1.0049", 100), ("-1.005", -101), ("-1.004", -100), ("0", 0)],
)
def test_half_a_centimo_goes_away_from_zero(amount: str, minor: int) -> None:
    """Money is rounded in one place and one way."""
    assert rounded(Fraction(Decimal(amount)), "PEN") == soles(minor)


def test_an_amount_is_exact_until_it_is_rounded() -> None:
    """A third of a sol stays a third."""
    assert exact(soles(100)) / 3 == Fraction(1, 3)


def test_nothing_below_zero_was_ever_paid() -> None:
    """Zero can be, less can't."""
    refuse_negative(soles(0))
    with pytest.raises(InvalidMoney):
        refuse_negative(soles(-1))


def test_finer_amounts_are_named() -> None:
    """The message says which line of the file to mend."""
    refuse_finer(Decimal("0.01"), "PEN", "original.fixed")
    with pytest.raises(ValueError, match=r"original\.fixed"):
        refuse_finer(Decimal("0.001"), "PEN", "original.fixed")


@pytest.mark.parametrize("part", ["original", "payout", "express", "payment"])
@pytest.mark.parametrize("field", ["fixed", "minimum"])
def test_each_part_of_a_schedule_fits_its_currency(part: str, field: str) -> None:
    """A thousandth of a sol can't be charged, wherever it stands."""
    with pytest.raises(ValidationError, match=rf"{part}\.{field}"):
        FeeSchedule.model_validate({"currency": "PEN", part: {field: Decimal("0.001")}})
    with pytest.raises(ValidationError, match="refund_fee"):
        FeeSchedule.model_validate({"currency": "PEN", "refund_fee": Decimal("0.001")})


def test_a_kept_fee_has_to_be_known() -> None:
    """What is lost can't be counted without it."""
    with pytest.raises(ValidationError, match="add payment"):
        FeeSchedule.model_validate({"currency": "PEN", "keeps_payment_fee": True})


def test_a_fee_is_at_most_everything() -> None:
    """A hundred percent can be, one more can't; and the sign has to be written."""
    assert Fee.model_validate({"percent": "100%"}).on(soles(500)) == soles(500)
    for wrong in ("101%", 5, Decimal(5)):
        with pytest.raises(ValidationError):
            Fee.model_validate({"percent": wrong})


@pytest.mark.parametrize(
    ("fee", "cost"),
    [
        ({}, 0),
        ({"fixed": Decimal("1.50")}, 150),
        ({"percent": "2%"}, 200),
        ({"fixed": Decimal("1.50"), "percent": "2%"}, 350),
        ({"fixed": Decimal("1.50"), "percent": "2%", "minimum": Decimal("3.51")}, 351),
        ({"fixed": Decimal("1.50"), "percent": "2%", "minimum": Decimal("3.49")}, 350),
    ],
)
def test_a_fee_is_fixed_and_percent_at_least_its_minimum(fee: dict[str, Any], cost: int) -> None:
    """On a hundred soles."""
    assert Fee.model_validate(fee).on(soles(10_000)) == soles(cost)


SCHEDULE = FeeSchedule.model_validate(
    {
        "currency": "PEN",
        "original": {"fixed": Decimal("1.00")},
        "payout": {"fixed": Decimal("3.00")},
        "refund_fee": Decimal("0.50"),
        "express": {"fixed": Decimal("2.00")},
        "keeps_payment_fee": True,
        "payment": {"percent": "4%"},
    }
)


@pytest.mark.parametrize(
    ("route", "more", "total", "names"),
    [
        (Route.ORIGINAL, {}, 550, ["ORIGINAL_ROUTE", "REFUND_FEE", "PAYMENT_FEE_KEPT"]),
        (Route.PAYOUT, {}, 750, ["PAYOUT_ROUTE", "REFUND_FEE", "PAYMENT_FEE_KEPT"]),
        (
            Route.ORIGINAL,
            {"express": True},
            750,
            ["ORIGINAL_ROUTE", "REFUND_FEE", "PAYMENT_FEE_KEPT", "EXPRESS"],
        ),
        (
            Route.ORIGINAL,
            {"paid": soles(20_000)},
            550,
            ["ORIGINAL_ROUTE", "REFUND_FEE", "PAYMENT_FEE_KEPT"],
        ),
    ],
)
def test_a_refund_costs_its_route_its_fee_and_its_share(
    route: Route, more: dict[str, Any], total: int, names: list[str]
) -> None:
    """Of a hundred soles."""
    cost = expected_cost(soles(10_000), route, SCHEDULE, **more)
    assert cost.total == soles(total)
    assert [part.name for part in cost.parts] == names


def test_no_more_is_refunded_than_was_paid() -> None:
    """All of it can be; a céntimo more is a mistake."""
    assert expected_cost(soles(100), Route.ORIGINAL, SCHEDULE, paid=soles(100)).total.minor == 154
    with pytest.raises(InvalidMoney):
        expected_cost(soles(101), Route.ORIGINAL, SCHEDULE, paid=soles(100))
    assert expected_cost(soles(0), Route.ORIGINAL, SCHEDULE).total == soles(150)


def test_parts_of_nothing_are_left_out_and_the_record_is_plain() -> None:
    """A sum with its parts, as it is kept."""
    cost = Cost.of("PEN", [CostPart(CostName.REFUND_FEE, soles(0))])
    assert cost == Cost(soles(0), ())
    more = cost.and_also(CostPart(CostName.EXCHANGE_DIFFERENCE, soles(-25)))
    assert more.as_record() == {
        "total": "-0.25",
        "currency": "PEN",
        "parts": [{"name": "EXCHANGE_DIFFERENCE", "amount": "-0.25"}],
    }


# rates


@pytest.mark.parametrize(
    ("day", "oldest", "rate"),
    [
        (date(2026, 11, 18), 5, "3.70"),
        (date(2026, 11, 19), 5, "3.70"),
        (date(2026, 11, 23), 5, "3.75"),
        (date(2026, 11, 25), 0, None),
        (date(2026, 11, 25), 1, "3.90"),
        (date(2026, 11, 17), 5, None),
    ],
)
def test_the_newest_rate_that_is_not_too_old_counts(
    day: date, oldest: int, rate: str | None
) -> None:
    """Not after the day, and not more days before it than are allowed."""
    known = exchange(oldest_days=oldest)
    if rate is None:
        with pytest.raises(RateMissing, match=f"USD to PEN is known for {day}"):
            known.rate_on("USD", "PEN", day)
    else:
        assert known.rate_on("USD", "PEN", day).rate == Decimal(rate)


def test_a_rate_counts_one_way() -> None:
    """Buying and selling differ."""
    with pytest.raises(RateMissing, match="PEN to USD is known for 2026-11-23 or the 5 days"):
        exchange().rate_on("PEN", "USD", DAY)


def test_a_rate_stands_once_and_between_two_currencies() -> None:
    """Two rates of one day would leave the choice to chance."""
    twice = {"from": "USD", "to": "PEN", "day": "2026-11-20", "rate": Decimal(4)}
    with pytest.raises(ValidationError, match="twice there is USD to PEN on 2026-11-20"):
        Exchange.model_validate({"borne_by": "buyer", "rates": [twice, twice]})
    with pytest.raises(ValidationError, match="two different"):
        Exchange.model_validate({"borne_by": "buyer", "rates": [{**twice, "to": "USD"}]})
    with pytest.raises(ValidationError, match="not a day"):
        Exchange.model_validate({"borne_by": "buyer", "rates": [{**twice, "day": 20260101}]})


@pytest.mark.parametrize(
    ("borne_by", "paid_out", "rate_day"),
    [("merchant", 3900, date(2026, 11, 24)), ("buyer", 3750, date(2026, 11, 20))],
)
def test_who_bears_the_difference_decides_which_day_counts(
    borne_by: str, paid_out: int, rate_day: date
) -> None:
    """Ten dollars paid on the 20th and refunded on the 24th."""
    found = payout_amount(
        Money(1000, "USD"), "PEN", date(2026, 11, 20), date(2026, 11, 24), exchange(borne_by)
    )
    assert (found.paid_out, found.rate_day) == (soles(paid_out), rate_day)
    assert (found.difference, found.borne_by) == (soles(150), Bearer(borne_by))


def test_in_one_currency_nothing_is_converted() -> None:
    """No rate is asked for."""
    found = payout_amount(soles(100), "PEN", DAY, DAY, None)
    assert (found.paid_out, found.difference, found.borne_by) == (soles(100), soles(0), None)
    assert (found.rate, found.rate_day) == (Decimal(1), DAY)
    assert converted(soles(100), "PEN", None, None) == soles(100)


def test_without_a_day_or_a_rate_nothing_is_guessed() -> None:
    """The message says what to add."""
    with pytest.raises(RateMissing, match="say which"):
        converted(Money(100, "USD"), "PEN", None, exchange())
    with pytest.raises(RateMissing, match=r"is known for 2026-11-23; add one"):
        converted(Money(100, "USD"), "PEN", DAY, None)
    assert converted(Money(1000, "USD"), "PEN", DAY, exchange()) == soles(3750)


# months


@pytest.mark.parametrize("text", ["2000-01", "2999-12", "2026-11"])
def test_a_month_is_read_and_written_alike(text: str) -> None:
    """Its bounds among them."""
    assert str(Month.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["1999-12", "3000-01", "2026-00", "2026-13", "2026-1", "2026-011", "november", "2026-11\n"],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    """Neither out of its years nor written otherwise."""
    with pytest.raises(InvalidInput):
        Month.parse(text)


def test_a_month_is_limas() -> None:
    """It begins and ends at midnight in Lima, and December runs into the next year."""
    november, december = Month(2026, 11), Month(2026, 12)
    assert november.starts_at == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert november.ends_at == december.starts_at == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert december.ends_at == Month(2027, 1).starts_at
    assert november.holds(november.starts_at)
    assert not november.holds(november.ends_at)
    assert not november.holds(datetime(2025, 11, 5, 12, tzinfo=UTC))
    assert november < december
