"""PagoEfectivo as the engine's rail: asks, checks the answer, names the result.

Owns the translation between wire words and the engine's. It must never call an
answer a result unless id, amount, currency and transaction are those asked for.
"""

import hashlib
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from pef_adapters.core.errors import AnsweredNo, AnsweredNonsense, PefError
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import (
    Clock,
    RailCip,
    RailPayment,
    RailRefund,
    RailRefusal,
    RailStatus,
    Refusal,
)
from pef_adapters.engine.records import Account, Attempt, Checkout
from pef_adapters.pagoefectivo.auth import Authorizer
from pef_adapters.pagoefectivo.checkout_cips import can_be_cip, checked_cip, order_of
from pef_adapters.pagoefectivo.client import PagoEfectivoClient
from pef_adapters.pagoefectivo.codes import INVALID_VALUE, refusal_of
from pef_adapters.pagoefectivo.evidence import Evidence, Recorder
from pef_adapters.pagoefectivo.keys import keep_apart
from pef_adapters.pagoefectivo.settings import (
    AccountSettings,
    Credentials,
    TransactionReference,
)
from pef_adapters.pagoefectivo.transport import Transport
from pef_adapters.pagoefectivo.wire import CipRecord, CipState, RefundOrder, RefundRecord

HttpFactory = Callable[[Account], httpx.AsyncBaseTransport]

STATUSES = {
    "RECEIVED": RailStatus.ACCEPTED,
    "AWAITING_BENEFICIARY": RailStatus.ACCEPTED,
    "PENDING_APPROVAL": RailStatus.ACCEPTED,
    "MANUAL_REQUIRED": RailStatus.ACCEPTED,
    "PROCESSING": RailStatus.ACCEPTED,
    "REFUNDED": RailStatus.REFUNDED,
    "REJECTED": RailStatus.REFUSED,
    "EXPIRED": RailStatus.REFUSED,
    "CANCELLED": RailStatus.REFUSED,
    "RETURNED": RailStatus.RETURNED,
}
_OVER = frozenset({CipState.EXPIRED, CipState.DELETED})
_REASON_LETTERS, _SHOWN_LETTERS = 200, 40


class PagoEfectivoRail:
    """The engine's `Rail` for one merchant account."""

    def __init__(self, client: PagoEfectivoClient, settings: AccountSettings) -> None:
        self._client = client
        self._reference = settings.transaction_reference
        self._defaults = settings.cip_defaults

    async def find_payment(self, transaction_id: str) -> RailPayment | None:
        """The payment behind a CIP (or transaction code), paid or not.

        Raises:
            RailError: could not be asked, or answered about something else.
        """
        if self._reference is TransactionReference.TRANSACTION_CODE:
            return _payment(await self._coded(transaction_id), transaction_id, "transaction_code")
        if not can_be_cip(transaction_id):
            return None
        found = await self._client.search_cips([transaction_id])
        return _payment([cip for cip in found if cip.known], transaction_id, "cip")

    async def create_payment(self, checkout: Checkout, email: str) -> RailCip:
        """Make a CIP under the checkout's id. WRITES outside; twice makes two CIPs.

        Raises:
            InvalidInput: PagoEfectivo can't take such a payment; nothing was asked.
            NotSent: provably nothing happened.
            AnsweredNo: refused.
            MaybeSent, AnsweredNonsense: a CIP may be there that nobody was shown.
        """
        created = await self._client.create_cip(order_of(checkout, email, self._defaults))
        return checked_cip(created, checkout, self._reference)

    async def cancel_payment(self, transaction_id: str) -> None:
        """Withdraw a CIP that nobody paid. WRITES outside; repeating it is harmless.

        Raises:
            AnsweredNo: it is paid, over already, or not known.
            RailError: perhaps withdrawn.
        """
        number = transaction_id
        if self._reference is TransactionReference.TRANSACTION_CODE:
            number = next((cip.cip or "" for cip in await self._coded(transaction_id)), "")
        if not can_be_cip(number):
            raise AnsweredNo(f"PagoEfectivo knows no CIP {transaction_id[:_SHOWN_LETTERS]}")
        await self._client.delete_cip(number)

    async def send(self, attempt: Attempt) -> RailRefund | RailRefusal:
        """Ask for the refund, under the attempt's id. WRITES outside.

        Raises:
            NotSent: provably nothing happened.
            MaybeSent, AnsweredNonsense: anything may have happened.
        """
        try:
            record = await self._client.create_refund(_order(attempt))
        except ValidationError as error:
            return _unsendable(error)
        except AnsweredNo as refusal:
            return _refusal(refusal)
        return checked(record, attempt)

    async def find_refund(self, attempt: Attempt) -> RailRefund | None:
        """The refund under the attempt's id, or None where the rail does not know it.

        Raises:
            RailError: could not be asked, or the answer is not about this attempt.
        """
        found = await self._client.refunds_named(attempt.merchant_refund_id)
        if len(found) > 1:
            raise AnsweredNonsense("the rail has several refunds under one id")
        return checked(found[0], attempt) if found else None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _coded(self, transaction_code: str) -> list[CipRecord]:
        found = await self._client.search([{"transactionCode": transaction_code}])
        return [cip for cip in found if cip.known]


