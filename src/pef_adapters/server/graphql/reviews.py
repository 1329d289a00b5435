"""Held refunds that wait for people, in the schema."""

from datetime import datetime

import strawberry

from pef_adapters.engine import records
from pef_adapters.engine.approvals import Waiting
from pef_adapters.engine.gate.approvals import DIGEST_LETTERS
from pef_adapters.engine.records import Act


@strawberry.type(description="What one person said about a held refund.")
class ReviewAct:
    """See the schema's description."""

    at: datetime = strawberry.field(description="When.")
    person: str = strawberry.field(description="Who.")
    act: Act = strawberry.field(description="What was done.")
    comment: str = strawberry.field(description="What was said; may be empty.")


@strawberry.type(description="A refund's wait for approval.")
class Approval:
    """See the schema's description."""

    refund_number: str = strawberry.field(description="Our own name of the refund.")
    digest: str = strawberry.field(
        description="Names what is agreed to, amount and bank details; goes back with a yes."
    )
    needed: int = strawberry.field(description="How many people have to agree.")
    agreed: list[str] = strawberry.field(description="Who has agreed so far.")
    rules: list[str] = strawberry.field(description="The rules that hold it.")
    opened_at: datetime = strawberry.field(description="Since when it waits.")
    expires_at: datetime = strawberry.field(description="When the wait is over.")
    acts: list[ReviewAct] = strawberry.field(description="What was said, oldest first.")


def shown_approval(waiting: Waiting) -> Approval:
    """A wait as the schema shows it."""
    return Approval(
        refund_number=waiting.refund.id,
        digest=waiting.review.digest[:DIGEST_LETTERS],
        needed=waiting.review.needed,
        agreed=list(waiting.agreed),
        rules=list(waiting.review.covers),
        opened_at=waiting.review.opened_at,
        expires_at=waiting.review.expires_at,
        acts=[_shown_act(act) for act in waiting.acts],
    )


def _shown_act(act: records.ReviewAct) -> ReviewAct:
    return ReviewAct(at=act.at, person=act.person, act=act.act, comment=act.comment)
