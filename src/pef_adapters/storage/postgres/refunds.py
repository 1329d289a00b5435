"""Refunds: one row each, its state and its end guarded by the database itself."""

from datetime import datetime

from psycopg.errors import CheckViolation

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.contract import Outcome
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

COLUMNS = """
    id, store_id, platform, platform_refund_id, order_id, order_number, amount, currency, reason,
    requested_by, requested_at, account_id, transaction_id, state, generation, revision,
    written_revision, tries, next_action_at, write_back_at, write_back_tries, decision, attention,
    expected_on, created_at, updated_at, said, buyer, destination, lane, lane_chosen_by,
    edited_by, counted_at, deadline_at, outcome
"""
_INSERT = f"""
    INSERT INTO refunds ({COLUMNS})
    VALUES (%(id)s, %(store_id)s, %(platform)s, %(platform_refund_id)s, %(order_id)s,
            %(order_number)s, %(amount)s, %(currency)s, %(reason)s, %(requested_by)s,
            %(requested_at)s, %(account_id)s, %(transaction_id)s, %(state)s, %(generation)s,
            %(revision)s, %(written_revision)s, %(tries)s, %(next_action_at)s, %(write_back_at)s,
            %(write_back_tries)s, %(decision)s, %(attention)s, %(expected_on)s, %(created_at)s,
            %(updated_at)s, %(said)s, %(buyer)s, %(destination)s, %(lane)s, %(lane_chosen_by)s,
            %(edited_by)s, %(counted_at)s, %(deadline_at)s, %(outcome)s)
    ON CONFLICT DO NOTHING
"""
_UPDATE = """
    UPDATE refunds SET
        order_id = %(order_id)s, order_number = %(order_number)s, amount = %(amount)s,
        currency = %(currency)s, reason = %(reason)s, requested_by = %(requested_by)s,
        requested_at = %(requested_at)s, account_id = %(account_id)s,
        transaction_id = %(transaction_id)s, state = %(state)s, generation = %(generation)s,
        revision = %(revision)s, written_revision = %(written_revision)s, tries = %(tries)s,
        next_action_at = %(next_action_at)s, write_back_at = %(write_back_at)s,
        write_back_tries = %(write_back_tries)s, decision = %(decision)s,
        attention = %(attention)s, expected_on = %(expected_on)s, updated_at = %(updated_at)s,
        said = %(said)s, buyer = %(buyer)s, destination = %(destination)s, lane = %(lane)s,
        lane_chosen_by = %(lane_chosen_by)s, edited_by = %(edited_by)s,
        counted_at = %(counted_at)s, deadline_at = %(deadline_at)s, outcome = %(outcome)s
    WHERE id = %(id)s AND store_id = %(store_id)s AND platform_refund_id = %(platform_refund_id)s
"""
_ONE = f"SELECT {COLUMNS} FROM refunds WHERE id = %(id)s"
_LOCK = f"{_ONE} FOR NO KEY UPDATE"
_FIND = f"""
    SELECT {COLUMNS} FROM refunds
    WHERE store_id = %(store_id)s AND platform_refund_id = %(platform_refund_id)s
"""
_OF_ORDER = f"""
    SELECT {COLUMNS} FROM refunds
    WHERE store_id = %(store_id)s AND order_id = %(order_id)s ORDER BY created_at, seq
"""
_OF_PAYMENT = f"""
    SELECT {COLUMNS} FROM refunds
    WHERE account_id = %(account_id)s AND transaction_id = %(transaction_id)s
    ORDER BY created_at, seq
"""
_LIST = f"""
    SELECT {COLUMNS} FROM refunds
    WHERE (%(store_id)s::text IS NULL OR store_id = %(store_id)s)
      AND (%(state)s::text IS NULL OR state = %(state)s)
    ORDER BY created_at DESC, seq DESC LIMIT %(limit)s
"""
_DUE = """
    SELECT id FROM refunds WHERE LEAST(next_action_at, write_back_at) <= %(now)s
    ORDER BY LEAST(next_action_at, write_back_at), seq LIMIT %(limit)s
"""
_BY_DEADLINE = f"""
    SELECT {COLUMNS} FROM refunds WHERE deadline_at < %(before)s AND state <> ALL(%(final)s)
    ORDER BY deadline_at, seq LIMIT %(limit)s
"""
_ASKED = f"""
    SELECT {COLUMNS} FROM refunds WHERE requested_at >= %(start)s AND requested_at < %(end)s
    ORDER BY created_at, seq
"""
_DUE_FOR_PAYOUT = f"""
    SELECT {COLUMNS} FROM refunds WHERE state = %(state)s AND account_id = %(account_id)s
    ORDER BY created_at, seq LIMIT %(limit)s
"""
# With nobody left to act on them.
_FINAL = [state.value for state in State if CARE[state].final]


