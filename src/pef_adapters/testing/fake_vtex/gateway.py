"""The payments gateway: what it wants of its provider, and what it makes of the answers.

Every wish is an `Ask` that is kept until it has ended; `Timetable` sends what is due. The
order of things is VTEX's own (platforms/vtex.md, sections 2 to 4). Refunds stand in
`refunding`, callbacks in `callbacks`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pef_adapters.testing.fake_vtex.bodies import Bodies
from pef_adapters.testing.fake_vtex.calling import Caller, Question, Reply
from pef_adapters.testing.fake_vtex.refunding import Refunding, next_try
from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.shop import Shop, new_id
from pef_adapters.testing.fake_vtex.state import Ask, Operation, Payment, VtexState
from pef_adapters.testing.fake_vtex.wire_json import Json, cents_said, write

_SHORT_WAIT, _HOUR, _FOUR_HOURS = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=4)
_DAY: Final = timedelta(days=1)
_RETRIED_FOR: Final = timedelta(days=7)
_NAMES_OF_IDS: Final[Mapping[str, str]] = {
    "settlements": "settleId",
    "refunds": "refundId",
    "cancellations": "cancellationId",
}


@dataclass(slots=True)
class Gateway:
    """Drives the provider for one account."""

    settings: VtexSettings
    state: VtexState
    now: Callable[[], datetime]
    shop: Shop
    caller: Caller
    bodies: Bodies
    refunding: Refunding

    # --- what it wants ------------------------------------------------------

    async def authorize(self, payment: Payment, times: int = 1) -> Ask:
        """Ask for a payment, `times` times in the same moment."""
        ask = self._new_ask("payments", payment, payment.value, payment.id)
        await self.at_once(ask, times)
        return ask

    def queue_authorization(self, payment: Payment) -> None:
        """Ask for a payment as soon as the timetable gets to it."""
        self._new_ask("payments", payment, payment.value, payment.id).due = self.now()

    async def settle(self, payment: Payment) -> None:
        """Ask for what is left of an approved payment, now."""
        ask = self._open_settlement(payment)
        if ask is not None:
            await self.perform(ask)

    async def cancel(self, payment: Payment, order_id: str = "") -> None:
        """Cancel what was not settled; the transaction ends `Canceled` whatever is answered."""
        self._close_asks(payment, "payments", "settlements")
        ask = self._new_ask("cancellations", payment, payment.value, order_id=order_id)
        payment.transaction_status = "Canceled"
        await self.perform(ask)

    async def refund(self, payment: Payment, value: int, order_id: str, times: int = 1) -> None:
        """Refund what was settled, `times` times in the same moment as different refunds."""
        await self.each_once(self.refunding.wanted(payment, value, order_id, times))

    async def inbound(self, payment: Payment, path: str, body: str) -> Reply:
        """Pass somebody's call on to the provider; `path` ends the route."""
        request_id = new_id()
        sent = write(self.bodies.inbound(payment, request_id, body))
        where = f"/payments/{payment.id}/{path}"
        return await self.caller.call(
            Question(operation="inbound", payment_id=payment.id, path=where, body=sent)
        )

    # --- sending ------------------------------------------------------------

    async def at_once(self, ask: Ask, times: int) -> list[Reply]:
        """Send the same body `times` times in the same moment; one asked to stop sends none."""
        return await self.each_once([ask] * times)

    async def each_once(self, asks: Sequence[Ask]) -> list[Reply]:
        """Send all of these in the same moment."""
        replies = await asyncio.gather(*(self.perform(ask) for ask in asks))
        return [reply for reply in replies if reply is not None]

    async def perform(self, ask: Ask) -> Reply | None:
        """Send an ask, and make what has to be made of the answer."""
        payment = self.state.payments[ask.payment_id]
        ask.due = None
        if ask.is_open and ask.operation == "payments" and self._waited_enough(payment):
            await self.cancel(payment)
            return None
        if not ask.body:
            ask.body = write(self._body(ask, payment))
        ask.tries += 1
        reply = await self.caller.call(self._question(ask))
        self._take(ask, payment, reply)
        self.shop.keep()
        return reply

    def _question(self, ask: Ask) -> Question:
        place = "" if ask.operation == "payments" else f"/{ask.payment_id}/{ask.operation}"
        return Question(
            operation=ask.operation,
            payment_id=ask.payment_id,
            path=f"/payments{place}",
            body=ask.body,
        )

    def _body(self, ask: Ask, payment: Payment) -> Json:
        if ask.operation == "payments":
            return self.bodies.payment(payment, self.state.orders_of(payment.group))
        if ask.operation == "settlements":
            ask.value = self._still_wanted(payment)
            return self.bodies.settlement(ask, payment)
        if ask.operation == "cancellations":
            return self.bodies.cancellation(ask, payment)
        return self.bodies.refund(ask, payment)

    # --- making something of the answers --------------------------------------

    def _take(self, ask: Ask, payment: Payment, reply: Reply) -> None:
        _compare_ids(ask, reply)
        if not ask.is_open:
            return
        if ask.operation == "payments":
            self._take_authorization(ask, payment, reply)
        elif ask.operation == "settlements":
            self._take_settlement(ask, payment, reply)
        elif ask.operation == "cancellations":
            self._take_cancellation(ask, payment, reply)
        else:
            self.refunding.take(ask, payment, reply)

    def _take_authorization(self, ask: Ask, payment: Payment, reply: Reply) -> None:
        if reply.is_done:
            self.apply(payment, reply.body)
        if ask.is_open:
            again = self.now() + _retry_wait(payment.cancel_after)
            ask.due = min(again, payment.cancel_at, payment.created + _RETRIED_FOR)

    def apply(self, payment: Payment, body: Json) -> None:
        """Replace what the provider said of a payment; what has ended stays as it is.

        Settle delays that are left out become a day (section 4).
        """
        if payment.status not in {"started", "undefined"}:
            return
        payment.tid = str(body.get("tid") or "")
        payment.authorization_id, payment.nsu = body.get("authorizationId"), body.get("nsu")
        payment.payment_url = body.get("paymentUrl") or payment.payment_url
        payment.metadata = body.get("connectorMetadata", payment.metadata)
        payment.settle_after = _seconds(body.get("delayToAutoSettle"), _DAY)
        payment.cancel_after = _seconds(body.get("delayToCancel"), payment.cancel_after)
        said = body.get("status")
        payment.status = said if said in {"approved", "denied"} else "undefined"
        payment.fields["authorizationConnectorResponse"] = write(body)
        if payment.status == "approved":
            self._approved(payment)
        elif payment.status == "denied":
            self._denied(payment)

    def _approved(self, payment: Payment) -> None:
        self._close_asks(payment, "payments", ended="done")
        payment.transaction_status = "Approved"
        for order in self.state.orders_of(payment.group):
            self.shop.set_status(order, "payment-approved")
        if not payment.suite:
            ask = self._new_ask("settlements", payment, payment.value)
            ask.due = self.now() + payment.settle_after

    def _denied(self, payment: Payment) -> None:
        self._close_asks(payment, "payments", ended="denied")
        payment.transaction_status = "Canceled"
        self._cancel_orders(payment, "payment denied")

    def _take_settlement(self, ask: Ask, payment: Payment, reply: Reply) -> None:
        # Known issue 615050: read even from an answer that counts as none.
        answer = reply.body
        if answer.get("code") == "refund-manually" and answer.get("settleId") is None:
            payment.refunds_twice = True
        if not reply.is_done:
            ask.due = next_try(ask, self.now())
            if ask.due is None:
                _end(ask, "given-up", self.now())
            return
        payment.status, payment.transaction_status = "settled", "Finished"
        payment.settle_id = str(answer.get("settleId") or "")
        payment.settled += cents_said(answer.get("value"))
        payment.fields["settlementConnectorResponse"] = write(answer)
        _end(ask, "done", self.now(), payment.settled)
        for order in self.state.orders_of(payment.group):
            self.shop.set_status(order, "ready-for-handling")

    def _take_cancellation(self, ask: Ask, payment: Payment, reply: Reply) -> None:
        if reply.is_done:
            payment.status = "cancelled"
            _end(ask, "done", self.now())
            self._cancel_orders(payment, "payment cancelled")
            return
        due = None if reply.is_by_hand else self.refunding.next_by_rule(ask)
        if due is not None:
            ask.due = due
            return
        _end(ask, "email-notification", self.now())
        payment.status = "cancelled"
        text = f"Cancele a mano el pago {payment.id}."
        self.shop.do_by_hand(ask.order_id or payment.group, text)
        self._cancel_orders(payment, "payment cancelled by hand")

    # --- its own books ----------------------------------------------------------

    def _new_ask(
        self,
        operation: Operation,
        payment: Payment,
        value: int,
        request_id: str = "",
        order_id: str = "",
    ) -> Ask:
        ask = Ask(
            id=self.state.next_number(),
            operation=operation,
            payment_id=payment.id,
            request_id=request_id or self.refunding.request_id(value, self.now()),
            value=value,
            created=self.now(),
            order_id=order_id,
        )
        self.state.asks.append(ask)
        return ask

    def _open_settlement(self, payment: Payment) -> Ask | None:
        asks = self.state.asks_of(payment, "settlements")
        return next((ask for ask in asks if ask.is_open), None)

    def _close_asks(
        self, payment: Payment, *operations: Operation, ended: str = "given-up"
    ) -> None:
        for operation in operations:
            for ask in self.state.asks_of(payment, operation):
                if ask.is_open:
                    _end(ask, ended, self.now())

    def _cancel_orders(self, payment: Payment, why: str) -> None:
        for order in self.state.orders_of(payment.group):
            self.shop.set_status(order, "canceled", why)

    def _still_wanted(self, payment: Payment) -> int:
        """What is left when some orders of the purchase were cancelled: VTEX settles less."""
        orders = self.state.orders_of(payment.group)
        return sum(order.value for order in orders if order.status != "canceled")

    def _waited_enough(self, payment: Payment) -> bool:
        return self.now() >= min(payment.cancel_at, payment.created + _RETRIED_FOR)


def _end(ask: Ask, how: str, at: datetime, value: int = 0) -> None:
    ask.ended, ask.ended_at, ask.ended_value, ask.due = how, at, value, None


def _compare_ids(ask: Ask, reply: Reply) -> None:
    """The same request may not be done twice: its identifier is the first answer's."""
    given = reply.body.get(_NAMES_OF_IDS.get(ask.operation, "")) if reply.is_done else None
    if given is None:
        return
    if ask.answered_id and given != ask.answered_id:
        reply.record.faults.append("the same request was answered with another identifier before")
    ask.answered_id = ask.answered_id or given
    ask.answer = ask.answer or reply.record.answer


def _retry_wait(cancel_after: timedelta) -> timedelta:
    """How long the gateway waits before it asks again for an `undefined` payment."""
    if cancel_after <= _HOUR:
        return _SHORT_WAIT
    return _HOUR if cancel_after < _DAY else _FOUR_HOURS


def _seconds(value: int | None, otherwise: timedelta) -> timedelta:
    return otherwise if value is None else timedelta(seconds=value)
