"""The twin's evidence as its rows, and the seals over them."""

import json
from collections.abc import Mapping
from typing import Any

from pef_adapters.core.errors import TransitionRefused
from pef_adapters.engine.records import EvidenceBook, Seal
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.storable import storable


class Evidence(Connections):
    """Works on one transaction's copy of the tables."""

    async def firm_end(self, book: EvidenceBook) -> int | None:
        return max(self._rows_of(book), default=0)

    async def evidence(
        self, book: EvidenceBook, after: int, upto: int, limit: int
    ) -> list[Mapping[str, Any]]:
        rows = self._rows_of(book)
        wanted = sorted(seq for seq in rows if after < seq <= upto)[:limit]
        return [_row(seq, rows[seq]) for seq in wanted]

    async def count_evidence(self, book: EvidenceBook, after: int) -> int:
        return sum(seq > after for seq in self._rows_of(book))

    async def add_seal(self, seal: Seal) -> None:
        kept = storable(seal)
        if (kept.book, kept.number) in self._tables.seals:
            raise TransitionRefused(f"{kept.book} has a seal {kept.number} already")
        self._tables.seals[kept.book, kept.number] = kept

    async def last_seal(self, book: EvidenceBook) -> Seal | None:
        return max(self._seals_of(book), key=lambda each: each.number, default=None)

    async def seals(self, book: EvidenceBook, after: int, limit: int) -> list[Seal]:
        found = [each for each in self._seals_of(book) if each.number > after]
        return sorted(found, key=lambda each: each.number)[:limit]

    def _seals_of(self, book: EvidenceBook) -> list[Seal]:
        return [each for each in self._tables.seals.values() if each.book is book]

    def _rows_of(self, book: EvidenceBook) -> dict[int, Any]:
        if book is EvidenceBook.AUDIT:
            return dict(self._tables.audits)
        tables: Mapping[EvidenceBook, Mapping[int, Any]] = {
            EvidenceBook.EXCHANGES: self._tables.exchanges,
            EvidenceBook.TIMELINE: self._tables.timeline,
        }
        return {key + 1: row for key, row in tables[book].items()}  # its keys begin at 0


def _row(seq: int, record: Any) -> dict[str, Any]:
    named = {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "id"}
    return {"seq": seq} | {name: _cell(value) for name, value in named.items()}


def _cell(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping) else value
