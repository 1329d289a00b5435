"""Which event each refund state is told with (fact sheet 7.6), and how it looks."""

import sqlite3
from collections.abc import Mapping

from pef_adapters.pagoefectivo.sandbox.callbacks import Callbacks
from pef_adapters.pagoefectivo.sandbox.cips import money

EVENTS: Mapping[str, str] = {
    "RECEIVED": "refund.received",
    "AWAITING_BENEFICIARY": "refund.beneficiary_required",
    "PROCESSING": "refund.processing",
    "REFUNDED": "refund.refunded",
    "REJECTED": "refund.rejected",
    "RETURNED": "refund.returned",
    "EXPIRED": "refund.expired",
    "CANCELLED": "refund.cancelled",
}
STATUSES = (*EVENTS, "PENDING_APPROVAL", "MANUAL_REQUIRED")


class StatusEvents:
    """Tells about refunds; faults ask for their next event twice or indented."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._odd: dict[str, dict[str, int | bool]] = {}

    def oddly(self, merchant_refund_id: str, *, copies: int = 1, indented: bool = False) -> None:
        """Tell the next event of this refund in an odd way."""
        self._odd[merchant_refund_id] = {"copies": copies, "indented": indented}

    def tell(self, row: sqlite3.Row) -> None:
        """Queue the event of the refund's state; some states have none."""
        event = EVENTS.get(row["status"])
        if event is None:
            return
        odd = self._odd.pop(row["merchant_refund_id"], {})
        self._callbacks.enqueue(
            event,
            _data(row),
            url=row["notification_url"],
            copies=int(odd.get("copies", 1)),
            indented=bool(odd.get("indented")),
        )


def shown_id(row: sqlite3.Row) -> str:
    """The refund_id of a refund's row."""
    return f"RFD-{row['number']:010d}"


def _data(row: sqlite3.Row) -> dict[str, object]:
    return {
        "refundId": shown_id(row),
        "merchantRefundId": row["merchant_refund_id"],
        "cip": str(row["cip"]),
        "currency": row["currency"],
        "amount": money(row).decimal,
        "status": row["status"],
    }
