"""Refunds paid out in another currency: which rate counts, and whose the difference is."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cost_samples import example_costs
from pef_adapters.core.costs import Bearer, Exchange, Rate, payout_amount
from pef_adapters.core.errors import InvalidMoney, RateMissing, UnknownCurrency
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route

PAID, REFUNDED = date(2026, 11, 20), date(2026, 11, 27)
CENTIMO = Decimal("0.01")
BEARERS = st.sampled_from(Bearer)
RATES = st.decimals("0.0001", "10", places=4)
MINOR = st.integers(0, 10**9)


def rate(day: date, value: Decimal | str, pair: tuple[str, str] = ("USD", "PEN")) -> Rate:
    """One rate of a day."""
    return Rate(from_currency=pair[0], to_currency=pair[1], day=day, rate=Decimal(value))


def moved(then: Decimal | str, now: Decimal | str, borne_by: Bearer) -> Exchange:
    """A rate that was one on the payment's day and is another on the refund's."""
    return Exchange(borne_by=borne_by, rates=(rate(PAID, then), rate(REFUNDED, now)))


def by_hand(minor: int, value: Decimal) -> Decimal:
    """So many cents at a rate, as one works it out with Decimal."""
    return (Decimal(minor) / 100 * value).quantize(CENTIMO, ROUND_HALF_UP)


@given(MINOR, RATES, RATES, BEARERS)
def test_who_bears_the_difference_decides_the_amount(
    minor: int, then: Decimal, now: Decimal, borne_by: Bearer
) -> None:
    """The merchant pays by the refund's day, the buyer gets by the payment's, to the céntimo."""
    paid = payout_amount(Money(minor, "USD"), "PEN", PAID, REFUNDED, moved(then, now, borne_by))
    by_then, by_now = by_hand(minor, then), by_hand(minor, now)
    counts = (by_now, now, REFUNDED) if borne_by is Bearer.MERCHANT else (by_then, then, PAID)
    assert (paid.paid_out.decimal, paid.rate, paid.rate_day) == counts
    assert (paid.difference.decimal, paid.borne_by) == (by_now - by_then, borne_by)
    assert paid.paid_out.currency == paid.difference.currency == "PEN"


@given(MINOR, RATES, BEARERS, st.integers(0, 5))
def test_by_one_rate_there_is_no_difference(
    minor: int, value: Decimal, borne_by: Bearer, days: int
) -> None:
    """Paid and refunded by the rate of the same day, it is all the same who bears it."""
    exchange = Exchange(borne_by=borne_by, rates=(rate(PAID, value),))
    refund_on = PAID + timedelta(days=days)
    paid = payout_amount(Money(minor, "USD"), "PEN", PAID, refund_on, exchange)
    assert paid.difference == Money.zero("PEN")
    assert paid.paid_out.decimal == by_hand(minor, value)
    assert paid.rate_day == PAID


@given(MINOR)
def test_in_one_currency_nothing_is_converted(minor: int) -> None:
    """Soles for soles need no rate and no exchange at all."""
    amount = Money(minor, "PEN")
    paid = payout_amount(amount, "PEN", PAID, REFUNDED, None)
    assert (paid.asked, paid.paid_out, paid.rate) == (amount, amount, Decimal(1))
    assert (paid.difference, paid.borne_by) == (Money.zero("PEN"), None)


@pytest.mark.parametrize(
    ("asked", "rates", "borne_by", "told"),
    [
        ("100.00", ("3.7515", "3.8000"), Bearer.MERCHANT, ("380.00 PEN", "4.85 PEN")),
        ("100.00", ("3.7515", "3.8000"), Bearer.BUYER, ("375.15 PEN", "4.85 PEN")),
        ("100.00", ("3.8000", "3.7515"), Bearer.MERCHANT, ("375.15 PEN", "-4.85 PEN")),
        ("100.00", ("3.8000", "3.7515"), Bearer.BUYER, ("380.00 PEN", "-4.85 PEN")),
        ("0.02", ("3.75", "3.74"), Bearer.BUYER, ("0.08 PEN", "-0.01 PEN")),
        ("19.90", ("3.7515", "3.7515"), Bearer.MERCHANT, ("74.65 PEN", "0.00 PEN")),
    ],
)
def test_refunds_that_can_be_worked_out_by_hand(
    asked: str, rates: tuple[str, str], borne_by: Bearer, told: tuple[str, str]
) -> None:
    """Dollars in soles, with rates that rise, fall and stay."""
    exchange = moved(*rates, borne_by)
    paid = payout_amount(Money.parse(asked, "USD"), "PEN", PAID, REFUNDED, exchange)
    assert (str(paid.paid_out), str(paid.difference)) == told


@pytest.mark.parametrize(
    ("days", "value"),
    [(0, "3.75"), (1, "3.75"), (2, "3.76"), (3, "3.76"), (7, "3.76")],
)
def test_the_newest_rate_that_is_not_too_old_counts(days: int, value: str) -> None:
    """A rate serves from its day on, until a newer one or its last day."""
    rates = (rate(PAID + timedelta(days=2), "3.76"), rate(PAID, "3.75"))
    exchange = Exchange(borne_by=Bearer.BUYER, rates=rates)
    assert exchange.rate_on("USD", "PEN", PAID + timedelta(days=days)).rate == Decimal(value)


@pytest.mark.parametrize("days", [-1, 6])
def test_a_rate_that_is_missing_is_named_with_how_to_add_it(days: int) -> None:
    """Before the first rate, and after a rate is too old, pair, day and mend are told."""
    day = PAID + timedelta(days=days)
    with pytest.raises(RateMissing) as caught:
        Exchange(borne_by=Bearer.BUYER, rates=(rate(PAID, "3.75"),)).rate_on("USD", "PEN", day)
    said = str(caught.value)
    assert f"no exchange rate from USD to PEN is known for {day} or the 5 days before it" in said
    assert f"under exchange: rates: {{from: USD, to: PEN, day: {day}, rate: …}}" in said


def test_a_rate_of_its_day_only() -> None:
    """With no day of grace, yesterday's rate is none."""
    exchange = Exchange(borne_by=Bearer.BUYER, oldest_days=0, rates=(rate(PAID, "3.75"),))
    assert exchange.rate_on("USD", "PEN", PAID).rate == Decimal("3.75")
    with pytest.raises(RateMissing, match="is known for 2026-11-21; add one"):
        exchange.rate_on("USD", "PEN", PAID + timedelta(days=1))


