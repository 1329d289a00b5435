"""Builds the SQL that finds the newest refunds of a search, by indexes alone.

Owns how each question is led to an index of 0004_console.sql. An answer is the newest
`limit` by (`created_at`, `id`); every part finds at most so many, already in order. Where
several stores or states are asked for, each pair is a lane of its own index; the newest
of all are among those of the lanes whose own newest are the newest, so that of 2,000 lanes
all but `limit` are looked at once.

When a refund was asked for is another time than when we saw it, by which lists are sorted.
Nearly always they lie close together: then a stretch of the one is a stretch of the other.
The strays have an index of their own.
"""

from typing import Any, LiteralString

from pef_adapters.engine.records import RefundSearch
from pef_adapters.storage.storable import storable

NEWEST_FIRST: LiteralString = 'ORDER BY created_at DESC, id COLLATE "C" DESC'
_LIMITED: LiteralString = f"{NEWEST_FIRST} LIMIT %(limit)s"

# What the chosen index does not hold is looked at row by row. `CASE` keeps the planner from
# choosing another, or from guessing that hardly any row passes: it would then read all, to
# sort them, instead of the first few in order.
_OF_TRANSACTION: LiteralString = """
    left(transaction_id, 100) = left(%(transaction_id)s::text, 100)
    AND CASE WHEN transaction_id = %(transaction_id)s THEN true END
"""
_OF_ORDER_NUMBER: LiteralString = """
    left(order_number, 100) = left(%(order)s::text, 100)
    AND CASE WHEN order_number = %(order)s THEN true END
"""
_OF_ORDER_ID: LiteralString = """
    left(order_id, 100) = left(%(order)s::text, 100)
    AND CASE WHEN order_id = %(order)s AND order_number <> %(order)s THEN true END
"""
_AFTER: LiteralString = """
    (created_at, id COLLATE "C") < (%(after_at)s::timestamptz, %(after_id)s::text COLLATE "C")
"""
_OF_STORES: LiteralString = "CASE WHEN store_id = ANY(%(stores)s) THEN true END"
_IN_STATES: LiteralString = "CASE WHEN state = ANY(%(states)s) THEN true END"
# As in the index `refunds_asked_at_another_time`, word for word.
_STRAY: LiteralString = """
    (created_at - requested_at < interval '-1 hour'
     OR created_at - requested_at > interval '48 hours')
"""
_CLOSE: LiteralString = f"CASE WHEN {_STRAY} THEN false ELSE true END"
_CLOSE_FROM: LiteralString = "created_at >= %(asked_from)s::timestamptz - interval '1 hour'"
_CLOSE_BEFORE: LiteralString = "created_at < %(asked_before)s::timestamptz + interval '48 hours'"
_FROM: LiteralString = "CASE WHEN requested_at >= %(asked_from)s THEN true END"
_BEFORE: LiteralString = "CASE WHEN requested_at < %(asked_before)s THEN true END"


def newest(search: RefundSearch) -> tuple[LiteralString, dict[str, Any]]:
    """A query of `id` and `created_at` in no order, at most `limit`; and its values.

    Raises:
        ValueError: a time in the search has no time zone.
    """
    asked = storable(search)
    found = " UNION ALL ".join(f"({part})" for part in _parts(asked))
    return f"SELECT id, created_at FROM ({found}) AS found {_LIMITED}", _values(asked)


def _values(search: RefundSearch) -> dict[str, Any]:
    amount, after = search.amount, search.after
    return {
        "stores": _stores(search),
        "states": sorted(state.value for state in search.states),
        "order": search.order,
        "transaction_id": search.transaction_id,
        "buyer": search.buyer,
        "minor": amount and amount.minor,
        "currency": amount and amount.currency,
        "asked_from": search.asked_from,
        "asked_before": search.asked_before,
        "after_at": after and after.at,
        "after_id": after and after.id,
        "limit": search.limit,
    }


def _stores(search: RefundSearch) -> list[str] | None:
    """The stores that are asked for; None means all."""
    if search.store_id is None:
        return None if search.reach is None else sorted(search.reach)
    within = search.reach is None or search.store_id in search.reach
    return [search.store_id] if within else []


def _parts(search: RefundSearch) -> list[LiteralString]:
    """Queries whose answers together hold the newest, none of them twice."""
    if search.order:
        return [_one_lane(search, _OF_ORDER_NUMBER), _one_lane(search, _OF_ORDER_ID)]
    if search.transaction_id or search.buyer:
        return [_one_lane(search)]
    if search.asked_from is None and search.asked_before is None:
        return [_in_lanes(search)]
    bounds = [
        *([_CLOSE_FROM] if search.asked_from else ()),
        *([_CLOSE_BEFORE] if search.asked_before else ()),
    ]
    return [_in_lanes(search, _CLOSE, *bounds), _one_lane(search, _STRAY)]


def _one_lane(search: RefundSearch, *more: LiteralString) -> LiteralString:
    conditions = [*more, *_conditions(search)]
    if _stores(search) is not None:
        conditions.append(_OF_STORES)
    if search.states:
        conditions.append(_IN_STATES)
    return _read(conditions)


def _in_lanes(search: RefundSearch, *more: LiteralString) -> LiteralString:
    """The search led to the index of each store, of each state, or of each pair of both."""
    conditions, lanes = [*more, *_conditions(search)], []
    if _stores(search) is not None:
        conditions.append("refunds.store_id = lane.store_id")
        lanes.append("unnest(%(stores)s::text[]) AS stores (store_id)")
    if search.states and (search.attention or search.amount is not None):
        conditions.append(_IN_STATES)
    elif search.states:
        conditions.append("refunds.state = lane.state")
        lanes.append("unnest(%(states)s::text[]) AS states (state)")
    return _merged(lanes, conditions) if lanes else _read(conditions)


def _conditions(search: RefundSearch) -> list[LiteralString]:
    """Everything but stores and states."""
    asked = {
        _OF_TRANSACTION: search.transaction_id,
        "buyer = %(buyer)s": search.buyer,
        "amount = %(minor)s AND currency = %(currency)s": search.amount is not None,
        "attention IS NOT NULL": search.attention,
        _FROM: search.asked_from,
        _BEFORE: search.asked_before,
        _AFTER: search.after,
    }
    return [sql for sql, is_asked in asked.items() if is_asked]


def _read(conditions: list[LiteralString]) -> LiteralString:
    where = " AND ".join(conditions) or "true"
    return f"SELECT id, created_at FROM refunds WHERE {where} {_LIMITED}"


def _merged(lanes: list[LiteralString], conditions: list[LiteralString]) -> LiteralString:
    where = " AND ".join(conditions)
    return f"""
        SELECT found.id, found.created_at FROM (
            SELECT lane.* FROM (SELECT * FROM {" CROSS JOIN ".join(lanes)}) AS lane
            CROSS JOIN LATERAL (
                SELECT id, created_at FROM refunds WHERE {where} {NEWEST_FIRST} LIMIT 1
            ) AS head {_LIMITED}
        ) AS lane
        CROSS JOIN LATERAL (SELECT id, created_at FROM refunds WHERE {where} {_LIMITED}) AS found
        {_LIMITED}
    """
