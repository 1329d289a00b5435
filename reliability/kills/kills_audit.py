"""The audit after a round: ledger, rail's book and store's orders must tell one story."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from kills_load import DONE, Load
from kills_stage import Stage
from pef_adapters.core.states import MONEY, Position, State

_REFUNDS = """
    SELECT id, platform_refund_id AS pressed_as, order_id, amount, state, attention, transaction_id,
           revision, written_revision, created_at,
           (SELECT min(at) FROM timeline t WHERE t.refund_id = r.id AND t.to_state = 'refunded')
               AS refunded_at
    FROM refunds r
"""
_ATTEMPTS = (
    "SELECT count(*), coalesce(sum(sends), 0), count(*) FILTER (WHERE sends > 1) FROM attempts"
)
_PAYMENTS = "SELECT transaction_id, paid, reserved, refunded FROM payments"
_UNKNOWN = """
    SELECT known.at - lost.at FROM timeline lost CROSS JOIN LATERAL (
        SELECT at FROM timeline t WHERE t.refund_id = lost.refund_id AND t.seq > lost.seq
          AND t.to_state NOT IN ('unknown', 'sending') ORDER BY seq LIMIT 1) known
    WHERE lost.what = 'answer_lost' AND known.at < %s
"""
# What a database or a remote control answered, by name.
Row = dict[str, Any]
_GIVEN_BACK = ("REJECTED", "EXPIRED", "CANCELLED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Who says what: the buttons pressed, the ledger, the rail's own book, the store's orders."""

    pressed: Mapping[str, datetime]
    refunds: list[Row]
    payments: list[Row]
    booked: list[Row]
    sends: Mapping[str, int]
    orders: list[Row]


@dataclass(slots=True)
class Audit:
    """What one round came to; `lost`, `doubled` and `wrongs` must be empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    unknown_for: list[float] = field(default_factory=list)


async def audit(stage: Stage, load: Load, healed_at: datetime) -> Audit:
    """Read all books, compare them refund by refund, and count."""
    rail = (await stage.rail.get("/_kills/book")).raise_for_status().json()
    orders = (await stage.store.get("/_store/orders")).raise_for_status().json()
    async with await psycopg.AsyncConnection.connect(stage.dsn, row_factory=dict_row) as conn:
        refunds = await (await conn.execute(_REFUNDS)).fetchall()
        payments = await (await conn.execute(_PAYMENTS)).fetchall()
    books = Books(pressed=load.pressed, refunds=refunds, payments=payments, orders=orders, **rail)
    found = compare(books)
    await _figures(found, stage.dsn, books, healed_at)
    return found


def compare(books: Books) -> Audit:
    """Everything in which the books differ."""
    found = Audit()
    _nothing_lost(found, books)
    _nothing_doubled(found, books)
    _money_adds_up(found, books)
    _orders_tell_it(found, books)
    return found


def _nothing_lost(found: Audit, books: Books) -> None:
    pressed = books.pressed.keys()
    at_store = {str(refund["id"]) for order in books.orders for refund in order["refunds"]}
    known = {refund["pressed_as"] for refund in books.refunds}
    found.lost += [f"{number} was pressed, the ledger has it not" for number in pressed - known]
    found.wrongs += [f"{number} was never pressed" for number in known - at_store]
    found.wrongs += [f"{number} is not in the store" for number in pressed - at_store]
    for refund in books.refunds:
        if refund["state"] not in DONE:
            found.lost.append(f"{refund['id']} is {refund['state']} and waits for nobody")
        if refund["written_revision"] != refund["revision"]:
            found.wrongs.append(f"{refund['id']}: its order was never told of {refund['state']}")


def _nothing_doubled(found: Audit, books: Books) -> None:
    """One booking at most for a refund, whatever its ids; and each for the refund's own amount."""
    booked: dict[str, list[Row]] = defaultdict(list)
    keys = Counter(booking["key"] for booking in books.booked)
    found.doubled += [f"{key} is booked {n} times" for key, n in keys.items() if n > 1]
    for booking in books.booked:
        booked[booking["key"].rpartition("-")[0]].append(booking)
    for refund in books.refunds:
        own = [b for b in booked.pop(refund["id"], []) if b["status"] not in _GIVEN_BACK]
        if len(own) > 1:
            found.doubled.append(f"{refund['id']} is booked as {[b['key'] for b in own]}")
        _agrees(found, refund, own)
    found.wrongs += [f"the rail paid {name}, which the ledger has not" for name in booked]


