"""Write-back: what VTEX's order says about its refunds, after the gateway was answered.

The gateway's answer is what counts for VTEX; it can't be changed afterwards. So each step
stands on the order in words: in its history, or in VTEX DO's notes. Never asks VTEX to
refund: that would be one more refund (platforms/vtex.md, section 6).

Notes can be listed, so none is written twice. The history can't be read back: there a
line whose answer got lost is written again, with the same marker (at least once).
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from pef_adapters.core.errors import PlatformNonsense, PlatformUnreachable
from pef_adapters.platforms.contract import OrderReport, RefundLine, StoreConnection
from pef_vtex import exact_json
from pef_vtex.client import Answered, Api, Params, open_api, store_pair, usable_settings
from pef_vtex.crosscheck import orders_of
from pef_vtex.orders import Order
from pef_vtex.settings import Settings

SOURCE: Final = "PagoEfectivo"
MOST_NOTES: Final = 30
# A call is answered within two seconds or three.
ANSWERED_AFTER: Final = timedelta(seconds=5)
_MOST_LETTERS: Final = 2000


async def write_back(report: OrderReport, store: StoreConnection, now: datetime) -> None:
    """See `platforms.contract.Platform.write_back`; without keys for it nothing is written."""
    settings, pair = usable_settings(store), store_pair(store)
    lines = [line for line in report.lines if line.note is not None]
    if settings.order_writing == "none" or pair is None or not lines:
        return
    await _require_answered(lines, store, now)
    async with open_api(pair) as api:
        # A group that VTEX does not know (any more) has nobody to tell.
        for order in await orders_of(api, settings.api, report.order_id):
            for line in lines:
                await _write(line, order, settings, api)


async def _require_answered(lines: list[RefundLine], store: StoreConnection, now: datetime) -> None:
    """Nothing, where the gateway surely has its answer.

    It keeps a transaction in memory while it waits for one, and would write over what
    reaches the order meanwhile (section 3).

    Raises:
        PlatformUnreachable: the call for one of these refunds may still be served.
    """
    for line in lines:
        kept = await store.records.refund(line.refund_id) if store.records else None
        if kept is not None and now < kept.asked_at + ANSWERED_AFTER:
            raise PlatformUnreachable("VTEX is still being answered; its order is told after that")


async def _write(line: RefundLine, order: Order, settings: Settings, api: Api) -> None:
    if settings.order_writing == "notes":
        written = await _notes(order, settings, api)
        if any(_mark(line) in note for note in written):
            return
        if len(written) < MOST_NOTES:
            await _add_note(line, order, settings, api)
            return
        # No order takes more notes; its history takes any number.
    await _add_to_history(line, order, settings, api)


async def _add_to_history(line: RefundLine, order: Order, settings: Settings, api: Api) -> None:
    address = f"{settings.api}/api/oms/pvt/orders/{quote(order.order_id, safe='')}/interactions"
    await api.post(address, exact_json.write({"source": SOURCE, "message": _said(line)}))


async def _add_note(line: RefundLine, order: Order, settings: Settings, api: Api) -> None:
    target = {
        "id": order.order_id,
        "type": "order",
        "url": f"{settings.api}/admin/checkout/#/orders/{order.order_id}",
    }
    note = {"target": target, "domain": "oms", "description": _said(line)}
    await api.post(f"{settings.api}/api/do/notes", exact_json.write(note))


async def _notes(order: Order, settings: Settings, api: Api) -> tuple[str, ...]:
    """All notes of an order: it has no more than one page of them."""
    asked: Params = {"target.id": order.order_id, "perPage": MOST_NOTES}
    answered = await api.get(f"{settings.api}/api/do/notes", asked)
    return () if answered.missing else tuple(_descriptions(_plain(answered)))


def _plain(answered: Answered) -> Any:
    try:
        return exact_json.read(answered.body)
    except ValueError:
        raise PlatformNonsense("VTEX's notes of an order can't be read") from None


def _descriptions(said: Any) -> list[str]:
    """Every note's text: VTEX leaves the shape of this list undocumented.

    Without recursion, because what can be read can still be nested too deeply for that.
    """
    found, left = list[str](), [said]
    while left:
        match left.pop():
            case {"description": str() as text, **_rest}:
                found.append(text)
            case dict() as record:
                left += record.values()
            case list() as items:
                left += items
    return found


def _said(line: RefundLine) -> str:
    """The sentences with their marker, which is never cut off."""
    mark = _mark(line)
    return f"{(line.note or '')[: _MOST_LETTERS - len(mark) - 1]} {mark}"


def _mark(line: RefundLine) -> str:
    """The marker in brackets, so that no marker is the beginning of another."""
    return f"[{line.marker}]"
