"""Money is exact: what can't be exact is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pef_adapters.core.errors import CurrencyDiffers, InvalidMoney, UnknownCurrency
from pef_adapters.core.money import Money

MINOR = st.integers(min_value=-(10**15), max_value=10**15)
CURRENCY = st.sampled_from(["PEN", "USD", "CLP", "KWD"])


@given(MINOR, CURRENCY)
def test_an_amount_read_back_is_the_amount_written(minor: int, currency: str) -> None:
    """Parsing what was formatted gives the same money, whatever its decimals."""
    money = Money(minor, currency)
    assert Money.parse(money.decimal, currency) == money
    assert Money.parse(str(money).split()[0], currency) == money


@given(st.lists(MINOR, min_size=1, max_size=20))
def test_sums_lose_nothing(minors: list[int]) -> None:
    """Adding amounts and taking them away again ends at zero, to the cent."""
    total = Money.zero("PEN")
    for minor in minors:
        total += Money(minor, "PEN")
    assert total.minor == sum(minors)
    for minor in minors:
        total -= Money(minor, "PEN")
    assert total == Money.zero("PEN")


@given(MINOR, MINOR)
def test_money_is_ordered_like_its_minor_units(one: int, other: int) -> None:
    """Comparing two amounts in one currency compares their minor units."""
    assert (Money(one, "PEN") < Money(other, "PEN")) == (one < other)
    assert (Money(one, "PEN") >= Money(other, "PEN")) == (one >= other)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("59.90", "PEN", 5990),
        ("59.9", "PEN", 5990),
        ("1", "PEN", 100),  # the rail drops trailing zeros (fact sheet 1.3)
        ("59.900", "PEN", 5990),  # more decimals, but the same amount
        ("-20.00", "PEN", -2000),
        ("5000.00", "CLP", 5000),
        (Decimal("22.05"), "USD", 2205),
        (Decimal("1E+2"), "PEN", 10000),
        (7, "PEN", 700),
    ],
)
def test_amounts_are_read_exactly(text: str | Decimal | int, currency: str, minor: int) -> None:
    """Text, Decimal and whole numbers become minor units without rounding."""
    assert Money.parse(text, currency).minor == minor


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "1\n", "1,50", "1.", ".5", "+1", "--1", "1_000", "0x10"),
        *("1e2", "1E-2", "NaN", "Infinity", "\u0661"),
        *("59.905", "0.001", "1" * 17),
    ],
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    """Exponents, separators, signs and a third decimal that counts are no amounts."""
    with pytest.raises(InvalidMoney):
        Money.parse(text, "PEN")


@pytest.mark.parametrize("amount", [0.1, 1.0, float("nan"), True, Decimal("NaN"), None])
def test_floats_and_other_things_are_refused(amount: object) -> None:
    """A float can't hold money, and what is no number even less."""
    with pytest.raises(InvalidMoney):
        Money.parse(amount, "PEN")  # type: ignore[arg-type]


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_minor_units_are_whole_numbers(minor: object) -> None:
    """Money made directly takes an integer and nothing that looks like one."""
    with pytest.raises(InvalidMoney):
        Money(minor, "PEN")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "pen", "SOL", "S/", "PE", "PENS"])
def test_unknown_currencies_are_refused(currency: str) -> None:
    """Only ISO 4217 codes name a currency."""
    with pytest.raises(UnknownCurrency):
        Money.parse("1.00", currency)
    with pytest.raises(UnknownCurrency):
        Money(100, currency)


def test_currencies_never_mix() -> None:
    """Adding, subtracting or ordering two currencies is refused; they are never equal."""
    soles, dollars = Money(100, "PEN"), Money(100, "USD")
    assert soles != dollars
    with pytest.raises(CurrencyDiffers):
        _ = soles + dollars
    with pytest.raises(CurrencyDiffers):
        _ = soles - dollars
    with pytest.raises(CurrencyDiffers):
        _ = soles < dollars


@pytest.mark.parametrize("language", ["es_PE", "en", "zh_Hans"])
def test_soles_carry_their_own_sign_in_every_language(language: str) -> None:
    """A reader of any language sees "S/" and all decimals, as it stands on his receipt."""
    assert Money(123450, "PEN").shown(language) == "S/\xa01,234.50"
    assert Money(-5, "PEN").shown(language) == "-S/\xa00.05"


def test_other_money_is_shown_as_its_reader_writes_it() -> None:
    """Each language shows dollars in its own way, with all decimals."""
    dollars = Money(123450, "USD")
    shown = [dollars.shown(language) for language in ("es_PE", "en", "zh_Hans")]
    assert shown == ["USD\xa01,234.50", "$1,234.50", "US$1,234.50"]
