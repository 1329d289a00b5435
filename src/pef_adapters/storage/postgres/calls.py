"""Tries that are counted, and changes that programs ask for under an idempotency key.

A key is kept as its hash: it may be as long as somebody likes, and names an address.
"""

import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from pef_adapters.engine.records import KeptCall
from pef_adapters.storage.postgres.table import Row, Table
from pef_adapters.storage.storable import storable, text, utc

_COUNT = """
    INSERT INTO tries AS known (key_sha256, began_at, count) VALUES (%(key)s, %(now)s, 1)
    ON CONFLICT (key_sha256) DO UPDATE SET (began_at, count) = (
        SELECT CASE WHEN passed THEN excluded.began_at ELSE known.began_at END,
               CASE WHEN passed THEN 1 ELSE known.count + 1 END
        FROM (SELECT known.began_at + make_interval(secs => %(seconds)s) <= excluded.began_at
              AS passed) AS window_that_was
    )
    RETURNING count
"""
_FORGET = "DELETE FROM tries WHERE key_sha256 = %(key)s"
_FORGET_OLD = "DELETE FROM tries WHERE began_at < %(before)s"
# In one statement, so that none is lost between looking and writing: a call that was there
# is written over with its own name, and whoever wrote it so stands in its `xmax`.
_CLAIM = """
    INSERT INTO api_calls (actor, key_sha256, digest, at, answer)
    VALUES (%(actor)s, %(key)s, %(digest)s, %(at)s, %(answer)s)
    ON CONFLICT (actor, key_sha256) DO UPDATE SET actor = excluded.actor
    RETURNING digest, at, answer, xmax = 0 AS is_new
"""
_ANSWER = """
    UPDATE api_calls SET at = %(at)s, answer = %(answer)s
    WHERE actor = %(actor)s AND key_sha256 = %(key)s
"""
_FORGET_CALLS = "DELETE FROM api_calls WHERE at < %(before)s"


class Calls(Table):
    """The tables `tries` and `api_calls`."""

    async def count_try(self, key: str, now: datetime, window_seconds: int) -> int:
        window = {"now": utc(now), "seconds": float(window_seconds)}
        row = await self._one(_COUNT, key=_hashed(key), **window)
        assert row is not None  # noqa: S101 -- RETURNING of one written row
        return int(row["count"])

    async def forget_tries(self, key: str) -> None:
        await self._run(_FORGET, key=_hashed(key))

    async def forget_old_tries(self, before: datetime) -> None:
        await self._run(_FORGET_OLD, before=utc(before))

    async def claim_call(self, call: KeptCall) -> KeptCall | None:
        row = await self._one(_CLAIM, **self._values_of_call(call))
        assert row is not None  # noqa: S101 -- RETURNING of one written row
        return None if row.pop("is_new") else self._call(storable(call), row)

    async def answer_call(self, call: KeptCall) -> None:
        await self._run(_ANSWER, **self._values_of_call(call))

    async def forget_calls(self, before: datetime) -> None:
        await self._run(_FORGET_CALLS, before=utc(before))

    def _values_of_call(self, call: KeptCall) -> dict[str, object]:
        kept = storable(call)
        answer = None if kept.answer is None else self._box.seal({"json": json.dumps(kept.answer)})
        return {
            "actor": kept.actor,
            "key": _hashed(kept.key),
            "digest": kept.digest,
            "at": kept.at,
            "answer": answer,
        }

    def _call(self, asked: KeptCall, row: Row) -> KeptCall:
        sealed = row["answer"]
        answer = None if sealed is None else json.loads(self._box.open(sealed)["json"])
        return replace(asked, digest=row["digest"], at=row["at"], answer=answer)


def _hashed(key: str) -> str:
    return sha256(text(key).encode()).hexdigest()
