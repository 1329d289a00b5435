"""Cells that a spreadsheet would calculate, shorten or split are kept as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pef_adapters.core.spreadsheet import number, opened, sealed, words

FORMULAS = ["=1+1", "+51 999", "-1", "@SUM(A1)", "'x", "\tx", "\rx", "  =1", "\uff1d1", "\uff0b1"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_carries_an_apostrophe(cell: str) -> None:
    """Whatever a spreadsheet would calculate starts with the sign of a text."""
    assert sealed(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Rosa", "59.90", "  x", "1-1", "a=b"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    """Nothing is put in front of what no spreadsheet takes for a formula."""
    assert sealed(cell) == cell


@given(st.text(alphabet="=+-@' \t\ra;\uff1d"))
def test_a_sealed_cell_comes_back_exactly(cell: str) -> None:
    """What was sealed, and what was not, is read as it was written."""
    assert opened(sealed(cell)) == cell


def test_a_semicolon_starts_no_formula_of_its_own() -> None:
    """Where a spreadsheet splits at semicolons, nothing follows one."""
    assert words("Rosa;=1") == "Rosa,=1"
    assert words("=1;2") == "'=1,2"


def test_a_number_that_is_a_name_keeps_its_zeros() -> None:
    """Ids and accounts are always text; an empty one stays empty."""
    assert number("00219300") == "'00219300"
    assert number("") == ""
