"""The gateway's refunds: which it sends, how often, and what its books say of them.

VTEX's own texts contradict each other about a refund that was not answered 200; the mood
`refund_retry` picks the reading (platforms/vtex.md, section 3). Sends nothing itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pef_adapters.testing.fake_vtex.calling import Reply
from pef_adapters.testing.fake_vtex.shop import Refused, Shop, new_id
from pef_adapters.testing.fake_vtex.state import Action, Ask, Payment, VtexState
from pef_adapters.testing.fake_vtex.wire_json import cents_said, in_text, write

_FIRST_WAIT: Final = timedelta(minutes=1)
_RETRIED_FOR: Final = timedelta(days=1)
_MUCH_LATER: Final = timedelta(hours=25)
_MOST_DOUBLINGS: Final = 12
_NEVER_SENT: Final = "never-sent"


@dataclass(slots=True)
class Refunding:
    """The books of refunds for one account."""

    state: VtexState
    now: Callable[[], datetime]
    shop: Shop

    def wanted(self, payment: Payment, value: int, order_id: str, times: int) -> list[Ask]:
        """Write down `times` refunds of the same moment; gives those to be sent.

        Known issues are followed: a refund that never reaches the provider, and the
        earlier refund sent again in place of a later one.

        Raises:
            Refused: VTEX's own books leave less than that.
        """
        if value * times > self.left(payment):
            raise Refused("the value is more than what was settled and not refunded yet")
        moment = self.now()
        asks = [self.written(payment, value, order_id, at=moment) for _ in range(times)]
        return [sent for ask in asks for sent in self._sent_for(ask, payment)]

    def written(
        self,
        payment: Payment,
        value: int,
        order_id: str = "",
        *,
        at: datetime | None = None,
        request_id: str = "",
    ) -> Ask:
        """One more refund in the books, without asking what is left."""
        moment = at or self.now()
        ask = Ask(
            id=self.state.next_number(),
            operation="refunds",
            payment_id=payment.id,
            request_id=request_id or self.request_id(value, moment),
            value=value,
            created=moment,
            order_id=order_id,
        )
        self.state.asks.append(ask)
        return ask

    def left(self, payment: Payment) -> int:
        """What VTEX's books allow to be refunded, in cents."""
        asked = self.state.asks_of(payment, "refunds")
        return payment.settled - sum(ask.value for ask in asked)

    def request_id(self, value: int, at: datetime) -> str:
        """A request's id in the form of the day; the dated one repeats within a second."""
        if self.state.moods.request_ids == "hex":
            return new_id()
        return f"{at:%Y-%m-%dT%H:%M:%S}-{value}"

    def take(self, ask: Ask, payment: Payment, reply: Reply) -> None:
        """Close a refund by its answer, or say when it is asked for again."""
        if reply.body:
            payment.fields["refundingConnectorResponse"] = write(reply.body)
            ask.answer = reply.record.answer
        if reply.is_done:
            self._close(ask, "online", cents_said(reply.body.get("value")))
            return
        due = None if reply.is_by_hand else self.next_by_rule(ask)
        if due is not None:
            ask.due = due
            return
        if self.state.moods.paint_both:
            self._paint(ask, "online", ask.value)
        self._close(ask, "email-notification", ask.value)
        text = f"Devuelva a mano {payment.currency} {in_text(ask.value)} del pago {payment.id}."
        self.shop.do_by_hand(ask.order_id or payment.group, text)

    def next_by_rule(self, ask: Ask) -> datetime | None:
        """When a refund or cancellation is tried again under the reading in force."""
        rule = self.state.moods.refund_retry
        if rule == "for_a_day":
            return next_try(ask, self.now())
        return ask.created + _MUCH_LATER if rule == "later" and ask.tries == 1 else None

    def _sent_for(self, ask: Ask, payment: Payment) -> list[Ask]:
        moods = self.state.moods
        if moods.drop_refunds > 0:
            moods.drop_refunds -= 1
            self._close(ask, _NEVER_SENT, 0, painted=False)
            return []
        earlier = [a for a in self.state.asks_of(payment, "refunds") if a.id < ask.id and a.body]
        if moods.repeat_earlier_refund > 0 and earlier:
            moods.repeat_earlier_refund -= 1
            self._close(ask, _NEVER_SENT, 0, painted=False)
            return [earlier[-1]]
        if payment.refunds_twice:
            twin = self.written(payment, ask.value, ask.order_id, request_id=new_id())
            return [ask, twin]
        return [ask]

    def _close(self, ask: Ask, how: str, value: int, *, painted: bool = True) -> None:
        ask.ended, ask.ended_at, ask.ended_value, ask.due = how, self.now(), value, None
        if painted:
            self._paint(ask, how, value)

    def _paint(self, ask: Ask, kind: str, value: int) -> None:
        self.state.actions.append(
            Action(
                payment_id=ask.payment_id, at=self.now(), type=kind, value=value, answer=ask.answer
            )
        )


def next_try(ask: Ask, now: datetime) -> datetime | None:
    """The next try within a day of the first, each wait twice as long; None when it is over."""
    due = now + _FIRST_WAIT * 2 ** min(ask.tries - 1, _MOST_DOUBLINGS)
    return due if due <= ask.created + _RETRIED_FOR else None
