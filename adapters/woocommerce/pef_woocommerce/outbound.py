"""Write-back: one private note per step and one hidden record on the order.

Never changes a status, never mails the customer, never writes what already
stands: a change echoes back as `order.updated`, a note does not (section 3).
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from pef_adapters.platforms.contract import OrderReport, RefundLine, StoreConnection
from pef_woocommerce.client import Api, open_api
from pef_woocommerce.reading import read_order
from pef_woocommerce.wire import NOTES

RECORD_KEY: Final = "_pef_refunds"


async def write_back(report: OrderReport, store: StoreConnection) -> None:
    """See `platforms.contract.Platform.write_back`."""
    async with open_api(store) as api:
        order = await read_order(api, report.order_id)
        if order is None:
            # Erased at the store: there is nothing left to tell the truth to.
            return
        await _write_notes(report, api)
        standing = order.meta(RECORD_KEY)
        record = _record(report, standing if isinstance(standing, dict) else {})
        if record != standing:
            await _write_record(report.order_id, record, api)


async def _write_notes(report: OrderReport, api: Api) -> None:
    lines = [line for line in report.lines if line.note is not None]
    if not lines:
        return
    path = f"orders/{report.order_id}/notes"
    written = (await api.get(path, {"type": "internal"})).read_as(NOTES)
    for line in lines:
        if not any(_mark(line) in note.note for note in written):
            await api.write("POST", path, {"note": f"{line.note} {_mark(line)}"})


def _mark(line: RefundLine) -> str:
    """The marker in brackets, so that no marker is the beginning of another."""
    return f"[{line.marker}]"


async def _write_record(order_id: str, record: dict[str, JsonValue], api: Api) -> None:
    meta: JsonValue = [{"key": RECORD_KEY, "value": record}]
    await api.write("PUT", f"orders/{order_id}", {"meta_data": meta})


def _record(report: OrderReport, standing: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The whole map; a line older than what stands there is left out."""
    record = dict(standing)
    for line in report.lines:
        if _revision(standing.get(line.refund_id)) <= line.revision:
            record[line.refund_id] = _entry(line)
    return record


def _revision(entry: JsonValue) -> int:
    revision = entry.get("revision") if isinstance(entry, dict) else None
    return revision if isinstance(revision, int) else -1


def _entry(line: RefundLine) -> JsonValue:
    return {
        "state": line.state.value,
        "amount": str(line.amount.decimal),
        "currency": line.amount.currency,
        "revision": line.revision,
        "expected_on": line.expected_on,
        "updated_at": line.updated_at.isoformat(timespec="seconds"),
        "our_id": line.our_id,
    }
