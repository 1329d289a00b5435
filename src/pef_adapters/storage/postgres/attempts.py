"""Attempts (intents to pay) and the exchanges that are their evidence."""

from collections.abc import Sequence

from psycopg.errors import UniqueViolation

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.engine.records import Attempt, Exchange
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = """
    merchant_refund_id, refund_id, generation, transaction_id, amount, currency, reason,
    intended_at, first_sent_at, sends, maybe_sent, rail_refund_id, rail_status, rail_text,
    expected_on, closed_at
"""
_INSERT = f"""
    INSERT INTO attempts ({_COLUMNS})
    VALUES (%(merchant_refund_id)s, %(refund_id)s, %(generation)s, %(transaction_id)s,
            %(amount)s, %(currency)s, %(reason)s, %(intended_at)s, %(first_sent_at)s, %(sends)s,
            %(maybe_sent)s, %(rail_refund_id)s, %(rail_status)s, %(rail_text)s, %(expected_on)s,
            %(closed_at)s)
"""
_UPDATE = """
    UPDATE attempts SET
        transaction_id = %(transaction_id)s, first_sent_at = %(first_sent_at)s,
        sends = %(sends)s, maybe_sent = %(maybe_sent)s,
        rail_refund_id = %(rail_refund_id)s, rail_status = %(rail_status)s,
        rail_text = %(rail_text)s, expected_on = %(expected_on)s, closed_at = %(closed_at)s
    WHERE merchant_refund_id = %(merchant_refund_id)s
"""
_ONE = f"SELECT {_COLUMNS} FROM attempts WHERE merchant_refund_id = %(id)s"
_OF_REFUND = f"SELECT {_COLUMNS} FROM attempts WHERE refund_id = %(id)s ORDER BY seq"

_EXCHANGE_COLUMNS = """
    account_id, merchant_refund_id, purpose, request, request_body, status, answer_body,
    answer_sha256, response_id, rail_timestamp, fault, started_at, ended_at
"""
_INSERT_EXCHANGE = f"""
    INSERT INTO exchanges ({_EXCHANGE_COLUMNS})
    VALUES (%(account_id)s, %(merchant_refund_id)s, %(purpose)s, %(request)s, %(request_body)s,
            %(status)s, %(answer_body)s, %(answer_sha256)s, %(response_id)s, %(rail_timestamp)s,
            %(fault)s, %(started_at)s, %(ended_at)s)
"""
_EXCHANGES = f"""
    SELECT {_EXCHANGE_COLUMNS} FROM exchanges
    WHERE merchant_refund_id = ANY(%(ids)s) ORDER BY seq
"""


class Attempts(Table):
    """The tables `attempts` and `exchanges`; the latter is only ever added to."""

    async def add_attempt(self, attempt: Attempt) -> None:
        try:
            await self._run(_INSERT, **_values(attempt))
        except UniqueViolation as error:
            raise TransitionRefused(f"{attempt.merchant_refund_id} is taken") from error

    async def attempt(self, merchant_refund_id: str) -> Attempt | None:
        row = await self._one(_ONE, id=merchant_refund_id)
        return None if row is None else _attempt(row)

    async def attempts(self, refund_id: str) -> list[Attempt]:
        return [_attempt(row) for row in await self._all(_OF_REFUND, id=refund_id)]

    async def save_attempt(self, attempt: Attempt) -> None:
        if not await self._run(_UPDATE, **_values(attempt)):
            raise NotThere(f"there is no attempt {attempt.merchant_refund_id}")

    async def add_exchange(self, exchange: Exchange) -> None:
        await self._run(_INSERT_EXCHANGE, **columns(storable(exchange)))

    async def exchanges(self, merchant_refund_ids: Sequence[str]) -> list[Exchange]:
        rows = await self._all(_EXCHANGES, ids=list(merchant_refund_ids))
        return [Exchange(**row) for row in rows]


def _values(attempt: Attempt) -> dict[str, object]:
    return columns(storable(attempt)) | {"currency": attempt.amount.currency}


def _attempt(row: Row) -> Attempt:
    return Attempt(**row | {"amount": Money(row["amount"], row.pop("currency"))})
