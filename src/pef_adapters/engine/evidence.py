"""A chain of seals over what is only ever added to, so that no change stays unnoticed.

Triggers refuse changes, but who owns the database can switch them off. A seal can't be made
anew without the house's key, and who keeps the newest one elsewhere sees a tail that was cut.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

import structlog

from pef_adapters.engine.ports import Fingerprint, Ledger, Ports
from pef_adapters.engine.records import (
    BookVerified,
    Broken,
    EvidenceBook,
    Head,
    Seal,
    Wrong,
)

_log = structlog.get_logger(__name__)

PAUSE: Final = timedelta(minutes=10)
# A ledger from before there were seals is sealed in several steps.
MOST_ROWS: Final = 50_000
_BATCH: Final = 1_000
# The first seal covers whatever lies before it too, so that nothing can be put there.
_START: Final = -(2**63)
_LAST: Final = 2**63 - 1
_NOTHING_YET: Final = "0" * 64
# What a seal says of itself is part of its digest, or it could be said otherwise.
_SAID: Final = ("book", "number", "first_seq", "last_seq", "rows", "sealed_at")


async def seal(ports: Ports, pause: timedelta = PAUSE) -> list[Seal]:
    """Seal each book's new rows, unless its last seal is younger than `pause`.

    Answers the new seals. A book whose writers are under way for long is left for next time.
    """
    made = [await _seal(ports, book, pause) for book in EvidenceBook]
    return [each for each in made if each is not None]


async def verify(ports: Ports, heads: Sequence[Head] = ()) -> list[BookVerified]:
    """Read every sealed row again; `heads` are seals as they were kept elsewhere."""
    return [
        await _verify(ports, book, [head for head in heads if head.book is book])
        for book in EvidenceBook
    ]


async def newest_heads(ports: Ports) -> list[Head]:
    """The newest seal of each book that has one, to be kept elsewhere."""
    async with ports.book.begin() as ledger:
        found = [await ledger.last_seal(book) for book in EvidenceBook]
    return [Head(each.book, each.number, each.digest) for each in found if each is not None]


async def _seal(ports: Ports, book: EvidenceBook, pause: timedelta) -> Seal | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        last = await ledger.last_seal(book)
        if _is_fresh(last, now, pause) or not await ledger.count_evidence(book, _end_of(last)):
            return None
    async with ports.book.begin() as ledger:  # of its own: writers wait while it is open
        end = await ledger.firm_end(book)
    return None if end is None else await _sealed_up_to(ports, book, end, now)


def _is_fresh(last: Seal | None, now: datetime, pause: timedelta) -> bool:
    """Whether it is too early; a seal of a clock that ran ahead keeps nobody waiting."""
    if last is None or last.rows >= MOST_ROWS:
        return False
    return timedelta(0) <= now - last.sealed_at < pause


async def _sealed_up_to(ports: Ports, book: EvidenceBook, end: int, now: datetime) -> Seal | None:
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(f"evidence/{book}")  # one at a time, or two make one number
        last = await ledger.last_seal(book)
        new = await _next(ledger, book, last, end, now)
        if new is None:
            return None
        new = replace(new, mark=_mark(ports.fingerprint, new))
        await ledger.add_seal(new)
    _log.info(
        "evidence_sealed",
        book=book.value,
        number=new.number,
        last_seq=new.last_seq,
        digest=new.digest,
    )
    return new


async def _next(
    ledger: Ledger, book: EvidenceBook, last: Seal | None, end: int, now: datetime
) -> Seal | None:
    """The seal over the rows after `last`, still without its mark; None where there are none."""
    chain = _Chain(last)
    await chain.read(ledger, book, end, MOST_ROWS)
    if not chain.rows:
        return None
    new = Seal(
        book=book,
        number=_number_of(last) + 1,
        first_seq=chain.first_seq,
        last_seq=chain.last_seq,
        rows=chain.rows,
        digest="",
        mark="",
        sealed_at=now.astimezone(UTC),
    )
    return replace(new, digest=chain.closed(new))


class _Chain:
    """The rows after a seal, hashed one after the other onto its digest."""

    def __init__(self, last: Seal | None) -> None:
        self._hash = sha256((last.digest if last else _NOTHING_YET).encode())
        self.rows = 0
        self.first_seq = 0
        self.last_seq = _end_of(last)

    async def read(self, ledger: Ledger, book: EvidenceBook, upto: int, most: int) -> None:
        """Take in rows up to `upto`, a batch at a time, and at most so many."""
        while self.rows < most:
            limit = min(_BATCH, most - self.rows)
            found = await ledger.evidence(book, self.last_seq, upto, limit)
            for row in found:
                self._take(row)
            if len(found) < limit:
                return

    def _take(self, row: Mapping[str, Any]) -> None:
        self.last_seq = row["seq"]
        self.first_seq = self.first_seq if self.rows else self.last_seq
        self.rows += 1
        self._hash.update(_canonical(row))

    def closed(self, seal: Seal) -> str:
        """The digest, over what the seal says of itself as well."""
        own = {name: getattr(seal, name) for name in _SAID}
        whole = self._hash.copy()
        whole.update(_canonical(own))
        return whole.hexdigest()


def _canonical(row: Mapping[str, Any]) -> bytes:
    """One line, the same for the same row whoever reads it."""
    plain = {name: _plain(value) for name, value in row.items()}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def _mark(fingerprint: Fingerprint, seal: Seal) -> str:
    return fingerprint(f"seal/{seal.book}/{seal.number}/{seal.digest}")


def _number_of(last: Seal | None) -> int:
    return last.number if last else 0


def _end_of(last: Seal | None) -> int:
    return last.last_seq if last else _START


async def _verify(ports: Ports, book: EvidenceBook, heads: list[Head]) -> BookVerified:
    """Seal after seal, each in a transaction of its own, up to the first that is broken."""
    last: Seal | None = None
    rows, broken = 0, None
    while broken is None and (found := await _following(ports, book, last)) is not None:
        broken = await _wrong_with(ports, last, found, heads)
        if broken is None:
            last, rows = found, rows + found.rows
    async with ports.book.begin() as ledger:
        unsealed = await ledger.count_evidence(book, _end_of(await ledger.last_seal(book)))
    return BookVerified(book, _number_of(last), rows, unsealed, broken or _cut(last, heads))


async def _following(ports: Ports, book: EvidenceBook, last: Seal | None) -> Seal | None:
    async with ports.book.begin() as ledger:
        # From the very beginning, so that a seal numbered below the first is seen as well.
        after = last.number if last else _START
        return next(iter(await ledger.seals(book, after, 1)), None)


async def _wrong_with(
    ports: Ports, last: Seal | None, found: Seal, heads: list[Head]
) -> Broken | None:
    if found.number != _number_of(last) + 1:
        return _broken(found, Wrong.SEAL_MISSING)
    if any(head.number == found.number and head.digest != found.digest for head in heads):
        return _broken(found, Wrong.HEAD)
    if not compare_digest(found.mark.encode(), _mark(ports.fingerprint, found).encode()):
        return _broken(found, Wrong.MARK)
    chain = _Chain(last)
    async with ports.book.begin() as ledger:
        await chain.read(ledger, found.book, found.last_seq, found.rows + 1)
    wrong = _compared(chain, found)
    return None if wrong is None else _broken(found, wrong)


def _compared(chain: _Chain, found: Seal) -> Wrong | None:
    if chain.rows < found.rows:
        return Wrong.ROWS_MISSING
    if chain.rows > found.rows:
        return Wrong.ROWS_ADDED
    return None if chain.closed(found) == found.digest else Wrong.CHANGED


def _cut(last: Seal | None, heads: list[Head]) -> Broken | None:
    """A seal that is kept elsewhere and is no longer here: all from it on is gone."""
    gone = [head.number for head in heads if not 0 < head.number <= _number_of(last)]
    if not gone:
        return None
    return Broken(min(gone), max(_end_of(last), 0) + 1, _LAST, Wrong.HEAD)


def _broken(seal: Seal, wrong: Wrong) -> Broken:
    return Broken(seal.number, seal.first_seq, seal.last_seq, wrong)
