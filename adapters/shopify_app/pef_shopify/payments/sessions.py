"""What Shopify is told about its sessions: a payment waits, or one of two ends, once.

Of resolve and reject the first wins and the other fails for ever; a repeat of the same one
succeeds (platforms/shopify.md, section 1). So telling is safe to repeat, and an end that
Shopify holds otherwise is for a person, never for another try.
"""

import textwrap
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio
from pydantic import JsonValue

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused
from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import Checkout, CheckoutState
from pef_adapters.platforms.contract import OrderReport, Outcome, RefundLine, StoreConnection
from pef_adapters.platforms.kept import records_of
from pef_shopify.client import Sleep
from pef_shopify.payments.client import PaymentsApi, open_payments_api
from pef_shopify.payments.wire import Code, Told, ToldAnswer

_PENDING_LASTS: Final = timedelta(days=3)  # as Shopify recommends; much later is refused
# A payment of the last minute is told a little later, and must still find the order waiting.
_MARGIN: Final = timedelta(hours=2)
CIP_LASTS: Final = _PENDING_LASTS - _MARGIN
"""How long a buyer may pay, so that Shopify still waits when we hear of it."""

# No page says how long a merchant's message may be.
_LETTERS: Final = 250
_BUYER: Final = "BUYER_ACTION_REQUIRED"
_REFUND_FAILED: Final = "PROCESSING_ERROR"
_PAYMENT_CANCELLED: Final = "CANCELLED_PAYMENT"
_HELD: Final = {
    Code.RESOLVED: (
        "Shopify holds this refund as failed for good, but the money went back to the buyer: "
        "note that on the order, and don't press the refund again"
    ),
    Code.REJECTED: (
        "Shopify does not take the refund as failed, so it holds it as done, but the money did "
        "not go back to the buyer: pay the buyer another way, and note that on the order"
    ),
}


# --- refunds ---------------------------------------------------------------------


async def write_back(
    report: OrderReport, store: StoreConnection, sleep: Sleep = anyio.sleep
) -> None:
    """See `platforms.contract.Platform.write_back`; only ends are told, there are no notes."""
    ended = [line for line in report.lines if line.outcome is not None]
    if not ended:
        return
    async with open_payments_api(store, sleep) as api:
        for line in ended:
            await _end_refund(line, store, api)


async def _end_refund(line: RefundLine, store: StoreConnection, api: PaymentsApi) -> None:
    kept = await records_of(store).refund(line.refund_id)
    gid = (kept.private if kept else {}).get("gid") or _gid("RefundSession", line.refund_id)
    if line.outcome is Outcome.REFUNDED:
        told = await _told(api, "refund_resolve", id=gid)
        _require(told, Code.RESOLVED, _HELD[Code.RESOLVED])
        return
    reason: JsonValue = {"code": _REFUND_FAILED, "merchantMessage": _shortened(line.note)}
    told = await _told(api, "refund_reject", id=gid, reason=reason)
    _require(told, Code.REJECTED, _HELD[Code.REJECTED])


# --- payments ---------------------------------------------------------------------


async def tell_payment(
    checkout: Checkout, store: StoreConnection, sleep: Sleep = anyio.sleep
) -> None:
    """See `platforms.provider.Provider.tell_payment`."""
    tell = _TELL.get(checkout.state)
    if tell is None:
        return
    gid = checkout.private.get("gid") or _gid("PaymentSession", checkout.payment_id)
    async with open_payments_api(store, sleep) as api:
        await tell(api, gid, checkout, store.language)


async def _waits(api: PaymentsApi, gid: str, checkout: Checkout, _: str) -> None:
    until = _iso(pending_until(checkout))
    told = await _told(api, "payment_pending", id=gid, pendingExpiresAt=until, reason=_BUYER)
    _require(told, Code.PENDING, "Shopify does not let this payment wait for its buyer")


async def _paid(api: PaymentsApi, gid: str, _checkout: Checkout, _language: str) -> None:
    told = await _told(api, "payment_resolve", id=gid)
    _require(
        told,
        Code.RESOLVED,
        "the buyer paid, but Shopify does not take the payment any more: find out whether the "
        "order still stands, and pay the buyer back unless you deliver it",
    )


async def _unpaid(api: PaymentsApi, gid: str, checkout: Checkout, language: str) -> None:
    said = explain(f"payment.{checkout.state}", language)
    reason: JsonValue = {"code": _PAYMENT_CANCELLED, "merchantMessage": said}
    told = await _told(api, "payment_reject", id=gid, reason=reason)
    _require(
        told,
        Code.REJECTED,
        "nothing was paid, but Shopify does not take the payment as failed: compare the order "
        "with PagoEfectivo before you deliver it",
    )


_Tell = Callable[[PaymentsApi, str, Checkout, str], Awaitable[None]]
_TELL: Final[dict[CheckoutState, _Tell]] = {
    CheckoutState.WAITING: _waits,
    CheckoutState.PAID: _paid,
    CheckoutState.EXPIRED: _unpaid,
    CheckoutState.CANCELLED: _unpaid,
}


def pending_until(checkout: Checkout) -> datetime:
    """Until when Shopify waits: a little longer than the CIP lives, within what it takes."""
    most = checkout.created_at + _PENDING_LASTS
    return min(checkout.expires_at + _MARGIN, most) if checkout.expires_at else most


# --- both --------------------------------------------------------------------------


async def _told(api: PaymentsApi, name: str, **variables: JsonValue) -> Told:
    """The answer to a mutation about a session.

    Raises:
        PlatformNonsense: Shopify says neither that it did something nor why it did not.
    """
    told = (await api.ask(name, ToldAnswer, **variables)).told
    if told is None or (told.code is None and not told.user_errors):
        raise PlatformNonsense("Shopify does not say what became of the session")
    return told


def _require(told: Told, wanted: Code, otherwise: str) -> None:
    """The session stands where we wanted it, be it since now or since an earlier try.

    Raises:
        PlatformRefused: it does not; `otherwise` says what a person has to do.
    """
    if told.code == wanted:
        return
    said = "; ".join(map(str, told.user_errors)) or f"the session is {told.code}"
    raise PlatformRefused(f"{otherwise} (Shopify says: {said[:_LETTERS]})")


def _gid(kind: str, session_id: str) -> str:
    """The session's name where what we kept of it was erased: it holds the same id."""
    return f"gid://shopify/{kind}/{session_id}"


def _shortened(note: str | None) -> str | None:
    return None if note is None else textwrap.shorten(note, _LETTERS, placeholder="…")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
