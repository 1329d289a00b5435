"""The manual payout desk: the buyer's link, the destination, bank files and proofs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pef_adapters.core.money import Money


class LinkEnd(StrEnum):
    """Why a buyer's link opens nothing any more."""

    USED = "used"
    EXHAUSTED = "exhausted"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A buyer's one-time link to the page for bank details. `id` is in its signed token.

    `told_at` is when the store's own mail carried it to the buyer.
    """

    id: str
    refund_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    tries_left: int
    told_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: LinkEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Bank details as given for one refund; the newest counts.

    `details` is open here and sealed at rest (`core.beneficiary`). `account` is the keyed
    hash of the account, by which the same one is found again; `bound` that of all the
    details, to which approvals are bound. Nothing is paid before `good_from`: a changed
    destination cools off. `id` is given by the ledger.
    """

    id: int
    refund_id: str
    account: str
    bound: str
    masked: Mapping[str, str]
    details: Mapping[str, str] = field(repr=False)
    given_by: str
    given_at: datetime
    good_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutBatch:
    """One bank file. Its bytes can be made again from its payouts; `sha256` proves them."""

    id: str
    account_id: str
    format: str
    made_by: str
    made_at: datetime
    sha256: str


class PayoutEnd(StrEnum):
    """What the bank said."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One line of a bank file: an intent to pay by hand, durable before the file exists.

    `line_id` has the form of the rail's key and shares its generations, so that a rail's
    answer about an older attempt is seen to be about another payment. `paid_out` differs
    from the refund's amount where a currency was exchanged.
    """

    line_id: str
    refund_id: str
    generation: int
    batch_id: str
    destination_id: int
    paid_out: Money
    exchange: Mapping[str, Any]
    exported_at: datetime
    ended_as: PayoutEnd | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    bank_reference: str = ""
    paid_on: str | None = None
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof of payment as the bank gave it; `body` is sealed at rest.

    `line_id` is empty where it proves the whole batch.
    """

    id: int
    batch_id: str
    line_id: str
    file_name: str
    sha256: str
    body: bytes = field(repr=False)
    added_by: str
    added_at: datetime
