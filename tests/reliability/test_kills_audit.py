"""The kill test's audit: it sees each way in which the books can differ."""

from dataclasses import replace
from typing import Any

import pytest

from kills_audit import Books, compare
from storage_samples import NOON

_REFUND = {
    "id": "RFA",
    "pressed_as": "15",
    "order_id": "14",
    "amount": 3000,
    "state": "refunded",
    "attention": None,
    "transaction_id": "20000001",
    "revision": 2,
    "written_revision": 2,
    "refunded_at": NOON,
}
_BOOKED = {"key": "RFA-1", "cip": "20000001", "minor": 3000, "status": "REFUNDED"}
_PAYMENT = {"transaction_id": "20000001", "paid": 5000, "reserved": 0, "refunded": 3000}
_ORDER = {"id": 14, "refunds": [{"id": 15}], "record": {"15": {"state": "refunded"}}, "notes": []}
_AGREED = Books(
    pressed={"15": NOON},
    refunds=[_REFUND],
    payments=[_PAYMENT],
    booked=[_BOOKED],
    sends={"RFA-1": 1},
    orders=[_ORDER],
)


def _one(whole: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return [{**whole, **changes}]


def test_books_that_agree_are_clean() -> None:
    """One refund, booked once, told to its order: there is nothing to say."""
    found = compare(_AGREED)
    assert (found.lost, found.doubled, found.wrongs) == ([], [], [])


@pytest.mark.parametrize(
    ("where", "what", "said"),
    [
        ("lost", {"refunds": []}, "15 was pressed"),
        ("lost", {"refunds": _one(_REFUND, state="unknown")}, "waits for nobody"),
        ("wrongs", {"pressed": {}, "orders": _one(_ORDER, refunds=[])}, "never pressed"),
        ("wrongs", {"orders": _one(_ORDER, refunds=[])}, "not in the store"),
        ("wrongs", {"refunds": _one(_REFUND, written_revision=1)}, "never told"),
        ("doubled", {"booked": [_BOOKED, _BOOKED]}, "booked 2 times"),
        ("doubled", {"booked": [_BOOKED, {**_BOOKED, "key": "RFA-2"}]}, "RFA-2"),
        ("doubled", {"booked": _one(_BOOKED, minor=5001)}, "more was paid out"),
        ("wrongs", {"booked": _one(_BOOKED, minor=2999)}, "something else"),
        ("wrongs", {"booked": []}, "at the rail []"),
        ("wrongs", {"booked": _one(_BOOKED, status="PROCESSING")}, "is refunded, at the rail"),
        ("wrongs", {"booked": [_BOOKED, {**_BOOKED, "key": "RFB-1"}]}, "the rail paid RFB"),
        ("wrongs", {"payments": _one(_PAYMENT, refunded=0)}, "does not add up"),
        ("wrongs", {"payments": _one(_PAYMENT, reserved=1)}, "does not add up"),
        ("wrongs", {"orders": _one(_ORDER, record=None)}, "its order says None"),
        ("wrongs", {"orders": _one(_ORDER, record={"15": {"state": "held"}})}, "says held"),
    ],
)
def test_each_difference_is_seen(where: str, what: dict[str, Any], said: str) -> None:
    """Whatever is lost, doubled or untrue is told, and where it belongs."""
    told = getattr(compare(replace(_AGREED, **what)), where)
    assert any(said in each for each in told), told