@pytest.mark.parametrize("pair", [("PEN", "USD"), ("USD", "EUR"), ("EUR", "PEN")])
def test_a_rate_counts_one_way_and_for_one_pair(pair: tuple[str, str]) -> None:
    """No rate is turned round or put together from others."""
    exchange = moved("3.75", "3.80", Bearer.MERCHANT)
    with pytest.raises(RateMissing, match=f"from {pair[0]} to {pair[1]}"):
        exchange.rate_on(*pair, PAID)


@pytest.mark.parametrize("borne_by", Bearer)
def test_both_days_need_their_rate(borne_by: Bearer) -> None:
    """Whoever bears the difference, it is not known without the two rates."""
    for day in (PAID, REFUNDED):
        exchange = Exchange(borne_by=borne_by, rates=(rate(day, "3.75"),))
        with pytest.raises(RateMissing):
            payout_amount(Money(1, "USD"), "PEN", PAID, REFUNDED, exchange)
    with pytest.raises(RateMissing, match="known for 2026-11-27; add one"):
        payout_amount(Money(1, "USD"), "PEN", PAID, REFUNDED, None)


def test_amounts_and_currencies_that_cannot_be_are_refused() -> None:
    """Less than nothing, or a currency that is none, is an error."""
    exchange = moved("3.75", "3.80", Bearer.MERCHANT)
    with pytest.raises(InvalidMoney, match="below zero"):
        payout_amount(Money(-1, "USD"), "PEN", PAID, REFUNDED, exchange)
    with pytest.raises(UnknownCurrency):
        payout_amount(Money(1, "USD"), "SOL", PAID, REFUNDED, exchange)


@pytest.mark.parametrize("value", [3.75, "3,75", "0", "-3.75", "3.75e0", True])
def test_a_rate_is_an_exact_number_above_zero(value: object) -> None:
    """A float, a comma, a sign or an exponent is no rate."""
    data = {"from": "USD", "to": "PEN", "day": "2026-11-20", "rate": value}
    with pytest.raises(ValidationError):
        Rate.model_validate(data)


@pytest.mark.parametrize("day", [0, 20261120, "20/11/2026", "2026-11-20T10:00:00Z", None])
def test_a_days_rate_needs_a_day(day: object) -> None:
    """A number is not taken for seconds since 1970, nor a time for a day."""
    data = {"from": "USD", "to": "PEN", "day": day, "rate": "3.75"}
    with pytest.raises(ValidationError):
        Rate.model_validate(data)


@given(RATES, RATES, st.integers(1, 10**7))
def test_the_merchants_difference_is_part_of_the_cost(
    then: Decimal, now: Decimal, minor: int
) -> None:
    """Only where the merchant bears it, and only on a payout, does a moved rate cost anything."""
    settings, amount = example_costs(), Money(minor, "USD")
    for bearer in Bearer:
        moving = settings.model_copy(update={"exchange": moved(then, now, bearer)})
        for route in Route:
            cost = moving.expected_cost(amount, route, paid_on=PAID, refund_on=REFUNDED)
            assert cost is not None
            named = {part.name for part in cost.parts}
            may = bearer is Bearer.MERCHANT and route is Route.PAYOUT
            assert may or "EXCHANGE_DIFFERENCE" not in named
            assert cost.total.minor == sum(part.amount.minor for part in cost.parts)
