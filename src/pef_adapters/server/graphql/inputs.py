"""What the changes are given. Each carries the key under which it is done once."""

from datetime import datetime

import strawberry
from strawberry import relay

from pef_adapters.server.graphql.enums import Voice
from pef_adapters.server.graphql.money import MoneyInput


@strawberry.input(description="Which refund.")
class RefundInput:
    """See the schema's description."""

    idempotency_key: str = strawberry.field(description="The same key is the same call.")
    refund_id: relay.GlobalID = strawberry.field(description="The refund.")


@strawberry.input(description="What became of the money, as a person found out.")
class RefundSettleInput(RefundInput):
    """See the schema's description."""

    paid: bool = strawberry.field(description="Whether the buyer has the money.")


@strawberry.input(description="By when a refund has to be done.")
class RefundSetDeadlineInput(RefundInput):
    """See the schema's description."""

    at: datetime | None = strawberry.field(default=None, description="Null takes it away.")


@strawberry.input(description="A person's yes to what was shown.")
class ApprovalApproveInput(RefundInput):
    """See the schema's description."""

    digest: str = strawberry.field(description="The approval's digest, as it was shown.")
    comment: str = strawberry.field(default="", description="What to say with it.")


@strawberry.input(description="A person's no.")
class ApprovalDeclineInput(RefundInput):
    """See the schema's description."""

    why: str = strawberry.field(description="The reason, which is kept.")


@strawberry.input(description="Something said about a held refund.")
class ApprovalSpeakInput(RefundInput):
    """See the schema's description."""

    act: Voice = strawberry.field(description="Comment, question or answer.")
    comment: str = strawberry.field(description="What is said.")


@strawberry.input(description="A refund to press by hand.")
class RefundCreateInput:
    """See the schema's description."""

    idempotency_key: str = strawberry.field(description="The same key is the same refund.")
    store_id: relay.GlobalID = strawberry.field(description="The store.")
    transaction_id: str = strawberry.field(description="The payment's CIP.")
    order_number: str = strawberry.field(default="", description="The order; may be empty.")
    amount: MoneyInput = strawberry.field(description="What goes back.")
    expected_rest: MoneyInput = strawberry.field(
        description="The rest as it was shown; if it has changed, nothing is done."
    )
    reason: str = strawberry.field(default="", description="Why.")


@strawberry.input(description="Which refund that was pressed by hand to take back.")
class RefundWithdrawInput(RefundInput):
    """See the schema's description."""

    why: str = strawberry.field(description="The reason, which is kept.")


@strawberry.input(description="A policy to publish.")
class PolicyPublishInput:
    """See the schema's description."""

    idempotency_key: str = strawberry.field(description="The same key is the same call.")
    owner_id: relay.GlobalID = strawberry.field(description="The store or the agency.")
    text: str = strawberry.field(description="The policy, as YAML or JSON.")
    edited_from: int = strawberry.field(description="The version that was edited; 0: none was.")


@strawberry.input(description="Which token.")
class TokenRevokeInput:
    """See the schema's description."""

    idempotency_key: str = strawberry.field(description="The same key is the same call.")
    token_id: relay.GlobalID = strawberry.field(description="The token.")


@strawberry.input(description="Which store.")
class StoreCheckInput:
    """See the schema's description."""

    idempotency_key: str = strawberry.field(description="The same key is the same call.")
    store_id: relay.GlobalID = strawberry.field(description="The store.")
