"""How the payout desk's lists and bank files are shown; no bank detail whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pef_adapters.cli import moments, output, refund_report
from pef_adapters.engine.bank_answers import Imported
from pef_adapters.engine.gate.payouts import BatchSummary
from pef_adapters.engine.payouts import Due, Exported
from pef_adapters.engine.records import PayoutEnd, Proof

# What may stand in a file's name; a proof's own name was typed by somebody else.
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_NAME = 100


def batch_record(summary: BatchSummary) -> dict[str, Any]:
    """A bank file and what the bank answered so far, as plain data."""
    batch = summary.batch
    return {
        "batch": batch.id,
        "account": batch.account_id,
        "format": batch.format,
        "made_by": batch.made_by,
        "made_at": batch.made_at.isoformat(),
        "sha256": batch.sha256,
        "totals": {total.currency: str(total.decimal) for total in summary.totals},
        "lines": len(summary.payouts),
        "confirmed": summary.ended(PayoutEnd.CONFIRMED),
        "returned": summary.ended(PayoutEnd.RETURNED),
        "open": summary.ended(None),
    }


def show_due(found: Sequence[Due], json_wanted: bool) -> None:  # noqa: FBT001 - passes the option on
    """What waits for the next bank file."""
    if json_wanted:
        output.as_json({"due": [_due_record(due) for due in found]})
        return
    columns = ("refund", "order", "amount", "pays to", "same account in", "rests until (Lima)")
    output.table("Due for payout", columns, map(_due_row, found))


def show_exported(
    exported: Exported,
    summary: BatchSummary,
    out: Path,
    json_wanted: bool,  # noqa: FBT001 - passes the option on
) -> None:
    """Which file was written, and what was left out of it and why."""
    if json_wanted:
        left_out = dict(exported.left_out)
        output.as_json({**batch_record(summary), "file": str(out), "left_out": left_out})
        return
    totals = ", ".join(map(str, summary.totals))
    lines = output.counted(exported.lines, "payout")
    output.say(f"batch {summary.batch.id}: {lines}, {totals}, in {out}")
    output.say("The file holds whole accounts: keep it to yourself, and delete it when it is paid.")
    for refund, why in exported.left_out.items():
        output.say(f"left out: {refund}, {why}")


def show_batches(found: Sequence[BatchSummary], json_wanted: bool) -> None:  # noqa: FBT001 - passes the option on
    """The bank files with what the bank has answered."""
    if json_wanted:
        output.as_json({"batches": [batch_record(summary) for summary in found]})
        return
    columns = ("batch", "account", "made (Lima)", "by", "sum", "lines", "paid", "returned", "open")
    output.table("Bank files", columns, map(_batch_row, found))


def show_imported(
    batch: str,
    imported: Imported,
    kept: Sequence[Proof],
    json_wanted: bool,  # noqa: FBT001 - passes the option on
) -> None:
    """What a file of answers changed, and what is still open."""
    if json_wanted:
        figures = {
            "confirmed": imported.confirmed,
            "returned": imported.returned,
            "known": imported.known,
            "open": imported.open_lines,
        }
        output.as_json({"batch": batch, **figures, "proofs": [_proof_record(p) for p in kept]})
        return
    output.say(
        f"batch {batch}: {imported.confirmed} confirmed, {imported.returned} returned, "
        f"{imported.known} known before; {output.counted(imported.open_lines, 'line')} still open"
    )
    if imported.returned:
        output.say("→ The buyers of returned lines are asked again; see `pef refund list`.")
    for proof in kept:
        output.say(f"proof kept: {proof.file_name}")


def show_proofs(found: Sequence[Proof], json_wanted: bool) -> None:  # noqa: FBT001 - passes the option on
    """The proofs, without what is in them."""
    if json_wanted:
        output.as_json({"proofs": [_proof_record(proof) for proof in found]})
        return
    columns = ("proof", "file", "line", "by", "when (Lima)", "SHA-256")
    rows = (
        (p.id, p.file_name, p.line_id or "all", p.added_by, moments.shown(p.added_at), p.sha256)
        for p in found
    )
    output.table("Proofs of payment", columns, rows)


def file_name(proof: Proof) -> str:
    """A name for a proof in a folder of ours: never a path, never another proof's."""
    kept = "".join(letter if letter in _SAFE else "_" for letter in proof.file_name)
    return f"{proof.batch_id}-{proof.id}-{kept[-_LONGEST_NAME:]}"


def _due_record(due: Due) -> dict[str, Any]:
    destination = due.destination
    return {
        "refund": refund_report.record(due.refund),
        "paid_to": dict(destination.masked),
        "same_account_refunds": due.same_account,
        "rests": due.waits,
        "good_from": destination.good_from.isoformat(),
    }


def _due_row(due: Due) -> tuple[object, ...]:
    masked = due.destination.masked
    return (
        due.refund.id,
        f"#{due.refund.order_number}",
        due.refund.amount,
        f"{masked['name']}, {masked['account']}",
        output.counted(due.same_account, "other refund") if due.same_account else "",
        moments.shown(due.destination.good_from) if due.waits else "",
    )


def _batch_row(summary: BatchSummary) -> tuple[object, ...]:
    batch = summary.batch
    return (
        batch.id,
        batch.account_id,
        moments.shown(batch.made_at),
        batch.made_by,
        "\n".join(map(str, summary.totals)),
        len(summary.payouts),
        summary.ended(PayoutEnd.CONFIRMED),
        summary.ended(PayoutEnd.RETURNED),
        summary.ended(None),
    )


def _proof_record(proof: Proof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "line": proof.line_id,
        "file": proof.file_name,
        "sha256": proof.sha256,
        "added_by": proof.added_by,
        "added_at": proof.added_at.isoformat(),
    }
