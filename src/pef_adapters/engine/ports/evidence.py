"""The ledger of seals over the evidence. See `ports` for what a `Ledger` is."""

from collections.abc import Mapping
from typing import Any, Protocol

from pef_adapters.engine.records import EvidenceBook, Seal


class EvidenceLedger(Protocol):
    """The rows of the evidence as they lie there, and the seals over them."""

    async def firm_end(self, book: EvidenceBook) -> int | None:
        """The last row's `seq` (0 where there is none): no row comes below it any more.

        None where writers were under way too long to know. Keeps writers of the book waiting
        until this transaction ends, so it has to be one of its own.
        """
        ...

    async def evidence(
        self, book: EvidenceBook, after: int, upto: int, limit: int
    ) -> list[Mapping[str, Any]]:
        """Rows with `after` < `seq` <= `upto`, in that order, each column by its name.

        JSON comes as its text, so that no figure in it is read as another.
        """
        ...

    async def count_evidence(self, book: EvidenceBook, after: int) -> int:
        """How many rows have a `seq` greater than `after`."""
        ...

    async def add_seal(self, seal: Seal) -> None:
        """Append.

        Raises:
            TransitionRefused: the book has a seal of this number.
        """
        ...

    async def last_seal(self, book: EvidenceBook) -> Seal | None: ...

    async def seals(self, book: EvidenceBook, after: int, limit: int) -> list[Seal]:
        """Those whose number is greater than `after`, in that order."""
        ...
