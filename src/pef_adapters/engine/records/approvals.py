"""Published policies, decisions, and what people say about a held refund."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPolicy:
    """A version of a policy that never changes; `owner` is "store/NAME" or "agency/NAME".

    `body` is what was written, as plain data: parts left open stay open to be inherited.
    """

    owner: str
    version: int
    digest: str
    body: Mapping[str, Any]
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision with the facts it was made from, for explaining and for back-tests."""

    refund_id: str
    store_id: str
    at: datetime
    facts: Mapping[str, Any]
    decision: Mapping[str, Any]


class Act(StrEnum):
    """What a person can do about a held refund."""

    APPROVE = "approve"
    DECLINE = "decline"
    COMMENT = "comment"
    ASK = "ask"
    ANSWER = "answer"


class ReviewEnd(StrEnum):
    """How the wait for approval ended. `VOID`: the refund went another way."""

    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A held refund that waits for people; at most one is open for a refund.

    `digest` binds what is agreed to (`core.policy.approval`), `covers` names the rules
    that hold. `id` is given by the ledger.
    """

    id: int
    refund_id: str
    store_id: str
    digest: str
    needed: int
    covers: tuple[str, ...]
    opened_at: datetime
    remind_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_as: ReviewEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAct:
    """What one person said in a review, with the digest that was in force."""

    review_id: int
    refund_id: str
    at: datetime
    person: str
    act: Act
    comment: str
    digest: str
    covers: tuple[str, ...]
