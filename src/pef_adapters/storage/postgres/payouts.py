"""Bank files, their lines, what the bank answered, and the proofs it gave."""

from base64 import b64decode, b64encode

from psycopg.errors import UniqueViolation

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.engine.records import Payout, PayoutBatch, PayoutEnd, Proof
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_BATCH = "id, account_id, format, made_by, made_at, sha256"
_ADD_BATCH = f"""
    INSERT INTO payout_batches ({_BATCH})
    VALUES (%(id)s, %(account_id)s, %(format)s, %(made_by)s, %(made_at)s, %(sha256)s)
"""
_ONE_BATCH = f"SELECT {_BATCH} FROM payout_batches WHERE id = %(id)s"
_BATCHES = f"SELECT {_BATCH} FROM payout_batches ORDER BY seq DESC LIMIT %(limit)s"
_COLUMNS = """
    line_id, refund_id, generation, batch_id, destination_id, paid_out, currency, exchange,
    exported_at, ended_as, answered_at, answered_by, bank_reference, paid_on, reason, reason_code
"""
_INSERT = f"""
    INSERT INTO payouts ({_COLUMNS})
    VALUES (%(line_id)s, %(refund_id)s, %(generation)s, %(batch_id)s, %(destination_id)s,
            %(paid_out)s, %(currency)s, %(exchange)s, %(exported_at)s, %(ended_as)s,
            %(answered_at)s, %(answered_by)s, %(bank_reference)s, %(paid_on)s, %(reason)s,
            %(reason_code)s)
"""
_SAVE = """
    UPDATE payouts SET
        ended_as = %(ended_as)s, answered_at = %(answered_at)s, answered_by = %(answered_by)s,
        bank_reference = %(bank_reference)s, paid_on = %(paid_on)s, reason = %(reason)s,
        reason_code = %(reason_code)s
    WHERE line_id = %(line_id)s
"""
_OF_BATCH = f"SELECT {_COLUMNS} FROM payouts WHERE batch_id = %(batch_id)s ORDER BY seq"
_OF_REFUND = f"SELECT {_COLUMNS} FROM payouts WHERE refund_id = %(refund_id)s ORDER BY seq"
_PROOF = "batch_id, line_id, file_name, sha256, body, added_by, added_at"
_ADD_PROOF = f"""
    INSERT INTO proofs ({_PROOF})
    VALUES (%(batch_id)s, %(line_id)s, %(file_name)s, %(sha256)s, %(body)s, %(added_by)s,
            %(added_at)s)
    RETURNING id
"""
_PROOFS = f"SELECT id, {_PROOF} FROM proofs WHERE batch_id = %(batch_id)s ORDER BY id"


class Payouts(Table):
    """The tables `payout_batches`, `payouts` and `proofs`; the last is only ever added to."""

    async def add_batch(self, batch: PayoutBatch) -> None:
        try:
            await self._run(_ADD_BATCH, **columns(storable(batch)))
        except UniqueViolation as error:
            raise TransitionRefused(f"there is a batch {batch.id} already") from error

    async def batch(self, batch_id: str) -> PayoutBatch | None:
        row = await self._one(_ONE_BATCH, id=batch_id)
        return None if row is None else PayoutBatch(**row)

    async def batches(self, limit: int) -> list[PayoutBatch]:
        return [PayoutBatch(**row) for row in await self._all(_BATCHES, limit=limit)]

    async def add_payout(self, payout: Payout) -> None:
        try:
            await self._run(_INSERT, **_values(payout))
        except UniqueViolation as error:
            raise TransitionRefused(f"{payout.refund_id} stands in a bank file") from error

    async def payouts_of_batch(self, batch_id: str) -> list[Payout]:
        return [_payout(row) for row in await self._all(_OF_BATCH, batch_id=batch_id)]

    async def payouts_of_refund(self, refund_id: str) -> list[Payout]:
        return [_payout(row) for row in await self._all(_OF_REFUND, refund_id=refund_id)]

    async def save_payout(self, payout: Payout) -> None:
        try:
            touched = await self._run(_SAVE, **_values(payout))
        except UniqueViolation as error:
            raise TransitionRefused(f"{payout.refund_id} stands in a bank file") from error
        if not touched:
            raise NotThere(f"there is no payout {payout.line_id}")

    async def add_proof(self, proof: Proof) -> int:
        sealed = self._box.seal({"body": b64encode(proof.body).decode()})
        row = await self._one(_ADD_PROOF, **columns(storable(proof)) | {"body": sealed})
        assert row is not None  # noqa: S101 -- RETURNING of one inserted row
        return int(row["id"])

    async def proofs(self, batch_id: str) -> list[Proof]:
        rows = await self._all(_PROOFS, batch_id=batch_id)
        return [Proof(**row | {"body": self._proof(row["body"])}) for row in rows]

    def _proof(self, sealed: bytes) -> bytes:
        return b64decode(self._box.open(sealed)["body"])


def _values(payout: Payout) -> dict[str, object]:
    return columns(storable(payout)) | {"currency": payout.paid_out.currency}


def _payout(row: Row) -> Payout:
    money = Money(row["paid_out"], row.pop("currency"))
    ended = row["ended_as"] and PayoutEnd(row["ended_as"])
    return Payout(**row | {"paid_out": money, "ended_as": ended})
