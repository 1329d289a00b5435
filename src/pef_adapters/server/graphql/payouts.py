"""The manual payout desk in the schema; bank details are masked."""

from datetime import datetime

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from pef_adapters.engine import records
from pef_adapters.engine.gate.payouts import BatchSummary
from pef_adapters.engine.payouts import Due
from pef_adapters.engine.records import PayoutEnd
from pef_adapters.server.graphql.money import Money, shown_money
from pef_adapters.server.graphql.refunds import Refund, shown_refund


@strawberry.type(description="A refund that can go into the next bank file, or soon can.")
class PayoutDue:
    """See the schema's description."""

    refund: Refund = strawberry.field(description="The refund.")
    paid_to: JSON = strawberry.field(description="The bank details, masked, by name.")
    good_from: datetime = strawberry.field(description="Nothing is paid there before.")
    waits: bool = strawberry.field(description="Whether it has to wait until then.")
    same_account: int = strawberry.field(
        description="For how many refunds, this one included or not, the account was given."
    )


@strawberry.type(description="One line of a bank file.")
class Payout:
    """See the schema's description."""

    line: str = strawberry.field(description="The line's id in the file.")
    refund_number: str = strawberry.field(description="Our own name of the refund.")
    paid_out: Money = strawberry.field(description="The amount.")
    ended_as: PayoutEnd | None = strawberry.field(description="What the bank said, once it did.")
    answered_at: datetime | None = strawberry.field(description="When that was booked.")
    bank_reference: str = strawberry.field(description="The bank's own number; may be empty.")
    reason: str = strawberry.field(description="Why the bank returned it; else empty.")


@strawberry.type(description="A bank file.")
class Batch(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    number: str = strawberry.field(description="Our own name of it.")
    account: str = strawberry.field(description="The merchant account that it pays for.")
    format: str = strawberry.field(description="The file's format.")
    made_by: str = strawberry.field(description="Who made it.")
    made_at: datetime = strawberry.field(description="When.")
    sha256: str = strawberry.field(description="Proves the file's bytes.")
    totals: list[Money] = strawberry.field(description="Its sum in each currency.")
    payouts: list[Payout] = strawberry.field(description="Its lines.")


def shown_due(due: Due) -> PayoutDue:
    """What waits, as the schema shows it."""
    return PayoutDue(
        refund=shown_refund(due.refund),
        paid_to=JSON(dict(due.destination.masked)),
        good_from=due.destination.good_from,
        waits=due.waits,
        same_account=due.same_account,
    )


def shown_batch(summary: BatchSummary) -> Batch:
    """A bank file as the schema shows it."""
    return Batch(
        key=summary.batch.id,
        number=summary.batch.id,
        account=summary.batch.account_id,
        format=summary.batch.format,
        made_by=summary.batch.made_by,
        made_at=summary.batch.made_at,
        sha256=summary.batch.sha256,
        totals=[shown_money(total) for total in summary.totals],
        payouts=[_shown_payout(payout) for payout in summary.payouts],
    )


def _shown_payout(payout: records.Payout) -> Payout:
    return Payout(
        line=payout.line_id,
        refund_number=payout.refund_id,
        paid_out=shown_money(payout.paid_out),
        ended_as=payout.ended_as,
        answered_at=payout.answered_at,
        bank_reference=payout.bank_reference,
        reason=payout.reason,
    )
