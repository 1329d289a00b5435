"""Where a provider tells how a payment ended: the callback address, exactly as it was given.

Takes a callback only with its own signature and the partner's keys; what arrives while
the provider still owes the gateway an answer is overwritten by that answer (the known
"stuck in Authorized", platforms/vtex.md, section 3).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from pef_adapters.testing.fake_vtex.answers import callback_faults
from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.state import CallbackRecord, Payment, VtexState
from pef_adapters.testing.fake_vtex.wire_json import Json, read

TAKEN = "taken"


@dataclass(slots=True)
class Callbacks:
    """The gateway's ear. `heard` is set for a payment once a callback was taken."""

    settings: VtexSettings
    state: VtexState
    now: Callable[[], datetime]
    gateway: Gateway
    wake: Callable[[], None]
    heard: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    def arrive(self, payment: Payment, url: str, keys: tuple[str, str], body: bytes) -> int:
        """One callback; answers the HTTP status."""
        status, verdict = self._judged(payment, url, keys, body)
        record = CallbackRecord(
            at=self.now(),
            payment_id=payment.id,
            body=body.decode(errors="replace"),
            verdict=verdict,
            status=status,
        )
        self.state.callbacks.append(record)
        if verdict == TAKEN:
            self._take(payment, body)
        return status

    def _judged(
        self, payment: Payment, url: str, keys: tuple[str, str], body: bytes
    ) -> tuple[int, str]:
        if self.state.moods.refuse_callbacks > 0:
            self.state.moods.refuse_callbacks -= 1
            return HTTPStatus.INTERNAL_SERVER_ERROR, "refused by a mood"
        if url != self.gateway.bodies.callback_url(payment):
            return HTTPStatus.FORBIDDEN, "not the address exactly as it was given"
        if keys != (self.settings.partner_key, self.settings.partner_token):
            return HTTPStatus.FORBIDDEN, "not the partner's keys"
        faults = [] if self.settings.callback == "retry" else _faults(payment, body)
        if faults:
            return HTTPStatus.BAD_REQUEST, "; ".join(faults)
        if self.gateway.caller.in_flight[payment.id]:
            return HTTPStatus.OK, "overwritten: a call to the provider is still unanswered"
        return HTTPStatus.OK, TAKEN

    def _take(self, payment: Payment, body: bytes) -> None:
        if self.settings.callback == "retry":
            self._ask_again(payment)
        else:
            self.gateway.apply(payment, read(body))
        self.heard[payment.id].set()
        self.gateway.shop.keep()

    def _ask_again(self, payment: Payment) -> None:
        """The provider has news: the gateway asks once the callback has been answered."""
        for ask in self.state.asks_of(payment, "payments"):
            if ask.is_open:
                ask.due = self.now()
        self.wake()


def _faults(payment: Payment, body: bytes) -> list[str]:
    try:
        said: Json = read(body)
    except ValueError:
        return ["the body is not JSON"]
    if not isinstance(said, dict):
        return ["the body is not a JSON object"]
    wrong = said.get("paymentId") != payment.id
    return callback_faults(said) + (["paymentId is another payment's"] if wrong else [])