def _agrees(found: Audit, refund: Row, own: list[Row]) -> None:
    """The ledger says refunded where the rail's book says so, and nowhere else."""
    paid = [booking for booking in own if booking["status"] == "REFUNDED"]
    if bool(paid) != (refund["state"] == State.REFUNDED):
        found.wrongs.append(f"{refund['id']} is {refund['state']}, at the rail {own}")
    for booking in own:
        if (booking["minor"], booking["cip"]) != (refund["amount"], refund["transaction_id"]):
            found.wrongs.append(f"{refund['id']} is booked for something else: {booking}")


def _money_adds_up(found: Audit, books: Books) -> None:
    out, reserved, refunded = Counter[str](), Counter[str](), Counter[str]()
    for booking in books.booked:
        out[booking["cip"]] += 0 if booking["status"] in _GIVEN_BACK else booking["minor"]
    for refund in books.refunds:
        position = MONEY[State(refund["state"])]
        reserved[refund["transaction_id"]] += refund["amount"] * (position is Position.RESERVED)
        refunded[refund["transaction_id"]] += refund["amount"] * (position is Position.REFUNDED)
    for payment in books.payments:
        name = payment["transaction_id"]
        if out[name] > payment["paid"]:
            found.doubled.append(f"of payment {name} more was paid out than came in")
        if (payment["reserved"], payment["refunded"]) != (reserved[name], refunded[name]):
            found.wrongs.append(f"payment {name} does not add up: {payment}")


def _orders_tell_it(found: Audit, books: Books) -> None:
    records = {str(order["id"]): order["record"] or {} for order in books.orders}
    for refund in books.refunds:
        told = records[refund["order_id"]].get(refund["pressed_as"], {}).get("state")
        if told != refund["state"]:
            found.wrongs.append(f"{refund['id']} is {refund['state']}, its order says {told}")


def _notes_written_twice(orders: list[Row]) -> int:
    """By their markers. A killed writer's note can reach the order beside its successor's."""
    notes = [note for order in orders for note in order["notes"] if note.endswith("]")]
    marks = Counter(note.rpartition("[")[2] for note in notes)
    return sum(number - 1 for number in marks.values())


async def _figures(found: Audit, dsn: str, books: Books, healed_at: datetime) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        (attempts,) = await (await conn.execute(_ATTEMPTS)).fetchall()
        unknown = await (await conn.execute(_UNKNOWN, (healed_at,))).fetchall()
    paid = [refund for refund in books.refunds if refund["refunded_at"]]
    in_time = [refund for refund in paid if refund["refunded_at"] < healed_at]
    found.unknown_for = [row[0].total_seconds() for row in unknown]
    found.waits = [
        (refund["refunded_at"] - books.pressed[refund["pressed_as"]]).total_seconds()
        for refund in in_time
    ]
    found.figures |= {
        "states": dict(Counter(refund["state"] for refund in books.refunds)),
        "attention": dict(Counter(r["attention"] for r in books.refunds if r["attention"])),
        "attempts": attempts[0],
        "sends intended": int(attempts[1]),
        "attempts sent again": attempts[2],
        "requests at the rail": sum(books.sends.values()),
        "requests for an id booked already": sum(n - 1 for n in books.sends.values()),
        "bookings": len(books.booked),
        "notes written twice": _notes_written_twice(books.orders),
        "finished by the healing": len(paid) - len(in_time),
    }
