"""Scalars, cursors and the word about an unexpected error."""

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from pef_adapters.core.errors import InvalidInput, NotThere, UnknownCurrency
from pef_adapters.engine.records import Mark
from pef_adapters.server.graphql.answers import MASKED, told_error
from pef_adapters.server.graphql.paging import (
    checked_first,
    mark_cursor,
    number_cursor,
    read_mark,
    read_number,
)
from pef_adapters.server.graphql.scalars import read_currency, read_minor, read_moment


@pytest.mark.parametrize("naive", ["2026-11-24T09:00:00", "2026-11-24", "soon", 5, None])
def test_a_moment_without_its_offset_is_refused(naive: Any) -> None:
    """Only an aware moment is a moment."""
    with pytest.raises(InvalidInput, match=r"offset|written as"):
        read_moment(naive)


def test_an_aware_moment_is_read() -> None:
    """The offset is kept."""
    assert read_moment("2026-11-24T09:00:00-05:00") == datetime(2026, 11, 24, 14, tzinfo=UTC)


@pytest.mark.parametrize("wrong", [True, 5.0, "5", None, 2**53])
def test_an_amount_is_a_whole_number(wrong: Any) -> None:
    """Neither a float nor text nor a number that readers round is an amount."""
    with pytest.raises(InvalidInput):
        read_minor(wrong)


def test_an_amount_may_be_larger_than_32_bits() -> None:
    """An amount beyond a GraphQL Int is read."""
    assert read_minor(2**40) == 2**40


def test_a_currency_is_one_of_iso_4217() -> None:
    """A code that is none is refused."""
    assert read_currency("PEN") == "PEN"
    with pytest.raises(UnknownCurrency):
        read_currency("SOL")
    with pytest.raises(InvalidInput):
        read_currency(604)


@given(st.datetimes(timezones=st.just(UTC)), st.text(min_size=1))
def test_a_cursor_leads_back_to_its_place(at: datetime, name: str) -> None:
    """What a cursor was made of is read from it."""
    assert read_mark(mark_cursor(at, name)) == Mark(at, name)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_number_s_cursor_leads_back(number: int) -> None:
    """What a cursor was made of is read from it."""
    assert read_number(number_cursor(number)) == number


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    """Whatever was not made here is refused as input, never by a crash."""
    for read in (read_mark, read_number):
        with pytest.raises(InvalidInput):
            read(text)


@pytest.mark.parametrize("first", [0, -1, 101])
def test_a_page_has_one_to_a_hundred(first: int) -> None:
    """Any other size is refused."""
    with pytest.raises(InvalidInput):
        checked_first(first)


def test_an_unexpected_error_is_masked() -> None:
    """Nothing of what broke is told."""
    broken = GraphQLError("dsn=secret", path=["refund"], original_error=RuntimeError("dsn=secret"))
    told = told_error(broken)
    assert told.message == MASKED
    assert "secret" not in repr(told.formatted)
    assert told.original_error is None


def test_our_own_error_keeps_its_code() -> None:
    """An error of ours is told with its code."""
    error = GraphQLError("none", path=["policy"], original_error=NotThere("none"))
    told = told_error(error)
    assert told.extensions["code"] == "NOT_THERE"
