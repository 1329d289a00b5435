"""What privacy laws ask of us, by way of a platform: tell, erase a buyer, erase a store.

Erased is who somebody is; kept is what was paid, when and why, because tax law and every
dispute need that for years. Both are recorded, case by case. While a refund of the buyer
is under way, erasing waits for its end, but never longer than the law lets it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pef_adapters.core.states import CARE
from pef_adapters.engine.departures import has_left
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Alarm, PrivacyCase, Refund, Store
from pef_adapters.platforms.contract import PrivacyKind, PrivacyRequest

_KEPT_BY_LAW = "code.KEPT_BY_LAW"
_MOST = 1_000
# Platforms and laws give thirty days.
_WAITS_AT_MOST = timedelta(days=25)


async def digest_privacy(ports: Ports, store: Store, request: PrivacyRequest) -> str:
    """Take a request in, once, and do what can be done of it now."""
    case = PrivacyCase(
        id=request.request_id,
        store_id=store.id,
        kind=request.kind,
        buyers=request.buyers,
        order_ids=request.order_ids,
        received_at=ports.clock.now(),
    )
    async with ports.book.begin() as ledger:
        if not await ledger.add_privacy_case(case):
            return "known"
        done = await _finish(ledger, case, ports.clock.now())
    return f"privacy: {case.kind}{'' if done else ', waits'}"


async def finish_open_cases(ports: Ports) -> None:
    """Do what had to wait for refunds under way; safe to repeat."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        for case in await ledger.privacy_cases():
            if case.done_at is None:
                await _finish(ledger, case, now)


async def _finish(ledger: Ledger, case: PrivacyCase, now: datetime) -> bool:
    """Whether the case has ended, with what was erased and what was kept on record."""
    refunds = await _refunds_of(ledger, case)
    waits = case.kind is not PrivacyKind.TELL and any(not CARE[r.state].final for r in refunds)
    if waits and now < case.received_at + _WAITS_AT_MOST:
        return False
    erased = await _erase(ledger, case)
    count = max(len(refunds), erased.get("refunds", 0))
    kept = {"refunds": count, "why": _KEPT_BY_LAW}
    await ledger.end_privacy_case(replace(case, done_at=now, erased=erased, kept=kept))
    if case.kind is PrivacyKind.TELL:
        await ledger.raise_alarm(_to_be_told(case, now))
    return True


async def _erase(ledger: Ledger, case: PrivacyCase) -> dict[str, Any]:
    if case.kind is PrivacyKind.ERASE_BUYER:
        return dict(await ledger.erase_buyer(case.store_id, case.buyers, case.order_ids))
    store = await ledger.store(case.store_id)
    if case.kind is PrivacyKind.ERASE_STORE and store is not None and has_left(store):
        return dict(await ledger.erase_store(case.store_id))
    # A question, or a store that was connected again meanwhile: its data is in use.
    return {}


async def _refunds_of(ledger: Ledger, case: PrivacyCase) -> list[Refund]:
    """The refunds that stay on record, as far as the request names them."""
    if case.kind is PrivacyKind.ERASE_STORE:
        return await ledger.list_refunds(store_id=case.store_id, limit=_MOST)
    found = [await ledger.refunds_of_order(case.store_id, order) for order in case.order_ids]
    return [refund for refunds in found for refund in refunds]


def _to_be_told(case: PrivacyCase, now: datetime) -> Alarm:
    """A person at the store has to answer its buyer; `pef privacy show` tells with what."""
    return Alarm(
        key=f"privacy/{case.store_id}/{case.id}",
        subject=f"store/{case.store_id}",
        code="code.PRIVACY_TELL",
        figures={"store": case.store_id},
        raised_at=now,
    )
