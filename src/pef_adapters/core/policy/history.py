"""Past refunds as CSV: the format that a back-test reads, and that exports write.

One line a refund, UTF-8, with the columns of `COLUMNS` in any order. Times are ISO
8601 with their zone; amounts are plain decimals; lists are split by ";"; an empty cell
means "not known". A cell that a spreadsheet would take for a formula carries an
apostrophe in front, which reading takes off again.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from io import StringIO

from pef_adapters.core.errors import HistoryUnreadable, PefError
from pef_adapters.core.money import Money
from pef_adapters.core.policy.backtest import PastRefund
from pef_adapters.core.policy.decision import Outcome
from pef_adapters.core.policy.facts import DEFAULT_RAIL, Facts, Mode
from pef_adapters.core.spreadsheet import opened, sealed
from pef_adapters.core.texts import known

NEEDED = ("refund", "asked_at", "amount", "currency", "outcome", "transaction", "paid_at")
# Each column with what stands in it; the how-to page shows the same list.
COLUMNS: Mapping[str, str] = {
    "refund": "the refund's id, for the report",
    "asked_at": "when it was asked for and decided, such as 2026-11-23T12:00:00-05:00",
    "amount": "what was asked for, such as 59.90",
    "currency": "its ISO 4217 code, such as PEN",
    "outcome": "what was decided: approve, hold, payout or reject",
    "transaction": "the transaction or CIP that paid the order",
    "paid_at": "when the buyer paid",
    "paid": "what the buyer paid in all; without this column, the amount",
    "rest": "what was left to pay back before this refund; else what was paid",
    "order_currency": "the order's currency; else that of the refund",
    "rail": f"the rail that was paid by; else {DEFAULT_RAIL}",
    "payment_method": "the store's name for the payment method",
    "platform": "woocommerce, shopify, vtex…",
    "reason": "the reason that the store gave",
    "categories": "product categories, split by ;",
    "tags": "product tags, split by ;",
    "buyer_past_refunds": "how many refunds the buyer had before",
    "pressed_by": "who pressed the button",
    "store": "the store, as any text; limits per store and operator count by it",
    "account": "the merchant account, as any text; limits per account count by it",
    "buyer": "the buyer, as any text but no name or e-mail; limits per buyer count by it",
    "destination": "where the money went, as any text but no account number; limits count by it",
    "reversed": "yes where the bank had taken the payment back",
    "paid_by_gateway": "yes where another gateway had paid it back",
    "payout_barred": "why nobody may pay it by hand, such as PAYOUT_BARRED_BY_STORE",
}


def read_history(text: str) -> Iterator[PastRefund]:
    """The refunds of a CSV text, one by one.

    Raises:
        HistoryUnreadable: a column is missing or unknown, or a cell can't be read; the
            message names the line.
    """
    rows = csv.DictReader(StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        _check_columns(rows.fieldnames or ())
        for row in rows:
            yield _past_refund(row, rows.line_num)
    except csv.Error as error:
        raise HistoryUnreadable(f"near line {rows.line_num}: {error}") from None


def write_history(past: Iterable[PastRefund]) -> str:
    """The same refunds as CSV text."""
    text = StringIO()
    # Lines end as RFC 4180 has it; then csv quotes either half of an end inside a cell.
    rows = csv.DictWriter(text, fieldnames=list(COLUMNS), lineterminator="\r\n")
    rows.writeheader()
    rows.writerows({name: sealed(cell) for name, cell in _cells(refund)} for refund in past)
    return text.getvalue()


def _check_columns(names: Iterable[str]) -> None:
    given = set(names)
    if missing := [name for name in NEEDED if name not in given]:
        raise HistoryUnreadable(f"line 1: add the missing columns {', '.join(missing)}")
    if unknown := sorted(given - set(COLUMNS)):
        raise HistoryUnreadable(f"line 1: no column is called {', '.join(unknown)}")


def _past_refund(row: Mapping[str, str | None], line: int) -> PastRefund:
    if None in row or None in row.values():
        raise HistoryUnreadable(f"line {line}: it has not as many cells as the first line")
    cells = {name: opened(cell or "") for name, cell in row.items()}
    try:
        return PastRefund(cells["refund"], _facts(cells), Outcome(cells["outcome"]))
    except (ValueError, PefError) as error:
        raise HistoryUnreadable(f"line {line}: {error}") from None


def _facts(cells: Mapping[str, str]) -> Facts:
    def cell(name: str) -> str | None:
        return cells.get(name) or None

    amount = Money.parse(cells["amount"], cells["currency"])
    paid_text, rest = cells.get("paid", cells["amount"]), cell("rest")
    paid = Money.parse(paid_text, amount.currency) if paid_text else None
    paid_at, past_refunds = cell("paid_at"), cell("buyer_past_refunds")
    return Facts(
        amount=amount,
        order_currency=cell("order_currency") or amount.currency,
        transaction_id=cell("transaction"),
        payment=paid,
        rest=Money.parse(rest, amount.currency) if rest else paid,
        paid_at=_moment(paid_at) if paid_at else None,
        reversed_by_bank=_yes(cell("reversed")),
        paid_by_gateway=_yes(cell("paid_by_gateway")),
        paid_through_us=True,
        store_mode=Mode.LIVE,
        account_mode=Mode.LIVE,
        now=_moment(cells["asked_at"]),
        rail=cell("rail") or DEFAULT_RAIL,
        payment_method=cell("payment_method"),
        platform=cell("platform"),
        reason=cell("reason"),
        categories=_list(cell("categories")),
        tags=_list(cell("tags")),
        buyer_past_refunds=int(past_refunds) if past_refunds else None,
        pressed_by=cell("pressed_by"),
        store=cell("store"),
        account=cell("account"),
        buyer=cell("buyer"),
        destination=cell("destination"),
        payout_barred=_code(cell("payout_barred")),
    )


def _cells(past: PastRefund) -> Iterator[tuple[str, str]]:
    facts = past.facts
    yield "refund", past.refund
    yield "asked_at", facts.now.isoformat()
    yield "amount", str(facts.amount.decimal)
    yield "currency", facts.amount.currency
    yield "outcome", past.outcome.value
    yield "transaction", facts.transaction_id or ""
    yield "paid_at", facts.paid_at.isoformat() if facts.paid_at else ""
    yield "paid", str(facts.payment.decimal) if facts.payment else ""
    yield "rest", str(facts.rest.decimal) if facts.rest else ""
    yield "order_currency", facts.order_currency
    yield "rail", facts.rail
    yield "payment_method", facts.payment_method or ""
    yield "platform", facts.platform or ""
    yield "reason", facts.reason or ""
    yield "categories", ";".join(sorted(facts.categories or ()))
    yield "tags", ";".join(sorted(facts.tags or ()))
    yield "buyer_past_refunds", _number(facts.buyer_past_refunds)
    yield "pressed_by", facts.pressed_by or ""
    yield "store", facts.store or ""
    yield "account", facts.account or ""
    yield "buyer", facts.buyer or ""
    yield "destination", facts.destination or ""
    yield "reversed", "yes" if facts.reversed_by_bank else ""
    yield "paid_by_gateway", "yes" if facts.paid_by_gateway else ""
    yield "payout_barred", facts.payout_barred or ""


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone; write {text}-05:00 for Lima")
    return moment


def _yes(text: str | None) -> bool:
    if text not in {None, "yes", "no"}:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _code(text: str | None) -> str | None:
    if text is not None and not known(f"code.{text}"):
        raise ValueError(f"{text!r} is no code such as PAYOUT_BARRED_BY_STORE")
    return text


def _list(text: str | None) -> frozenset[str] | None:
    return frozenset(part.strip() for part in text.split(";") if part.strip()) if text else None


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
