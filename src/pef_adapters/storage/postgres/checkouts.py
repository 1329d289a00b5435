"""Payments that a store's gateway asked us to take; what is private is sealed on this side."""

from datetime import datetime

from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine.records import Checkout
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

_COLUMNS = """
    id, store_id, account_id, payment_id, order_id, order_number, amount, currency, test, state,
    return_url, private, created_at, updated_at, transaction_id, pay_url, expires_at, paid_at,
    settled_at, told, tell_at, tell_tries, look_at, look_tries
"""
_INSERT = f"""
    INSERT INTO checkouts ({_COLUMNS})
    VALUES (%(id)s, %(store_id)s, %(account_id)s, %(payment_id)s, %(order_id)s, %(order_number)s,
            %(amount)s, %(currency)s, %(test)s, %(state)s, %(return_url)s, %(private)s,
            %(created_at)s, %(updated_at)s, %(transaction_id)s, %(pay_url)s, %(expires_at)s,
            %(paid_at)s, %(settled_at)s, %(told)s, %(tell_at)s, %(tell_tries)s, %(look_at)s,
            %(look_tries)s)
    ON CONFLICT DO NOTHING
"""
_UPDATE = """
    UPDATE checkouts SET
        account_id = %(account_id)s, order_id = %(order_id)s, order_number = %(order_number)s,
        amount = %(amount)s, currency = %(currency)s, test = %(test)s, state = %(state)s,
        return_url = %(return_url)s, private = %(private)s, updated_at = %(updated_at)s,
        transaction_id = %(transaction_id)s, pay_url = %(pay_url)s, expires_at = %(expires_at)s,
        paid_at = %(paid_at)s, settled_at = %(settled_at)s, told = %(told)s,
        tell_at = %(tell_at)s, tell_tries = %(tell_tries)s, look_at = %(look_at)s,
        look_tries = %(look_tries)s
    WHERE id = %(id)s AND store_id = %(store_id)s AND payment_id = %(payment_id)s
"""
_ONE = f"SELECT {_COLUMNS} FROM checkouts WHERE id = %(id)s"
_LOCK = f"{_ONE} FOR NO KEY UPDATE"
_FIND = f"""
    SELECT {_COLUMNS} FROM checkouts
    WHERE store_id = %(store_id)s AND payment_id = %(payment_id)s
"""
_OF_TRANSACTION = f"""
    SELECT {_COLUMNS} FROM checkouts
    WHERE account_id = %(account_id)s AND transaction_id = %(transaction_id)s
    ORDER BY created_at, seq
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM checkouts
    WHERE %(store_id)s::text IS NULL OR store_id = %(store_id)s
    ORDER BY created_at DESC, seq DESC LIMIT %(limit)s
"""
_DUE = """
    SELECT id FROM checkouts WHERE LEAST(tell_at, look_at) <= %(now)s
    ORDER BY LEAST(tell_at, look_at), seq LIMIT %(limit)s
"""


class Checkouts(Table):
    """The table `checkouts`."""

    async def add_checkout(self, checkout: Checkout) -> bool:
        return await self._run(_INSERT, **self._values_of_checkout(checkout)) == 1

    async def checkout(self, checkout_id: str) -> Checkout | None:
        return self._maybe_checkout(await self._one(_ONE, id=checkout_id))

    async def lock_checkout(self, checkout_id: str) -> Checkout | None:
        return self._maybe_checkout(await self._one(_LOCK, id=checkout_id))

    async def find_checkout(self, store_id: str, payment_id: str) -> Checkout | None:
        found = await self._one(_FIND, store_id=store_id, payment_id=payment_id)
        return self._maybe_checkout(found)

    async def checkouts_of_transaction(
        self, account_id: str, transaction_id: str
    ) -> list[Checkout]:
        asked = {"account_id": account_id, "transaction_id": transaction_id}
        return [self._checkout(row) for row in await self._all(_OF_TRANSACTION, **asked)]

    async def list_checkouts(
        self, *, store_id: str | None = None, limit: int = 100
    ) -> list[Checkout]:
        rows = await self._all(_LIST, store_id=store_id, limit=limit)
        return [self._checkout(row) for row in rows]

    async def save_checkout(self, checkout: Checkout) -> None:
        if not await self._run(_UPDATE, **self._values_of_checkout(checkout)):
            raise NotThere(f"there is no checkout {checkout.id} of this identity")

    async def due_checkouts(self, now: datetime, limit: int) -> list[str]:
        return [str(row["id"]) for row in await self._all(_DUE, now=utc(now), limit=limit)]

    async def wake_checkout(self, checkout_id: str, at: datetime | None = None) -> None:
        await self._wakes.wake_checkout(self._conn, checkout_id, at)

    def _values_of_checkout(self, checkout: Checkout) -> dict[str, object]:
        kept = storable(checkout)
        sealed = {"private": self._sealed(kept.private)}
        return columns(kept) | sealed | {"currency": kept.amount.currency}

    def _maybe_checkout(self, row: Row | None) -> Checkout | None:
        return None if row is None else self._checkout(row)

    def _checkout(self, row: Row) -> Checkout:
        amount = Money(row["amount"], row.pop("currency"))
        told = row["told"] and CheckoutState(row["told"])
        words = {"state": CheckoutState(row["state"]), "told": told}
        return Checkout(**row | words | {"amount": amount, "private": self._open(row["private"])})
