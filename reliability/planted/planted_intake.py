"""Mistakes in taking in what stores and rail say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.engine import decide, digest, janitor, notified
from pef_adapters.engine.ports import Ports, RailPayment
from pef_adapters.engine.records import Account, Received, Store
from pef_adapters.pagoefectivo import signature
from pef_adapters.platforms.contract import Hint, StoreRefund
from pef_woocommerce import inbound, mapping
from planted_kit import Patches, everywhere, mistake

_LIMA = timedelta(hours=5)
_UNIT = 100


@mistake(known="webhook dedupe by a cache that is filled first: what failed is dropped")
def dedupe_in_memory() -> Patches:
    """What was seen before is remembered in memory, from before the work was done."""
    follow, seen = digest._follow, set[tuple[str, str]]()

    async def once(ports: Ports, store: Store, hint: Hint) -> str:
        named = {hint.refund_id} if hint.refund_id else (hint.refund_ids or {f"#{hint.order_id}"})
        mentioned = {(store.id, str(name)) for name in named}
        if mentioned <= seen:
            return "seen already"
        seen.update(mentioned)
        return await follow(ports, store, hint)

    return [patch.object(digest, "_follow", once)]


@mistake(known="plugins that hear 'order refunded' and pay the order's total back")
def amount_of_the_order() -> Patches:
    """The amount is that of the order in the webhook, and not that of the refund."""
    read = mapping.store_refund

    def trusted(*told: Any) -> StoreRefund:
        found = read(*told)
        return replace(found, amount=found.order_total or found.amount)

    return [patch.object(mapping, "store_refund", trusted)]


@mistake(known="WooCommerce's REST API rounds to the displayed decimals without dp=2")
def amount_as_displayed() -> Patches:
    """The amount is read as the store displays it, without its céntimos."""
    read = mapping.store_refund

    def rounded(*told: Any) -> StoreRefund:
        found = read(*told)
        whole = round(found.amount.minor / _UNIT) * _UNIT
        return replace(found, amount=Money(whole, found.amount.currency))

    return [patch.object(mapping, "store_refund", rounded)]


@mistake(known="gift cards and vouchers: the order's total is more than the payment")
def order_total_trusted() -> Patches:
    """What was paid is what the order says, and not what the rail received."""
    ask = decide._payment_at_rail

    async def trusted(
        ports: Ports, store: Store, account: Account, wanted: StoreRefund
    ) -> RailPayment | None:
        found = await ask(ports, store, account, wanted)
        total = wanted.order_total
        return replace(found, amount=total) if found is not None and total is not None else found

    return [patch.object(decide, "_payment_at_rail", trusted)]


@mistake(known="consumers that acknowledge first ('at most once')")
def delivery_closed_first() -> Patches:
    """A delivery is closed before it is worked off; a fault in between loses it."""
    work = digest._digest

    async def closed(ports: Ports, received: Received) -> str:
        async with ports.book.begin() as ledger:
            await ledger.close_received(received.id, "taken", ports.clock.now())
        return await work(ports, received)

    return [patch.object(digest, "_digest", closed)]


@mistake(known="'catch, log, delete the row' so that the queue stays clean")
def delivery_deleted_on_error() -> Patches:
    """A delivery that meets a fault is deleted."""

    async def deleted(ports: Ports, received: Received, _: PefError) -> None:
        async with ports.book.begin() as ledger:
            await ledger.close_received(received.id, "failed", ports.clock.now())

    return [patch.object(digest, "_postpone", deleted)]


@mistake(known="WooCommerce reads 'after' in the site's own zone unless dates_are_gmt is set")
def naive_cursor() -> Patches:
    """The poll's cursor is a time without a zone: Lima's five hours are skipped."""
    poll = janitor.poll_store

    async def skipping(ports: Ports, store: Store) -> int:
        return await poll(ports, replace(store, poll_cursor=store.poll_cursor + _LIMA))

    return everywhere(poll, skipping)


@mistake(known="endpoints that verify only when a header is there, or not at all")
def store_signature_unchecked() -> Patches:
    """The store's webhook is taken without looking at its signature."""
    return [patch.object(inbound, "_verify_signature", lambda *_: None)]


@mistake(known="payment notifications that anybody can post")
def rail_signature_unchecked() -> Patches:
    """The rail's notification is taken without looking at its signature."""
    return [patch.object(signature, "verify", lambda *_: None)]


@mistake(known="chargeback events that nobody subscribed to")
def extorno_ignored() -> Patches:
    """That the bank took a payment back (extorno) is not heard."""

    async def deaf(*_: object) -> str:
        return "nothing to do"

    return [patch.object(notified, "_extorno", deaf)]
