"""The payments platform: it asks a payments app for payments and refunds, and keeps its word.

Shopify POSTs a session and wants 201 with nothing in it; the app answers for good later, by
a mutation. The first outcome wins, a repeat of it succeeds, and no query tells (section 1).
"""

import base64
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Literal

import httpx

from pef_adapters.testing.fake_shopify.app_records import PaymentSession, RefundSession
from pef_adapters.testing.fake_shopify.courier import Courier
from pef_adapters.testing.fake_shopify.settings import PaymentsExtension, ShopifyApp, ShopSettings
from pef_adapters.testing.fake_shopify.shop import NewOrder, Shop
from pef_adapters.testing.fake_shopify.state import Order, ShopState, Transaction
from pef_adapters.testing.fake_shopify.wire import Json, amount, body_bytes, gid

_TIMEOUT: Final = 15.0
_BUYER: Final = {
    "given_name": "Ana",
    "family_name": "Quispe Ñahui",
    "line1": "Jr. Unión 123",
    "city": "Lima",
    "postal_code": "15001",
    "province": "Lima",
    "country_code": "PE",
    "phone_number": "+51999888777",
}
SessionOutcome = Literal["resolved", "rejected"]


class NoPaymentsApp(Exception):
    """No payments app is installed and ready at this shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A buyer at the checkout who chooses the payments app."""

    amount: Decimal
    currency: str = "PEN"
    email: str = "cliente@example.test"
    test: bool = False
    locale: str = "es-PE"