class Refunds(Table):
    """The table `refunds`."""

    async def add_refund(self, refund: Refund) -> bool:
        return await self._run(_INSERT, **_values(refund)) == 1

    async def refund(self, refund_id: str) -> Refund | None:
        return _maybe(await self._one(_ONE, id=refund_id))

    async def lock_refund(self, refund_id: str) -> Refund | None:
        return _maybe(await self._one(_LOCK, id=refund_id))

    async def find_refund(self, store_id: str, platform_refund_id: str) -> Refund | None:
        return _maybe(
            await self._one(_FIND, store_id=store_id, platform_refund_id=platform_refund_id)
        )

    async def refunds_of_order(self, store_id: str, order_id: str) -> list[Refund]:
        rows = await self._all(_OF_ORDER, store_id=store_id, order_id=order_id)
        return [read_refund(row) for row in rows]

    async def refunds_of_payment(self, account_id: str, transaction_id: str) -> list[Refund]:
        rows = await self._all(_OF_PAYMENT, account_id=account_id, transaction_id=transaction_id)
        return [read_refund(row) for row in rows]

    async def list_refunds(
        self, *, store_id: str | None = None, state: State | None = None, limit: int = 100
    ) -> list[Refund]:
        rows = await self._all(_LIST, store_id=store_id, state=state, limit=limit)
        return [read_refund(row) for row in rows]

    async def refunds_by_deadline(self, before: datetime, limit: int) -> list[Refund]:
        rows = await self._all(_BY_DEADLINE, before=utc(before), final=_FINAL, limit=limit)
        return [read_refund(row) for row in rows]

    async def refunds_asked(self, start: datetime, end: datetime) -> list[Refund]:
        rows = await self._all(_ASKED, start=utc(start), end=utc(end))
        return [read_refund(row) for row in rows]

    async def refunds_due_for_payout(self, account_id: str, limit: int) -> list[Refund]:
        due = {"state": State.PAYOUT_DUE, "account_id": account_id, "limit": limit}
        return [read_refund(row) for row in await self._all(_DUE_FOR_PAYOUT, **due)]

    async def save_refund(self, refund: Refund) -> None:
        try:
            touched = await self._run(_UPDATE, **_values(refund))
        except CheckViolation as error:
            raise TransitionRefused(error.diag.message_primary) from error
        if not touched:
            raise NotThere(f"there is no refund {refund.id} of this identity")

    async def due_refunds(self, now: datetime, limit: int) -> list[str]:
        return [str(row["id"]) for row in await self._all(_DUE, now=utc(now), limit=limit)]

    async def wake(self, refund: Refund, at: datetime | None = None) -> None:
        await self._wakes.wake_refund(self._conn, refund, at)


def _values(refund: Refund) -> dict[str, object]:
    return columns(storable(refund)) | {"currency": refund.amount.currency}


def _maybe(row: Row | None) -> Refund | None:
    return None if row is None else read_refund(row)


def read_refund(row: Row) -> Refund:
    """The refund of a row of `COLUMNS`."""
    amount = Money(row["amount"], row.pop("currency"))
    outcome = row["outcome"] and Outcome(row["outcome"])
    words = {"state": State(row["state"]), "lane": Route(row["lane"]), "outcome": outcome}
    return Refund(**row | {"amount": amount, **words})
