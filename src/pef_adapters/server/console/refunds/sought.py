"""Reads the search form of refunds, and writes the address of what comes behind a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.records import Mark, Refund, RefundSearch

FIELDS: Final = (
    *("order", "transaction", "buyer", "amount", "currency", "store", "state"),
    *("attention", "from", "until"),
)
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Sought:
    """What the form asks for; a buyer is in clear here and is hashed by the engine."""

    wanted: RefundSearch
    buyer: str


def fields_of(query: Mapping[str, str]) -> dict[str, str]:
    """The form's fields as they were sent, empty where they were not."""
    return {name: query.get(name, "").strip() for name in FIELDS}


def read(fields: Mapping[str, str], after: str = "") -> Sought:
    """The search behind the form; `after` is where an earlier page ended.

    Raises:
        InvalidInput: an amount, a day, a state or a place that can't be one.
    """
    wanted = RefundSearch(
        store_id=fields["store"] or None,
        states=_states(fields["state"]),
        order=fields["order"],
        transaction_id=fields["transaction"],
        amount=_amount(fields["amount"], fields["currency"]),
        attention=bool(fields["attention"]),
        asked_from=_midnight(fields["from"]),
        asked_before=_midnight(fields["until"], days=1),
        after=_mark(after),
        limit=PAGE + 1,
    )
    return Sought(wanted, fields["buyer"])


def query_of(fields: Mapping[str, str], behind: Refund | None = None) -> str:
    """The address's query of the same search, of what comes behind a refund or from the top."""
    asked = {name: value for name, value in fields.items() if value}
    if behind is not None:
        asked["after"] = f"{behind.created_at.isoformat()}|{behind.id}"
    return urlencode(asked)


def _states(text: str) -> frozenset[State]:
    try:
        return frozenset((State(text),)) if text else frozenset()
    except ValueError:
        raise InvalidInput("there is no such state; choose one of the list") from None


def _amount(text: str, currency: str) -> Money | None:
    return Money.parse(text, currency or "PEN") if text else None


def _midnight(text: str, days: int = 0) -> datetime | None:
    """The beginning, in Lima, of the day, or of one so many days later."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.min, LIMA) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidInput("write a day such as 2026-11-30") from None


def _mark(text: str) -> Mark | None:
    if not text:
        return None
    at, _, refund_id = text.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not refund_id:
        raise InvalidInput("this link to older refunds is incomplete; search again")
    return Mark(moment, refund_id)
