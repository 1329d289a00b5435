"""What the fake VTEX remembers. Amounts are integers in cents, as the store's APIs count.

Kept in memory; written to one JSON file after each change where a file is given. Holds
its own made-up secrets, and is never shown as it is (see `control`).
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from pef_adapters.testing.fake_vtex.store_state import Hook, HookDelivery, Order

Operation = Literal["payments", "settlements", "cancellations", "refunds", "inbound"]
PaymentStatus = Literal["started", "undefined", "approved", "denied", "settled", "cancelled"]
RetryRule = Literal["for_a_day", "later", "never"]


class Payment(BaseModel):
    """A payment with its transaction: what the provider was asked for, and said.

    `settled` is what was captured. `signature` is the secret part of its callback address.
    `refunds_twice` is the known issue 615050. A payment of the test suite belongs to no
    order.
    """

    id: str
    transaction_id: str
    group: str
    reference: str
    value: int
    currency: str
    method: str
    signature: str = Field(repr=False)
    created: datetime
    status: PaymentStatus = "started"
    transaction_status: str = "Authorizing"
    suite: bool = False
    tid: str = ""
    authorization_id: str | None = None
    nsu: str | None = None
    payment_url: str | None = None
    settle_id: str | None = None
    settled: int = 0
    cancel_after: timedelta = timedelta(days=7)
    settle_after: timedelta = timedelta(days=1)
    metadata: list[dict[str, str]] = Field(default_factory=list)
    fields: dict[str, str] = Field(default_factory=dict)
    refunds_twice: bool = False

    @property
    def cancel_at(self) -> datetime:
        return self.created + self.cancel_after


class Ask(BaseModel):
    """One thing that the gateway wants of the provider, however often it has to call.

    `body` is the JSON text as it is sent, "" until it is sent first. `due` is when it is
    sent (again); None while nobody will. `ended` says how it ended: `done`, `denied`,
    `online`, `email-notification`, `never-sent` or `given-up`; "" while it is open.
    `answered_id` is the identifier that the provider gave it.
    """

    id: int
    operation: Operation
    payment_id: str
    request_id: str
    value: int
    created: datetime
    order_id: str = ""
    body: str = Field(default="", repr=False)
    due: datetime | None = None
    tries: int = 0
    ended: str = ""
    ended_at: datetime | None = None
    ended_value: int = 0
    answered_id: str = ""
    answer: str = ""

    @property
    def is_open(self) -> bool:
        return not self.ended


class Action(BaseModel):
    """A line of a transaction's refunds as VTEX paints it: `online` or `email-notification`."""

    payment_id: str
    at: datetime
    type: str
    value: int
    answer: str = ""


class CallRecord(BaseModel):
    """A call to the provider exactly as it went out, without secrets, and what came back.

    `status` is None where nothing was answered in time. `lost` means that the gateway
    threw the answer away. `faults` are the ways in which the answer leaves the protocol.
    """

    id: int
    at: datetime
    operation: str
    payment_id: str
    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int | None = None
    answer: str = ""
    milliseconds: int = 0
    suite: bool = False
    lost: bool = False
    faults: list[str] = Field(default_factory=list)


class CallbackRecord(BaseModel):
    """A callback that arrived, and what became of it; `verdict` is "taken" or says why not."""

    at: datetime
    payment_id: str
    body: str
    verdict: str
    status: int


class Mail(BaseModel):
    """A mail that VTEX sent, by its template."""

    at: datetime
    template: str
    to: str
    order_id: str
    text: str


class Task(BaseModel):
    """A task of VTEX DO, visible on its order."""

    id: str
    at: datetime
    order_id: str
    text: str


class Moods(BaseModel):
    """How VTEX misbehaves; changed by `/_vtex/moods`. Numbers count down.

    `refund_retry` picks one of three readings of VTEX's own contradicting texts about a
    refund answered 500 (section 3): called again `for_a_day`, spaced geometrically; called
    once more, `later`, when that day is over; `never` called again (known issue 1099618).
    `request_ids` picks the form of a request's id. `repeat_earlier_refund` is the known
    issue 1351358, `drop_refunds` 1154224, `paint_both` the second half of 1099618.
    `lose_answers` throws the provider's next answers away and calls again;
    `lose_writes` does the same to the next writes at the store's own APIs.
    """

    down: bool = False
    slow_seconds: float = 0.0
    lose_answers: int = 0
    lose_writes: int = 0
    refuse_callbacks: int = 0
    refund_retry: RetryRule = "for_a_day"
    request_ids: Literal["hex", "dated"] = "hex"
    repeat_earlier_refund: int = 0
    drop_refunds: int = 0
    paint_both: bool = False
    drop_hooks: bool = False


class VtexState(BaseModel):
    """Everything, as it is written to the file. `ahead` is how far its clock was moved."""

    sequence: int = 618_000
    ahead: timedelta = timedelta(0)
    orders: dict[str, Order] = Field(default_factory=dict)
    payments: dict[str, Payment] = Field(default_factory=dict)
    asks: list[Ask] = Field(default_factory=list)
    actions: list[Action] = Field(default_factory=list)
    calls: list[CallRecord] = Field(default_factory=list)
    callbacks: list[CallbackRecord] = Field(default_factory=list)
    mails: list[Mail] = Field(default_factory=list)
    tasks: list[Task] = Field(default_factory=list)
    hooks: dict[str, Hook] = Field(default_factory=dict)
    hook_deliveries: list[HookDelivery] = Field(default_factory=list)
    refunding_requests: int = 0
    early_writes: list[str] = Field(default_factory=list)
    moods: Moods = Field(default_factory=Moods)

    def next_number(self) -> int:
        self.sequence += 1
        return self.sequence

    def asks_of(self, payment: Payment, operation: Operation) -> list[Ask]:
        """What the provider was asked for this payment; oldest first."""
        return [a for a in self.asks if a.payment_id == payment.id and a.operation == operation]

    def orders_of(self, group: str) -> list[Order]:
        """The orders of one purchase."""
        return [order for order in self.orders.values() if order.group == group]

    def payment_of(self, group: str) -> Payment:
        """The payment of one purchase.

        Raises:
            KeyError: there is none.
        """
        for payment in self.payments.values():
            if payment.group == group:
                return payment
        raise KeyError(group)


def load(path: Path | None) -> VtexState | None:
    """The state in the file, or None where there is none."""
    if path is None or not path.exists():
        return None
    return VtexState.model_validate_json(path.read_bytes())


def save(state: VtexState, path: Path | None) -> None:
    """Write the state beside the file first, so that a crash leaves the old one whole."""
    if path is None:
        return
    beside = path.with_suffix(".new")
    beside.write_text(state.model_dump_json())
    beside.replace(path)