@dataclass(slots=True)
class PaymentsPlatform:
    """Sessions of this shop. `shop` is set once both stand, for each needs the other."""

    settings: ShopSettings
    state: ShopState
    now: Callable[[], datetime]
    shop: Shop = field(init=False)
    courier: Courier[RefundSession] = field(init=False)

    def __post_init__(self) -> None:
        self.courier = Courier(self._waiting, self._send_refund, self.now)

    async def start_payment(self, wanted: NewPayment) -> PaymentSession:
        """Ask the app to take a payment; its answer says where the buyer goes.

        Raises:
            NoPaymentsApp: there is nobody to ask.
        """
        app, _ = self._payments_app()
        session = PaymentSession(
            id=secrets.token_urlsafe(18),
            client_id=app.client_id,
            amount=wanted.amount,
            currency=wanted.currency,
            email=wanted.email,
            test=wanted.test,
            locale=wanted.locale,
            proposed=self.now(),
        )
        self.state.payments[session.id] = session
        await self.send_payment(session)
        return session

    async def send_payment(self, session: PaymentSession) -> int | None:
        """Send a payment session, again with the same id where it was sent before."""
        extension = self._extension(session.client_id)
        url, body = extension.payment_session_url, self._payment_body(session)
        answer = await self._post(url, body, extension.api_version)
        if answer is not None and answer.is_success:
            session.redirect_url = _redirect_url(answer)
        self.shop.keep()
        return None if answer is None else answer.status_code

    def ask_refund(self, order: Order, transaction: Transaction) -> None:
        """Open a refund session for a pending refund; it is sent in the background."""
        payment = self.state.payments[order.session_id or ""]
        session = RefundSession(
            id=secrets.token_urlsafe(18),
            client_id=payment.client_id,
            order_id=order.id,
            transaction_id=transaction.id,
            payment_id=payment.id,
            amount=transaction.amount,
            currency=transaction.currency,
            test=payment.test,
            locale=payment.locale,
            proposed=self.now(),
            due=self.now(),
        )
        transaction.session_id = session.id
        self.state.refund_sessions[session.id] = session
        self.courier.wake()

    async def send_refund(self, session: RefundSession) -> int | None:
        """Send a refund session once; says the app's status, None where none came."""
        extension = self._extension(session.client_id)
        url, body = extension.refund_session_url, self._refund_body(session)
        answer = await self._post(url, body, extension.api_version)
        session.tries.append(None if answer is None else answer.status_code)
        if answer is not None and _taken(answer):
            session.sent = "sent"
        return session.tries[-1]

    def pend_payment(self, session: PaymentSession, expires: datetime, reason: str) -> None:
        """The buyer has to pay elsewhere: the order exists now, unpaid."""
        session.state, session.pending_expires, session.reason = "pending", expires, reason
        self._order(session, paid=False)
        self.shop.keep()

    def end_payment(self, session: PaymentSession, outcome: SessionOutcome) -> None:
        """The payment succeeded or failed, for good."""
        session.state = outcome
        order = self.state.orders.get(session.order_id or 0)
        if order is not None:
            status: Literal["success", "failure"] = (
                "success" if outcome == "resolved" else "failure"
            )
            self.shop.settle(order, order.transactions[0], status)
        elif outcome == "resolved":
            self._order(session, paid=True)
        self.shop.keep()

    def end_refund(
        self, session: RefundSession, outcome: SessionOutcome, message: str | None
    ) -> None:
        """The refund's money arrived, or never will."""
        session.state, session.merchant_message = outcome, message
        order = self.state.orders.get(session.order_id)
        transaction = order.transaction(session.transaction_id) if order else None
        if order is not None and transaction is not None:
            transaction.message = message or ""
            self.shop.settle(order, transaction, "success" if outcome == "resolved" else "failure")
        self.shop.keep()

    def return_url(self, session: PaymentSession) -> str:
        """Where the app sends the buyer after the payment."""
        return f"{self.settings.home}/checkouts/{session.id}/return"

    def _order(self, session: PaymentSession, *, paid: bool) -> None:
        wanted = NewOrder(
            total=session.amount,
            gateway=self._extension(session.client_id).merchant_label,
            manual=False,
            paid=paid,
            currency=session.currency,
            session_id=session.id,
            email=session.email,
            test=session.test,
        )
        session.order_id = self.shop.place_order(wanted).id

    def _payments_app(self) -> tuple[ShopifyApp, PaymentsExtension]:
        for client_id, install in self.state.installs.items():
            app = self.state.apps[client_id]
            if app.payments and install.ready:
                return app, app.payments
        raise NoPaymentsApp("No payments app is installed and ready at this shop.")

    def _extension(self, client_id: str) -> PaymentsExtension:
        extension = self.state.apps[client_id].payments
        if extension is None:
            raise NoPaymentsApp("The app has no payments extension any more.")
        return extension

    def _waiting(self) -> list[RefundSession]:
        return [s for s in self.state.refund_sessions.values() if s.sent == "waiting"]

    async def _send_refund(self, session: RefundSession) -> None:
        await self.send_refund(session)
        waits, tried = self.settings.session_retry_seconds, len(session.tries)
        if session.sent == "waiting" and tried > len(waits):
            session.sent = "failed"
        elif session.sent == "waiting":
            session.due = self.now() + timedelta(seconds=waits[tried - 1])
        self.shop.keep()

    async def _post(self, url: str, body: Json, version: str) -> httpx.Response | None:
        headers = {
            "Content-Type": "application/json",
            "Shopify-Shop-Domain": self.settings.domain,
            "Shopify-Request-Id": secrets.token_hex(16),
            "Shopify-Api-Version": version,
        }
        async with httpx.AsyncClient(timeout=_TIMEOUT, verify=self._tls()) as client:
            try:
                return await client.post(url, content=body_bytes(body), headers=headers)
            except httpx.HTTPError:
                return None

    def _tls(self) -> ssl.SSLContext:
        """The client certificate by which Shopify proves itself, where one is given."""
        context = ssl.create_default_context(cafile=self.settings.server_ca)
        if self.settings.client_certificate:
            context.load_cert_chain(self.settings.client_certificate, self.settings.client_key)
        return context

    def _payment_body(self, session: PaymentSession) -> Json:
        cancel = f"{self.settings.home}/checkouts/{session.id}"
        group = base64.b64encode(session.id.encode()).decode()
        return _session_body("PaymentSession", session) | {
            "group": group,
            "kind": "sale",
            "payment_method": {"type": "offsite", "data": {"cancel_url": cancel}},
            "customer": {
                "email": session.email,
                "phone_number": _BUYER["phone_number"],
                "locale": session.locale,
                "billing_address": dict(_BUYER),
                "shipping_address": dict(_BUYER),
            },
        }

    def _refund_body(self, session: RefundSession) -> Json:
        return _session_body("RefundSession", session) | {"payment_id": session.payment_id}


def _session_body(kind: str, session: PaymentSession | RefundSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "gid": gid(kind, session.id),
        "amount": amount(session.amount, session.currency),
        "currency": session.currency,
        "test": session.test,
        "merchant_locale": session.locale,
        "proposed_at": session.proposed.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def _taken(answer: httpx.Response) -> bool:
    """Whether Shopify is content with the answer to a refund session."""
    return answer.status_code == HTTPStatus.CREATED and answer.content.strip() in {b"", b"{}"}


def _redirect_url(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    url = body.get("redirect_url") if isinstance(body, dict) else None
    return url if isinstance(url, str) else None
