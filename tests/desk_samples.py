"""Records of the ledger's other half for tests: whole, valid, each with a way to vary it.

They refer to what `storage_samples.settle_in` writes and to its refund 1; `move_in`
writes both, with the destination and the bank file that payouts refer to.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import (
    Act,
    ActualCost,
    Alarm,
    Decided,
    Destination,
    Link,
    Payout,
    PayoutBatch,
    Proof,
    PublishedPolicy,
    Review,
    ReviewAct,
)
from storage_samples import CANARY, MINUTE, NOON, refund, settle_in, soles

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def policy(version: int = 1, **changes: Any) -> PublishedPolicy:
    """A version of the store's policy."""
    sample = PublishedPolicy(
        owner="store/shop",
        version=version,
        digest="ab" * 32,
        body={"name": "shop", "limits": [{"per": "store", "days": 1, "count": 10}]},
        published_by="Rosa",
        published_at=NOON,
    )
    return replace(sample, **changes)


def decided(**changes: Any) -> Decided:
    """What was decided about refund 1."""
    sample = Decided(
        refund_id="rf-1",
        store_id="shop",
        at=NOON,
        facts={"amount": "59.90", "votes": []},
        decision={"outcome": "approve"},
    )
    return replace(sample, **changes)


def review(number: int = 1, **changes: Any) -> Review:
    """An open review of refund `number`, as it is handed in: its id is still to be given."""
    sample = Review(
        id=0,
        refund_id=f"rf-{number}",
        store_id="shop",
        digest="cd" * 32,
        needed=1,
        covers=("limit_store_1d_10x", "window"),
        opened_at=NOON,
        remind_at=NOON + HOUR,
        expires_at=NOON + DAY,
    )
    return replace(sample, **changes)


def act(review_id: int, **changes: Any) -> ReviewAct:
    """Rosa's approval of refund 1."""
    sample = ReviewAct(
        review_id=review_id,
        refund_id="rf-1",
        at=NOON + MINUTE,
        person="Rosa",
        act=Act.APPROVE,
        comment="",
        digest="cd" * 32,
        covers=("window",),
    )
    return replace(sample, **changes)


def link(number: int = 1, **changes: Any) -> Link:
    """The buyer's open link to refund `number`."""
    sample = Link(
        id=f"link-{number}",
        refund_id=f"rf-{number}",
        made_by="engine",
        made_at=NOON,
        expires_at=NOON + DAY,
        tries_left=5,
    )
    return replace(sample, **changes)


def destination(number: int = 1, **changes: Any) -> Destination:
    """Bank details for refund `number`, as they are handed in."""
    sample = Destination(
        id=0,
        refund_id=f"rf-{number}",
        account="hash-of-the-account",
        bound="hash-of-everything",
        masked={"account": "…0117"},
        details={"name": "Ana Quispe", "account": CANARY},
        given_by="buyer",
        given_at=NOON,
        good_from=NOON + DAY,
    )
    return replace(sample, **changes)


def batch(**changes: Any) -> PayoutBatch:
    """A bank file."""
    sample = PayoutBatch(
        id="PB1",
        account_id="acc",
        format="csv",
        made_by="Rosa",
        made_at=NOON,
        sha256="ef" * 32,
    )
    return replace(sample, **changes)


def payout(number: int = 1, **changes: Any) -> Payout:
    """Refund `number`'s open line in the bank file."""
    sample = Payout(
        line_id=f"L{number}",
        refund_id=f"rf-{number}",
        generation=1,
        batch_id="PB1",
        destination_id=1,
        paid_out=soles(5_990),
        exchange={},
        exported_at=NOON,
    )
    return replace(sample, **changes)


def proof(**changes: Any) -> Proof:
    """The bank's proof of line 1, as it is handed in."""
    sample = Proof(
        id=0,
        batch_id="PB1",
        line_id="L1",
        file_name="constancia.pdf",
        sha256="01" * 32,
        body=b"%PDF-1.7\x00\xff " + CANARY.encode(),
        added_by="Rosa",
        added_at=NOON,
    )
    return replace(sample, **changes)


def alarm(key: str = "review/1", **changes: Any) -> Alarm:
    """Something about refund 1 that a person should know."""
    sample = Alarm(
        key=key,
        subject="refund/rf-1",
        code="code.REVIEW_WAITS",
        figures={"at": "2026-11-23 12:00"},
        raised_at=NOON,
    )
    return replace(sample, **changes)


def cost(**changes: Any) -> ActualCost:
    """What refund 1 cost."""
    sample = ActualCost(
        refund_id="rf-1",
        amount=soles(350),
        what="bank's fee",
        recorded_by="Rosa",
        recorded_at=NOON,
    )
    return replace(sample, **changes)


async def move_in(ledger: Ledger, refunds: int = 1) -> int:
    """Write what the samples refer to; answers the id of refund 1's bank details."""
    await settle_in(ledger)
    for number in range(1, refunds + 1):
        await ledger.add_refund(refund(number))
    await ledger.add_batch(batch())
    return await ledger.add_destination(destination())


async def moved_in(book: LedgerBook, refunds: int = 1) -> LedgerBook:
    """The book with `move_in` committed, in which those bank details have the id 1."""
    async with book.begin() as ledger:
        assert await move_in(ledger, refunds) == 1
    return book


async def undone(book: LedgerBook, write: Callable[[Ledger], Awaitable[object]]) -> None:
    """Write in a transaction that is rolled back at its end."""

    async def fail() -> None:
        async with book.begin() as ledger:
            await write(ledger)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
