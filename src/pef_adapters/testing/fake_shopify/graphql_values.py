"""How GraphQL writes what the shop keeps: pages of lists, amounts, times."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from graphql import GraphQLError

Shape = dict[str, Any]
T = TypeVar("T")

_MOST: Final = 250


def connected(
    items: Sequence[T], key: Callable[[T], int], shape: Callable[[T], Shape]
) -> Callable[..., Shape]:
    """A connection field over `items`: pages of at most 250, cursors by id."""

    def field(
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **given: Any,
    ) -> Shape:
        if (first is None) == (last is None):
            raise GraphQLError("you must provide one of first or last")
        listed = list(reversed(items)) if given.get("reverse") else list(items)
        cursors = [_cursor(key(item)) for item in listed]
        start = cursors.index(after) + 1 if after in cursors else 0
        end = cursors.index(before) if before in cursors else len(listed)
        if first is not None:
            end = min(end, start + min(first, _MOST))
        if last is not None:
            start = max(start, end - min(last, _MOST))
        return _page(listed, cursors, start, end, shape)

    return field


def money_bag(amount: Decimal, currency: str) -> Shape:
    """An amount as GraphQL writes it: `10.0`, `59.9`."""
    text = format(amount.normalize(), "f")
    money = {"amount": text if "." in text else f"{text}.0", "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def zulu(moment: datetime | None) -> str | None:
    """A time as GraphQL writes it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _page(
    items: list[T], cursors: list[str], start: int, end: int, shape: Callable[[T], Shape]
) -> Shape:
    shown = [shape(item) for item in items[start:end]]
    window = cursors[start:end]
    return {
        "nodes": shown,
        "edges": [{"cursor": c, "node": n} for c, n in zip(window, shown, strict=True)],
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": window[0] if window else None,
            "endCursor": window[-1] if window else None,
        },
    }


def _cursor(key: int) -> str:
    return base64.b64encode(f'{{"last_id":{key}}}'.encode()).decode()
