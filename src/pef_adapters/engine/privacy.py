"""What privacy laws ask of us, by way of a platform: tell, erase a buyer, erase a store.

Erased is who somebody is; kept is what was paid, when and why, because tax law and every
dispute need that for years. Both are recorded, case by case.
"""

from dataclasses import replace
from typing import Any

from pef_adapters.engine.departures import has_left
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Alarm, PrivacyCase, Store
from pef_adapters.platforms.contract import PrivacyKind, PrivacyRequest

_KEPT_BY_LAW = "code.KEPT_BY_LAW"
_MOST = 1_000


async def digest_privacy(ports: Ports, store: Store, request: PrivacyRequest) -> str:
    """Do what was asked, once, and keep on record what was erased and what was kept."""
    now = ports.clock.now()
    case = PrivacyCase(
        id=request.request_id,
        store_id=store.id,
        kind=request.kind,
        buyers=request.buyers,
        order_ids=request.order_ids,
        received_at=now,
    )
    async with ports.book.begin() as ledger:
        if not await ledger.add_privacy_case(case):
            return "known"
        if case.kind is PrivacyKind.ERASE_STORE and not has_left(store):
            # It was connected again meanwhile: its data is in use.
            erased: dict[str, Any] = {}
        else:
            erased = await _erase(ledger, case)
        kept = {"refunds": await _refunds_of(ledger, case), "why": _KEPT_BY_LAW}
        await ledger.end_privacy_case(replace(case, done_at=now, erased=erased, kept=kept))
        if case.kind is PrivacyKind.TELL:
            await ledger.raise_alarm(_to_be_told(replace(case, kept=kept)))
    return f"privacy: {case.kind}"


async def _erase(ledger: Ledger, case: PrivacyCase) -> dict[str, Any]:
    if case.kind is PrivacyKind.ERASE_BUYER:
        return dict(await ledger.erase_buyer(case.store_id, case.buyers, case.order_ids))
    if case.kind is PrivacyKind.ERASE_STORE:
        return dict(await ledger.erase_store(case.store_id))
    return {}


async def _refunds_of(ledger: Ledger, case: PrivacyCase) -> int:
    """How many refunds stay on record that the request is about."""
    if case.kind is PrivacyKind.ERASE_STORE:
        return len(await ledger.list_refunds(store_id=case.store_id, limit=_MOST))
    found = [await ledger.refunds_of_order(case.store_id, order) for order in case.order_ids]
    return sum(map(len, found))


def _to_be_told(case: PrivacyCase) -> Alarm:
    """A person at the store has to answer its buyer; `pef privacy show` tells with what."""
    return Alarm(
        key=f"privacy/{case.store_id}/{case.id}",
        subject=f"store/{case.store_id}",
        code="code.PRIVACY_TELL",
        figures={"store": case.store_id},
        raised_at=case.received_at,
    )
