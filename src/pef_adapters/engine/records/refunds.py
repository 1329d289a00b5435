"""A refund and all that happens to it: delivery, payment, attempt, evidence, timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import Outcome


class Source(StrEnum):
    """Who a stored delivery came from."""

    STORE = "store"
    RAIL = "rail"
    POLL = "poll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A verified delivery, stored before anything is done about it.

    `owner_id` is the store's or the merchant account's id, by `source`. `hints`
    is plain data (see `engine.receive`). `delivery_id` is the sender's own name of the
    delivery, where it has one: of two with the same name only one is kept.
    """

    id: int
    source: Source
    owner_id: str
    topic: str
    body_sha256: str
    hints: tuple[Mapping[str, Any], ...]
    received_at: datetime
    outcome: str | None = None
    tries: int = 0
    delivery_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment at the rail and where its money stands."""

    account_id: str
    transaction_id: str
    paid: Money
    reserved: Money
    refunded: Money
    paid_at: datetime | None
    reversed_at: datetime | None = None

    @property
    def rest(self) -> Money:
        return self.paid - self.refunded - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund, whole. `revision` grows with whatever the order has to be told.

    `said` is the state and attention that the newest revision tells, so that coming
    back to them is no news. `attention` is a text key such as "code.REST_TAKEN" that
    a person should look at, beside the state. `tries` counts failed looks since the last progress.

    `buyer` and `destination` are keyed hashes (`ports.Fingerprints`): whose refund it is,
    and the bank account that a payout goes to. `lane` is the road its money takes or took
    last; `lane_chosen_by` a person who chose the manual one. `edited_by` changed it last.
    From `counted_at` on it counts for limits. By `deadline_at` the platform wants it done.
    `outcome` is the end that its platform was told, or is being told, for good: whatever
    happens later can't change that, and nothing is paid against it.
    """

    id: str
    store_id: str
    platform: str
    platform_refund_id: str
    order_id: str
    order_number: str
    amount: Money
    reason: str
    requested_by: str | None
    requested_at: datetime
    account_id: str
    transaction_id: str | None
    state: State
    generation: int
    revision: int
    written_revision: int
    tries: int
    next_action_at: datetime | None
    write_back_at: datetime | None
    write_back_tries: int
    decision: Mapping[str, Any] | None
    attention: str | None
    expected_on: str | None
    created_at: datetime
    updated_at: datetime
    said: str = ""
    buyer: str | None = None
    destination: str | None = None
    lane: Route = Route.ORIGINAL
    lane_chosen_by: str | None = None
    edited_by: str | None = None
    counted_at: datetime | None = None
    deadline_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def due_at(self) -> datetime | None:
        """When somebody has to look: for its next step, or to tell its order."""
        return min(filter(None, (self.next_action_at, self.write_back_at)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An intent to pay, durable before the first byte leaves.

    `maybe_sent` becomes true with the first send whose result is not known and
    stays so: from then on only evidence about this very id may free the money.
    """

    merchant_refund_id: str
    refund_id: str
    generation: int
    transaction_id: str
    amount: Money
    reason: str
    intended_at: datetime
    first_sent_at: datetime | None = None
    sends: int = 0
    maybe_sent: bool = False
    rail_refund_id: str | None = None
    rail_status: str | None = None
    rail_text: str | None = None
    expected_on: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Evidence: one request to the rail and its answer, masked.

    `response_id` and `rail_timestamp` are the pair a dispute asks for (spec S17).
    """

    account_id: str
    merchant_refund_id: str | None
    purpose: str
    request: str
    request_body: str | None
    status: int | None
    answer_body: str | None
    answer_sha256: str | None
    response_id: str | None
    rail_timestamp: str | None
    fault: str | None
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened to a refund, in the order it happened."""

    refund_id: str
    at: datetime
    what: str
    from_state: State | None
    to_state: State | None
    actor: str
    detail: Mapping[str, Any] = field(default_factory=dict)
