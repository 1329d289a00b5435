"""The search syntax of the orders query, as far as refunds need it.

A term that this shop does not know fails the query: a filter that is silently left out
would show every order.
"""

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from graphql import GraphQLError

from pef_adapters.testing.fake_shopify.shop import financial_status
from pef_adapters.testing.fake_shopify.state import Order

_TERM: Final = re.compile(
    r"""\s*(?:AND\s+)?(?P<name>[a-z_]+):(?P<how>>=|<=|>|<)?"""
    r"""(?P<value>'[^']*'|"[^"]*"|[^\s'"]+)(?=\s|\Z)"""
)
_HOW: Final[dict[str | None, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    None: operator.eq,
}
_TEXTS: Final[dict[str, Callable[[Order], Iterable[str]]]] = {
    "gateway": lambda order: [order.gateway],
    "name": lambda order: [f"#{order.number}", str(order.number)],
    "tag": lambda order: order.tags,
    "financial_status": lambda order: [financial_status(order)],
    "id": lambda order: [str(order.id)],
}
_MOMENTS: Final[dict[str, Callable[[Order], datetime]]] = {
    "updated_at": lambda order: order.updated,
    "created_at": lambda order: order.created,
    "processed_at": lambda order: order.created,
}
_SORTS: Final[dict[str, Callable[[Order], Any]]] = {
    "UPDATED_AT": lambda order: (order.updated, order.id),
    "CREATED_AT": lambda order: (order.created, order.id),
    "PROCESSED_AT": lambda order: (order.created, order.id),
    "ID": lambda order: order.id,
    "ORDER_NUMBER": lambda order: order.number,
}


def search(orders: Iterable[Order], query: str | None, sort_key: str) -> list[Order]:
    """The orders that fit all terms, sorted.

    Raises:
        GraphQLError: a term or a sort key that this shop does not know.
    """
    if sort_key not in _SORTS:
        raise GraphQLError(f"The fake shop does not sort orders by {sort_key}.")
    tests = list(_tests(query or ""))
    return sorted((o for o in orders if all(test(o) for test in tests)), key=_SORTS[sort_key])


def _tests(query: str) -> Iterable[Callable[[Order], bool]]:
    rest = query.strip()
    while rest:
        term = _TERM.match(rest)
        if term is None:
            raise GraphQLError(f"The fake shop can't search orders by {rest!r}.")
        yield _test(term["name"], term["how"], term["value"].strip("'\""))
        rest = rest[term.end() :].strip()


def _test(name: str, how: str | None, value: str) -> Callable[[Order], bool]:
    if name == "status" and value in {"any", "open"}:
        return lambda order: value == "any" or order.cancelled is None
    if name in _TEXTS and how is None:
        texts = _TEXTS[name]
        return lambda order: value.casefold() in {text.casefold() for text in texts(order)}
    if name in _MOMENTS:
        of, compare, moment = _MOMENTS[name], _HOW[how], _moment(value)
        return lambda order: compare(of(order), moment)
    raise GraphQLError(f"The fake shop can't search orders by {name}.")


def _moment(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError(f"{value!r} is no time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
