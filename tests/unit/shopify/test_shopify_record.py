"""The record on an order stays readable and small, whatever stood there before."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import RefundLine
from pef_shopify import outbound
from pef_shopify.wire import Record

LINE = RefundLine(
    refund_id="17",
    our_id="ours",
    state=State.REFUNDED,
    amount=Money(5990, "PEN"),
    revision=4,
    expected_on=None,
    updated_at=datetime(2026, 11, 23, tzinfo=UTC),
    note="Pagado.",
    marker="ours/4",
)


def entry(notes: int, letters: int = 800) -> dict[str, Any]:
    """A refund's entry with so many notes of so many letters."""
    return {
        "state": "pending",
        "notes": [{"marker": f"m/{n}", "text": "x" * letters} for n in range(notes)],
    }


@pytest.mark.parametrize("value", ["", "null", "[]", "{", '"text"', "5"])
def test_what_is_no_record_counts_as_none(value: str) -> None:
    """A metafield that somebody spoilt is written anew, and stops nothing."""
    record = Record(value=value, compare_digest="d")
    assert outbound._entries(record) == {}


@pytest.mark.parametrize("standing", [None, 5, [], {"notes": "none"}, {"notes": [5]}])
def test_a_spoilt_entry_is_written_anew(standing: Any) -> None:
    """Whatever stands under the refund, its new entry has the new note."""
    made: Any = outbound._entry(LINE, {"17": standing})
    assert made["notes"][-1]["text"] == "Pagado."
    assert made["revision"] == 4


def test_a_record_drops_sentences_before_states() -> None:
    """A record that would grow too large keeps the last note of each, then none, never less."""
    small = {str(n): entry(10, 10) for n in range(20)}
    assert outbound._fitting(small) == small
    large: Any = outbound._fitting({str(n): entry(10) for n in range(40)})
    assert {len(each["notes"]) for each in large.values()} == {1}
    assert large["0"]["notes"][0]["marker"] == "m/9"
    huge: Any = outbound._fitting({str(n): entry(10) for n in range(200)})
    assert {len(each["notes"]) for each in huge.values()} == {0}
    assert len(huge) == 200
    assert len(json.dumps(huge)) <= outbound.MOST_RECORD_LETTERS


def test_every_tag_fits() -> None:
    """Tags are plain and short enough for Shopify, and each says whose they are."""
    assert all(tag.startswith("pagoefectivo-refund-") for tag in outbound.TAGS.values())
    assert all(len(tag) <= 40 and tag == tag.lower() for tag in outbound.TAGS.values())
