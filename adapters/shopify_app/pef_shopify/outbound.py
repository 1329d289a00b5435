"""Write-back: one record in a metafield of our own on the order, and tags for its list.

The record holds each refund's state and its last sentences, for whoever shows them in the
admin. It is written only where nobody wrote it meanwhile. Tags are added, never taken away;
the order's note, status and everything else are never touched: Shopify's way to change
them overwrites what others wrote (platforms/shopify.md, section 2).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from pef_adapters.core.errors import PlatformRefused, PlatformUnreachable
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import OrderReport, RefundLine, StoreConnection
from pef_shopify.client import Api, Sleep, open_api
from pef_shopify.identity import gid
from pef_shopify.reading import require_sight
from pef_shopify.settings import usable_settings
from pef_shopify.wire import Record, Standing, StandingAnswer

RECORD_KEY: Final = "refunds"
TAGS: Final[Mapping[State, str]] = {
    State.HELD: "pagoefectivo-refund-held",
    State.AWAITING_BENEFICIARY: "pagoefectivo-refund-pending",
    State.PAYOUT_DUE: "pagoefectivo-refund-pending",
    State.UNKNOWN: "pagoefectivo-refund-pending",
    State.PENDING: "pagoefectivo-refund-pending",
    State.REFUNDED: "pagoefectivo-refund-refunded",
    State.REJECTED: "pagoefectivo-refund-failed",
    State.FAILED: "pagoefectivo-refund-failed",
    State.RETURNED: "pagoefectivo-refund-failed",
}
"""What an order's list can be filtered by: what its refunds went through, not where they are."""

MOST_NOTES: Final = 10
MOST_LETTERS: Final = 800
# A metafield has a bound; sentences go first, states never.
MOST_RECORD_LETTERS: Final = 60_000
_TRIES: Final = 5
# Somebody wrote the metafield between our reading and our writing.
_RACED: Final = frozenset({"STALE_OBJECT", "INVALID_COMPARE_DIGEST", "TAKEN"})


async def write_back(report: OrderReport, store: StoreConnection, sleep: Sleep) -> None:
    """See `platforms.contract.Platform.write_back`."""
    if usable_settings(store).way_in == "webhook":
        return  # there is no app that could write
    async with open_api(store, sleep) as api:
        for _ in range(_TRIES):
            order = await _standing(report.order_id, api)
            if order is None or await _written(report, order, api):
                return
    raise PlatformUnreachable("the order's record changes all the time; it is written later")


async def _standing(order_id: str, api: Api) -> Standing | None:
    """None where the order was erased: there is nothing left to tell the truth to."""
    variables = {"id": gid("Order", order_id), "key": RECORD_KEY}
    order = (await api.ask("order_record", StandingAnswer, **variables)).order
    if order is None:
        await require_sight(api)
    return order


async def _written(report: OrderReport, order: Standing, api: Api) -> bool:
    """Whether all stands there now; False where another writer was faster."""
    standing = _entries(order.record)
    news = [line for line in report.lines if _revision(standing, line) <= line.revision]
    record = _fitting({**standing, **{line.refund_id: _entry(line, standing) for line in news}})
    if record != standing and not await _set_record(order, record, api):
        return False
    await _add_tags(order, news, api)
    return True


async def _set_record(order: Standing, record: JsonValue, api: Api) -> bool:
    metafield: JsonValue = {
        "ownerId": gid("Order", order.id),
        "key": RECORD_KEY,
        "type": "json",
        "value": _text(record),
        # Null says that there must be none yet.
        "compareDigest": order.record.compare_digest if order.record else None,
    }
    errors = await api.try_to_write("record_set", metafields=[metafield])
    if any(error.code in _RACED for error in errors):
        return False
    if errors:
        raise PlatformRefused(f"Shopify refused to write the refunds' record: {errors[0]}")
    return True


async def _add_tags(order: Standing, news: Sequence[RefundLine], api: Api) -> None:
    there = {tag.casefold() for tag in order.tags}
    wanted = {TAGS[line.state] for line in news if line.state in TAGS}
    missing: list[JsonValue] = [*sorted(wanted - there)]
    if missing:
        await api.write("tags_add", "to tag the order", id=gid("Order", order.id), tags=missing)


def _entries(record: Record | None) -> dict[str, JsonValue]:
    """What stands on the order; what is not ours to read counts as nothing."""
    try:
        found = json.loads(record.value) if record else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _revision(standing: Mapping[str, JsonValue], line: RefundLine) -> int:
    entry = standing.get(line.refund_id)
    revision = entry.get("revision") if isinstance(entry, dict) else None
    return revision if isinstance(revision, int) else -1


def _entry(line: RefundLine, standing: Mapping[str, JsonValue]) -> JsonValue:
    return {
        "state": line.state.value,
        "amount": str(line.amount.decimal),
        "currency": line.amount.currency,
        "revision": line.revision,
        "expected_on": line.expected_on,
        "updated_at": line.updated_at.isoformat(timespec="seconds"),
        "our_id": line.our_id,
        "notes": _notes(line, standing.get(line.refund_id)),
    }


def _notes(line: RefundLine, standing: JsonValue) -> list[JsonValue]:
    """The last sentences, oldest first; one of a marker that stands there is not repeated."""
    known = standing.get("notes") if isinstance(standing, dict) else None
    notes = list(known) if isinstance(known, list) else []
    markers = {note.get("marker") for note in notes if isinstance(note, dict)}
    if line.note is not None and line.marker not in markers:
        at = line.updated_at.isoformat(timespec="seconds")
        notes.append({"marker": line.marker, "at": at, "text": line.note[:MOST_LETTERS]})
    return notes[-MOST_NOTES:]


def _fitting(record: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The record with as many sentences as a metafield can hold."""
    for kept in (MOST_NOTES, 1):
        trimmed = {key: _with_notes(entry, kept) for key, entry in record.items()}
        if len(_text(trimmed)) <= MOST_RECORD_LETTERS:
            return trimmed
    return {key: _with_notes(entry, 0) for key, entry in record.items()}


def _with_notes(entry: JsonValue, kept: int) -> JsonValue:
    notes = entry.get("notes") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(notes, list):
        return entry
    return {**entry, "notes": notes[len(notes) - kept :] if len(notes) > kept else notes}


def _text(record: JsonValue) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
