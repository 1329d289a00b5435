"""Refunds in the schema, with the store, payment, history and approval beside them."""

from datetime import datetime

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine import records
from pef_adapters.engine.attention import why
from pef_adapters.server.graphql.context import Info
from pef_adapters.server.graphql.fields import answers
from pef_adapters.server.graphql.money import Money, shown_money
from pef_adapters.server.graphql.reviews import Approval, shown_approval
from pef_adapters.server.graphql.stores import Store, shown_store


@strawberry.type(description="A payment at PagoEfectivo, and where its money stands.")
class Payment:
    """See the schema's description."""

    transaction_id: str = strawberry.field(description="Its CIP number.")
    paid: Money = strawberry.field(description="What the buyer paid.")
    reserved: Money = strawberry.field(description="What refunds under way hold of it.")
    refunded: Money = strawberry.field(description="What has gone back.")
    rest: Money = strawberry.field(description="What can still go back.")
    paid_at: datetime | None = strawberry.field(description="When it was paid, where known.")
    reversed_at: datetime | None = strawberry.field(description="When a bank reversed it.")


@strawberry.type(description="Something that happened to a refund.")
class TimelineEntry:
    """See the schema's description."""

    at: datetime = strawberry.field(description="When.")
    what: str = strawberry.field(description="What happened, in a few English words.")
    actor: str = strawberry.field(description="Who did it: a person, the engine, the rail.")
    from_state: State | None = strawberry.field(description="The state before.")
    to_state: State | None = strawberry.field(description="The state after.")
    detail: JSON = strawberry.field(description="Figures of it, by name.")


@strawberry.type(description="A refund, from the button to the note on the order.")
class Refund(relay.Node):
    """See the schema's description."""

    record: strawberry.Private[records.Refund]
    key: relay.NodeID[str]
    number: str = strawberry.field(description="Our own name of it, as on the console.")
    platform: str = strawberry.field(description="Which shop software it comes from.")
    platform_refund_id: str = strawberry.field(description="The store's own id of it.")
    order_id: str = strawberry.field(description="The order's id in the store.")
    order_number: str = strawberry.field(description="The order's number as people see it.")
    amount: Money = strawberry.field(description="What goes back.")
    reason: str = strawberry.field(description="Why, as the store says.")
    requested_by: str | None = strawberry.field(description="Who pressed, where known.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    transaction_id: str | None = strawberry.field(description="The payment's CIP, once known.")
    state: State = strawberry.field(description="Where it stands.")
    final: bool = strawberry.field(description="Whether it stays so unless somebody acts.")
    attention: str | None = strawberry.field(description="Code of what a person should look at.")
    lane: Route = strawberry.field(description="The road its money takes, or took last.")
    expected_on: str | None = strawberry.field(description="The day it should arrive.")
    deadline_at: datetime | None = strawberry.field(
        description="By when its platform wants it done."
    )
    created_at: datetime = strawberry.field(description="When we heard of it.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @answers("What its state means.")
    def means(self, info: Info) -> str:
        return explain(f"state.{self.state}", info.context.language)

    @answers("Why it is so; empty where there is nothing more to say.")
    def why(self, info: Info) -> str:
        key, figures = why(self.record, self.record.attention)
        return explain(key, info.context.language, figures) if key else ""

    @answers("What somebody should do; empty where nobody has to.")
    def next_step(self, info: Info) -> str:
        language = info.context.language
        key, figures = why(self.record, self.record.attention)
        told = advise(key, language, figures) if key else ""
        return told or advise(f"state.{self.state}", language)

    @answers("Its store; null where you may see refunds but no stores.")
    async def store(self, info: Info) -> Store | None:
        head = await info.context.heads.load(self.record.store_id)
        return shown_store(head) if head else None

    @answers("Its payment; null until it was found.")
    async def payment(self, info: Info) -> Payment | None:
        found = await info.context.payments.load(self.record)
        return shown_payment(found) if found else None

    @answers("What happened to it, oldest first.")
    async def timeline(self, info: Info) -> list[TimelineEntry]:
        entries = await info.context.timelines.load(self.record)
        return [_shown_entry(entry) for entry in entries]

    @answers("The approval it waits for; null where it waits for none.")
    async def approval(self, info: Info) -> Approval | None:
        if self.state is not State.HELD:
            return None
        waiting = await info.context.waiting.load(self.key)
        return shown_approval(waiting) if waiting else None


def shown_refund(record: records.Refund) -> Refund:
    """A record as the schema shows it."""
    return Refund(
        record=record,
        key=record.id,
        number=record.id,
        platform=record.platform,
        platform_refund_id=record.platform_refund_id,
        order_id=record.order_id,
        order_number=record.order_number,
        amount=shown_money(record.amount),
        reason=without_long_numbers(record.reason),
        requested_by=record.requested_by,
        requested_at=record.requested_at,
        transaction_id=record.transaction_id,
        state=record.state,
        final=CARE[record.state].final,
        attention=record.attention,
        lane=record.lane,
        expected_on=record.expected_on,
        deadline_at=record.deadline_at,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def shown_payment(payment: records.Payment) -> Payment:
    """A payment as the schema shows it."""
    return Payment(
        transaction_id=payment.transaction_id,
        paid=shown_money(payment.paid),
        reserved=shown_money(payment.reserved),
        refunded=shown_money(payment.refunded),
        rest=shown_money(payment.rest),
        paid_at=payment.paid_at,
        reversed_at=payment.reversed_at,
    )


def _shown_entry(entry: records.TimelineEntry) -> TimelineEntry:
    return TimelineEntry(
        at=entry.at,
        what=entry.what,
        actor=entry.actor,
        from_state=entry.from_state,
        to_state=entry.to_state,
        detail=JSON(dict(entry.detail)),
    )
