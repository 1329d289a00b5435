"""The strict reading that every file of an owner's shares."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from pef_adapters.core.errors import InvalidInput, SettingInvalid
from pef_adapters.core.reading import Format


class Anything(BaseModel):
    """A model that shows what was read."""

    value: Any


FORMAT = Format(Anything, SettingInvalid, name="file", start="start it", names="see the list")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.50", Decimal("1.50")),
        ("0100", 100),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-11-23", "2026-11-23"),
        ("2026-02-30", "2026-02-30"),
        ("9" * 5000, "9" * 5000),
        ("yes", True),
        ('{"a": [1, "b"]}', {"a": [1, "b"]}),
    ],
)
def test_values_are_read_as_they_are_written(written: str, read: object) -> None:
    """Decimals are exact, days stay text, and no odd number becomes another."""
    value = FORMAT.read(f"value: {written}").value
    assert (type(value), value) == (type(read), read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: start it"),
        ("value: 1\n? [a]\n: 2", "line 2: a name is a word"),
        ("value: {b: 1,\n  b: 2}", 'line 2: "b" stands here for the second time'),
        ("value: !!bool maybe", "line 1: write it without the"),
        ("value: !mine a", "line 1: write it without the"),
        ("value: &a 1\nother: *a", "line 2: write it out: aliases are not read"),
        ("value: " + "[" * 5000, "brackets stand too deep"),
        ("a" * 200_001, "a file has at most 200000 characters"),
        ("{}", "line 1: value: this has to be given"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text: str, said: str) -> None:
    """The format's own error names the line and what to do."""
    with pytest.raises(SettingInvalid) as caught:
        FORMAT.read(text)
    assert said in str(caught.value)


def test_kept_data_has_no_lines() -> None:
    """A mistake in plain data is named by its place alone."""
    with pytest.raises(InvalidInput) as caught:
        FORMAT.accept({})
    assert str(caught.value) == "value: this has to be given"
