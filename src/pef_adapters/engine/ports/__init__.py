"""What the engine needs from outside, as Protocols: ledger, rail, platform, clock.

The engine owns these shapes; storage, the PagoEfectivo client and the adapters
fit them. A `Ledger` is one open transaction: what is done through it commits
together, the wake-up job included, or not at all.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pef_adapters.bank_files import BankFormat
from pef_adapters.engine.ports.desk import DeskLedger
from pef_adapters.engine.ports.evidence import EvidenceLedger
from pef_adapters.engine.ports.ledger import RefundLedger
from pef_adapters.engine.ports.people import PeopleLedger
from pef_adapters.engine.ports.provider import ProviderLedger
from pef_adapters.engine.ports.rail import (
    Rail,
    RailCip,
    RailPayment,
    RailRefund,
    RailRefusal,
    Rails,
    RailStatus,
    Refusal,
)
from pef_adapters.engine.ports.search import SearchLedger
from pef_adapters.platforms.contract import Platform

__all__ = [
    "Boundary",
    "Clock",
    "DeskLedger",
    "EvidenceLedger",
    "FaultPoint",
    "Fingerprint",
    "Ledger",
    "LedgerAway",
    "LedgerBook",
    "LinkSigner",
    "PeopleLedger",
    "Platforms",
    "Ports",
    "ProviderLedger",
    "Rail",
    "RailCip",
    "RailPayment",
    "RailRefund",
    "RailRefusal",
    "RailStatus",
    "Rails",
    "RefundLedger",
    "Refusal",
    "SearchLedger",
]


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Ledger(
    RefundLedger,
    DeskLedger,
    ProviderLedger,
    PeopleLedger,
    SearchLedger,
    EvidenceLedger,
    Protocol,
):
    """One transaction over everything we keep."""


class LedgerAway(Exception):
    """The ledger was restarted, cut off or too busy; the transaction may even be durable.

    No fault of what was being done, which is as due as before.
    """


class LedgerBook(Protocol):
    """Opens transactions."""

    def begin(self) -> AbstractAsyncContextManager[Ledger]:
        """A transaction that commits on leaving and rolls back on an exception."""
        ...


class Boundary(StrEnum):
    """Every place where a killed process leaves a refund half-way, in order."""

    RESERVING = "reserving"
    INTENDED = "intended"
    ANSWERED = "answered"
    OBSERVED = "observed"
    WRITING_BACK = "writing_back"
    WRITTEN_BACK = "written_back"
    ACKNOWLEDGED = "acknowledged"


# The same text gives the same letters in this house, and nobody outside can compute them.
Fingerprint = Callable[[str], str]


class LinkSigner(Protocol):
    """Makes the tokens in buyers' links, and proves that one is ours."""

    def new(self) -> tuple[str, str]:
        """A link's id, which nobody can guess, and the signed token that carries it."""
        ...

    def token(self, link_id: str) -> str:
        """The token of a link made before."""
        ...

    def read(self, token: str) -> str:
        """The id inside.

        Raises:
            LinkTampered: the token was never made here, or is incomplete.
        """
        ...


class Platforms(Protocol):
    """Finds the adapter of a platform by its name."""

    def named(self, platform: str) -> Platform: ...


class FaultPoint(Protocol):
    """Called at each boundary between durable steps; tests stop the process there."""

    def __call__(self, boundary: Boundary) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, in one place, handed to each use case.

    `public_url` is where buyers and stores reach this service.
    """

    book: LedgerBook
    rails: Rails
    platforms: Platforms
    clock: Clock
    at: FaultPoint
    fingerprint: Fingerprint
    links: LinkSigner
    bank_format: Callable[[str], BankFormat]
    public_url: str = ""
    replay_window_seconds: int = 24 * 60 * 60