class PagoEfectivoRails:
    """The engine's `Rails`: one client per account and key, kept until `aclose`."""

    def __init__(self, clock: Clock, record: Recorder, http: HttpFactory | None = None) -> None:
        self._clock = clock
        self._record = record
        self._http = http
        self._rails: dict[str, PagoEfectivoRail] = {}

    def of(self, account: Account) -> PagoEfectivoRail:
        """The rail of an account; changed keys or settings give a new one.

        Raises:
            SettingInvalid: a setting or key can't be used.
            KeysMixed: keys, mode and host belong to different worlds.
        """
        mark = _fingerprint(account)
        if mark not in self._rails:
            self._rails[mark] = self._build(account)
        return self._rails[mark]

    async def aclose(self) -> None:
        """Close every connection."""
        rails, self._rails = self._rails, {}
        for rail in rails.values():
            await rail.aclose()

    def _build(self, account: Account) -> PagoEfectivoRail:
        settings, keys = AccountSettings.of(account), Credentials.of(account)
        access_key, secret = keys.access_key.get_secret_value(), keys.secret_key.get_secret_value()
        keep_apart(account.mode, account.base_url, access_key)
        evidence = Evidence(account.id, self._clock, self._record, (access_key, secret))
        http = self._http(account) if self._http else None
        transport = Transport(account.base_url, settings.timeouts, evidence, http)
        authorizer = Authorizer(transport, self._clock, keys, settings)
        client = PagoEfectivoClient(transport, authorizer, settings)
        return PagoEfectivoRail(client, settings)


def checked(record: RefundRecord, attempt: Attempt) -> RailRefund:
    """The rail's record as the engine's, once it is proved to be about this attempt.

    Raises:
        AnsweredNonsense: another id, amount, currency or transaction, or an unknown state.
    """
    agrees = {
        "merchant_refund_id": record.merchant_refund_id == attempt.merchant_refund_id,
        "original_transaction_id": record.original_transaction_id == attempt.transaction_id,
        "currency": record.currency == attempt.amount.currency,
        "refund_amount": record.refund_amount == attempt.amount.decimal,
        "status": record.status in STATUSES,
    }
    wrong = [name for name, is_right in agrees.items() if not is_right]
    if wrong:
        raise AnsweredNonsense(f"the answer's {', '.join(wrong)} is not what was asked")
    return RailRefund(
        merchant_refund_id=record.merchant_refund_id,
        rail_refund_id=record.refund_id,
        status=STATUSES[record.status],
        status_word=record.status,
        expected_on=record.estimated_payment_date,
    )


def _order(attempt: Attempt) -> RefundOrder:
    return RefundOrder(
        original_transaction_id=attempt.transaction_id,
        refund_amount=attempt.amount.decimal,
        currency=attempt.amount.currency,
        merchant_refund_id=attempt.merchant_refund_id,
        reason=attempt.reason[:_REASON_LETTERS],
    )


def _unsendable(error: ValidationError) -> RailRefusal:
    """What the contract rules out is not sent at all; 113 is the rail's "invalid value"."""
    place = ".".join(map(str, error.errors()[0]["loc"]))
    return RailRefusal(refusal=Refusal.FINAL, code=INVALID_VALUE, text=place)


def _refusal(no: AnsweredNo) -> RailRefusal:
    return RailRefusal(
        refusal=refusal_of(no.rail_code, no.status), code=no.rail_code, text=no.rail_text
    )


def _payment(found: list[CipRecord], asked: str, field: str) -> RailPayment | None:
    if not found:
        return None
    if field == "transaction_code":
        found = _the_payment(found)
    cip = found[0]
    own = getattr(cip, field) or ""
    same = own == asked if field == "transaction_code" else own.lstrip("0") == asked.lstrip("0")
    if len(found) > 1 or not same:
        raise AnsweredNonsense(f"the answer's {field} is not what was asked")
    if cip.amount is None or cip.currency is None:
        raise AnsweredNonsense("the answer names no amount")
    if cip.status == CipState.PAID and cip.date_payment is None:
        raise AnsweredNonsense("a paid CIP without its payment date")
    return RailPayment(
        transaction_id=own,
        amount=_money(cip),
        paid_at=cip.date_payment if cip.status == CipState.PAID else None,
        over=cip.status in _OVER,
    )


def _the_payment(found: list[CipRecord]) -> list[CipRecord]:
    """Of several CIPs under one code the paid one counts, for a lost answer can leave a spare.

    Two that are paid stay two: a person has to see that.
    """
    paid = [cip for cip in found if cip.status == CipState.PAID]
    waiting = [cip for cip in found if cip.status not in _OVER]
    return found if len(paid) > 1 else (paid or waiting or found)[:1]


def _money(cip: CipRecord) -> Money:
    try:
        return Money.parse(cip.amount or 0, cip.currency or "")
    except PefError:
        raise AnsweredNonsense("the answer's amount can't be read") from None


def _fingerprint(account: Account) -> str:
    """Changes with anything the client is built from; shows none of it."""
    secrets = sorted(account.secrets.items())
    parts = (account.id, account.mode, account.base_url, account.service_id, secrets)
    settings = sorted(account.settings.items())
    return hashlib.sha256(repr((*parts, settings)).encode()).hexdigest()
