"""Mistakes in what the order and the buyer are told, and when."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from pef_adapters.core.errors import PefError
from pef_adapters.core.states import TABLE, WITH_THE_RAIL, Event, State
from pef_adapters.engine import advance, beneficiary, write_back
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.transition import ENGINE
from pef_adapters.engine.withdraw import still_wanted, withdraw
from pef_adapters.platforms.contract import OrderReport, StoreConnection, StoreRefund
from pef_adapters.storage.memory import ledger
from pef_woocommerce import messages, outbound
from pef_woocommerce.client import Answer, Api
from planted_kit import Patches, everywhere, mistake

_ON_ITS_WAY = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})


@mistake(known="stores that show 'refunded' when the button was pressed")
def told_before_the_end() -> Patches:
    """The order says refunded as soon as the refund is on its way."""
    told = write_back._told_state

    def hopeful(refund: Refund) -> State:
        state = told(refund)
        return State.REFUNDED if state in _ON_ITS_WAY else state

    return [patch.object(write_back, "_told_state", hopeful)]


@mistake(known="'mark as synced' in a finally block")
def told_though_it_failed() -> Patches:
    """What the order was to be told counts as told, although the write failed."""

    async def acknowledged(ports: Ports, refund: Refund, _: PefError, __: object) -> None:
        await write_back._acknowledge(ports, refund, told=True)

    return [patch.object(write_back, "_put_off", acknowledged)]


@mistake(known="fire-and-forget status updates")
def told_once_only() -> Patches:
    """The order is told once; where that fails nobody tries again."""

    async def given_up(ports: Ports, refund: Refund, _: PefError, __: object) -> None:
        async with ports.book.begin() as book:
            locked = await book.lock_refund(refund.id)
            if locked is not None:
                await book.save_refund(replace(locked, written_revision=locked.revision))

    return [patch.object(write_back, "_put_off", given_up)]


@mistake(known="queues of status updates without a version, retried out of order")
def older_overwrites_newer() -> Patches:
    """A report that failed is kept as it was, and comes after a newer one."""
    write, kept = outbound.write_back, list[tuple[OrderReport, StoreConnection]]()

    async def written(report: OrderReport, store: StoreConnection) -> None:
        try:
            await write(report, store)
        except PefError:
            kept.append((report, store))
            raise
        if kept:
            await write(*kept.pop(0))

    return [
        *everywhere(write, written),
        patch.object(outbound, "_revision", lambda _: -1),
    ]


@mistake(known="mail jobs that are retried whole")
def mailed_twice() -> Patches:
    """Neither our book nor a mark on the order remembers that the buyer was asked."""

    async def never(*_: object) -> bool:
        return False

    return [
        patch.object(messages, "_is_written", never),
        patch.object(beneficiary, "_is_engines", lambda link: link.made_by == ENGINE),
    ]


@mistake(known="a job that runs twice because its silent worker was taken for dead")
def buyer_asked_by_two() -> Patches:
    """Two workers ask the buyer at once: both look for the mark, and both write."""

    async def unclaimed(*_: object) -> bool:
        return True

    return [patch.object(advance, "_claimed", unclaimed)]


@mistake(known="WooCommerce's customer notes, which are mails")
def mailed_before_the_end() -> Patches:
    """Each note on the order is mailed to the buyer, long before the money is there."""
    write = Api.write

    async def mailing(self: Api, method: str, path: str, body: Any) -> Answer:
        shown = {**body, "customer_note": True} if "note" in body else body
        return await write(self, method, path, shown)

    return [patch.object(Api, "write", mailing)]


@mistake(known="plugins that pay what the webhook listed, whatever became of it")
def deleted_is_still_sent() -> Patches:
    """Before a send the store's answer comes from a cache: a deleted refund is still paid."""
    cache: dict[str, StoreRefund] = {}

    async def cached(ports: Ports, refund: Refund) -> StoreRefund | None:
        found = await still_wanted(ports, refund)
        return cache.setdefault(refund.id, found) if found else cache.get(refund.id)

    return everywhere(still_wanted, cached)


@mistake(known="integrations that subscribe to creations only")
def deletion_ignored() -> Patches:
    """That the store deleted a refund is not heard."""

    async def deaf(*_: object) -> None:
        return

    return everywhere(withdraw, deaf)


@mistake(known="cancel buttons that change the record and ask nobody")
def cancelled_on_its_way() -> Patches:
    """A refund is cancelled although its money is on its way, or there."""
    row = {Event.STORE_WITHDREW: State.CANCELLED}
    way = {(state, State.CANCELLED) for state in WITH_THE_RAIL}
    return [
        *(patch.dict(TABLE[state], row) for state in WITH_THE_RAIL),
        patch.object(ledger, "_MOVES", ledger._MOVES | way),
    ]
