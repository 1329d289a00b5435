"""Mistakes about who a refund is, here and at the rail."""

from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from pef_adapters.core.states import Event, State
from pef_adapters.engine import digest, find_out, send
from pef_adapters.engine.identity import merchant_refund_id, refund_id
from pef_adapters.engine.people import next_generation
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Attempt, Refund, Store
from pef_adapters.engine.transition import move
from pef_adapters.platforms.contract import StoreRefund
from pef_adapters.storage.memory.ledger import MemoryLedger
from pef_adapters.storage.storable import storable
from planted_kit import Patches, everywhere, mistake

_new_refund = digest._new_refund


@mistake(known="payment plugins that build the idempotency key from order number and amount")
def id_from_amount() -> Patches:
    """The id is made from order and amount: two equal refunds are one."""

    def made(ports: Ports, store: Store, found: StoreRefund, platform: str) -> Refund:
        own = f"{found.order_id}/{found.amount.minor}"
        return replace(
            _new_refund(ports, store, found, platform), id=refund_id(store.identity, platform, own)
        )

    return everywhere(_new_refund, made)


@mistake(known="retry loops that make the idempotency key inside the loop")
def new_id_for_each_try() -> Patches:
    """What became of a send is not known, so it is tried again under a new id."""

    async def resend(ports: Ports, attempt: Attempt) -> None:
        again = await _under_a_new_id(ports, attempt)
        if again is not None:
            await send._send(ports, await send.rail_of(ports, again.refund_id), again)

    return [patch.object(find_out, "resend", resend)]


async def _under_a_new_id(ports: Ports, attempt: Attempt) -> Attempt | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(attempt.refund_id)
        if refund is None or refund.state is not State.UNKNOWN:
            return None
        number = await next_generation(ledger, refund.id)
        await move(ledger, refund, Event.RESEND_STARTED, now, generation=number)
        key = merchant_refund_id(refund.id, number)
        fresh = replace(attempt, merchant_refund_id=key, generation=number, maybe_sent=False)
        await ledger.add_attempt(replace(fresh, first_sent_at=now, intended_at=now, sends=1))
        return await ledger.attempt(key)


@mistake(known="webhook consumers that insert without 'on conflict do nothing'")
def registered_anew() -> Patches:
    """Each telling of a refund makes a new record: no unique key on the store's id."""
    numbers = count(1)

    def made(ports: Ports, store: Store, found: StoreRefund, platform: str) -> Refund:
        own = f"{found.refund_id}/{next(numbers)}"
        return replace(
            _new_refund(ports, store, found, platform), id=refund_id(store.identity, platform, own)
        )

    async def add_refund(self: MemoryLedger, refund: Refund) -> bool:
        tables: Any = self._tables
        tables.refunds[refund.id] = storable(refund)
        return True

    return [*everywhere(_new_refund, made), patch.object(MemoryLedger, "add_refund", add_refund)]
