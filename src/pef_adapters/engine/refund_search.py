"""Find refunds as people ask for them: by order, transaction, buyer or amount; and as a table.

A buyer is searched by the keyed hash that is kept of him, never by what was typed. Reads only.
"""

import csv
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from io import StringIO

from pef_adapters.core.calendar import lima_time
from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.spreadsheet import number, words
from pef_adapters.engine.identity import buyer_mark
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Mark, Reach, Refund, RefundSearch

MOST_ROWS = 10_000
_PAGE = 500
_COLUMNS = (
    "refund",
    "store",
    "platform",
    "order",
    "transaction",
    "amount",
    "currency",
    "state",
    "attention",
    "lane",
    "reason",
    "requested_by",
    "requested_at",
    "expected_on",
    "deadline_at",
)
# Excel takes UTF-8 for the machine's own encoding unless this stands in front.
_BYTE_ORDER_MARK = "\ufeff"


async def search(ports: Ports, reach: Reach, wanted: RefundSearch, buyer: str = "") -> list[Refund]:
    """The refunds inside `reach` that fit, newest first, `wanted.limit` at most.

    `buyer` is an e-mail address, or what the store calls its customer (a customer number or
    document), which names somebody only beside `wanted.store_id`.

    Raises:
        InvalidInput: a buyer who is no e-mail address, without a store.
    """
    wanted = replace(wanted, reach=reach, order=wanted.order.strip().removeprefix("#"))
    async with ports.book.begin() as ledger:
        if not buyer.strip():
            return await ledger.search_refunds(wanted)
        found: dict[str, Refund] = {}
        for mark in await _marks(ports, ledger, wanted, buyer.strip()):
            refunds = await ledger.search_refunds(replace(wanted, buyer=mark))
            found |= {refund.id: refund for refund in refunds}
    newest = sorted(found.values(), key=lambda each: (each.created_at, each.id), reverse=True)
    return newest[: wanted.limit]


async def table(
    ports: Ports, reach: Reach, wanted: RefundSearch, buyer: str = ""
) -> AsyncIterator[bytes]:
    """The same search as a CSV file, piece by piece: UTF-8 with its mark, CRLF, Lima's clock.

    After `MOST_ROWS` refunds a last row says that there are more.

    Raises:
        InvalidInput: as `search`, before the first piece.
    """
    page = replace(wanted, limit=_PAGE, after=None)
    found = await search(ports, reach, page, buyer)
    yield _BYTE_ORDER_MARK.encode() + _lines([dict(zip(_COLUMNS, _COLUMNS, strict=True))])
    rows = 0
    while found:
        yield _lines([_row(refund) for refund in found[: MOST_ROWS - rows]])
        rows += len(found)
        found = await search(ports, reach, replace(page, after=mark_of(found[-1])), buyer)
        if found and rows >= MOST_ROWS:
            said = f"only the newest {MOST_ROWS} refunds are here: narrow the search"
            yield _lines([{"refund": said}])
            return


def mark_of(refund: Refund) -> Mark:
    """Where a list goes on behind this refund."""
    return Mark(refund.created_at, refund.id)


async def _marks(ports: Ports, ledger: Ledger, wanted: RefundSearch, buyer: str) -> frozenset[str]:
    """Every keyed hash that the buyer can have in the stores that are searched."""
    by_mail = "@" in buyer
    if not by_mail and wanted.store_id is None:
        raise InvalidInput(
            "a buyer is found by e-mail address; by customer number only within one store"
        )
    names = [f"email:{buyer.lower()}"] if by_mail else [f"customer:{buyer}", f"document:{buyer}"]
    stores = [
        head
        for head in await ledger.store_heads()
        if wanted.store_id in (None, head.id) and (wanted.reach is None or head.id in wanted.reach)
    ]
    return frozenset(buyer_mark(ports, store, name) for store in stores for name in names)


def _lines(rows: list[dict[str, str]]) -> bytes:
    text = StringIO()
    csv.DictWriter(text, _COLUMNS, restval="", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _row(refund: Refund) -> dict[str, str]:
    cells: Mapping[str, str] = {
        "refund": number(refund.id),
        "store": words(refund.store_id),
        "platform": words(refund.platform),
        "order": number(refund.order_number),
        "transaction": number(refund.transaction_id or ""),
        "amount": str(refund.amount.decimal),
        "currency": refund.amount.currency,
        "state": refund.state,
        "attention": words(refund.attention or ""),
        "lane": refund.lane,
        "reason": words(without_long_numbers(refund.reason)),
        "requested_by": words(refund.requested_by or ""),
        "requested_at": f"{lima_time(refund.requested_at):%Y-%m-%d %H:%M}",
        "expected_on": refund.expected_on or "",
        "deadline_at": f"{lima_time(refund.deadline_at):%Y-%m-%d %H:%M}"
        if refund.deadline_at
        else "",
    }
    return dict(cells)
