"""`pef payout`: the manual payout desk. Bank details are masked everywhere but in the bank file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.cli import files, moments, output, payout_report, refund_report
from pef_adapters.cli.options import Account, BatchId, By, Json, NewFile, RefundId
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine import bank_answers, beneficiary, payouts, people
from pef_adapters.engine.bank_answers import Imported
from pef_adapters.engine.beneficiary import SentLink
from pef_adapters.engine.gate.payouts import BatchSummary
from pef_adapters.engine.known import known_batch
from pef_adapters.engine.payouts import Due, Exported
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Proof, Refund
from pef_adapters.settings import Settings

app = typer.Typer(help="Refunds that people pay out by bank transfer.", no_args_is_help=True)
ProofFile = Annotated[Path, typer.Argument(help="The proof, such as the bank's PDF; up to 5 MB.")]


@app.command("list")
def list_due(account: Account = "main", *, json_wanted: Json = False) -> None:
    """List what waits for the account's next bank file, oldest first."""

    async def use_case(ports: Ports, _: Settings) -> list[Due]:
        return await payouts.due(ports, account)

    payout_report.show_due(run(use_case, "Reading…", json_wanted=json_wanted), json_wanted)


@app.command("ask")
def ask(refund: RefundId, *, by: By, json_wanted: Json = False) -> None:
    """Make a new link on which the buyer gives bank details; older ones open nothing any more."""

    async def use_case(ports: Ports, _: Settings) -> SentLink:
        return await beneficiary.ask(ports, refund, by)

    link = run(use_case, "Making the link…", json_wanted=json_wanted)
    if json_wanted:
        expires = link.expires_at.isoformat()
        output.as_json({"refund": refund, "link": link.address, "expires_at": expires})
        return
    until = moments.shown(link.expires_at)
    output.say(f"Send this address to the buyer, and to nobody else; it is good until {until}")
    output.say("in Lima, once, and is not shown again:")
    output.out.print(link.address, soft_wrap=True, highlight=False, markup=False)


@app.command("choose")
def choose(refund: RefundId, *, by: By, json_wanted: Json = False) -> None:
    """Pay a refund out by hand instead: it is decided anew, for the manual lane."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await people.choose_payout(ports, refund, by)

    moved = run(use_case, "Saving…", json_wanted=json_wanted)
    refund_report.answer(moved, json_wanted=json_wanted)


@app.command("export")
def export(
    *,
    account: Account,
    by: By,
    out: NewFile,
    bank_format: Annotated[
        str, typer.Option("--format", help="The bank's file format; csv comes along.")
    ] = "csv",
    json_wanted: Json = False,
) -> None:
    """Write everything that is due into a new bank file, readable by you alone."""
    with output.errors_explained(json_wanted=json_wanted):
        files.check_new(out)

    async def use_case(ports: Ports, _: Settings) -> tuple[Exported, BatchSummary]:
        exported = await payouts.export(ports, account, bank_format, by)
        write_batch(exported, out)
        return exported, await _summary(ports, exported.batch.id)

    exported, summary = run(use_case, "Asking the store and the rail…", json_wanted=json_wanted)
    payout_report.show_exported(exported, summary, out, json_wanted)


@app.command("file")
def file_again(batch: BatchId, *, out: NewFile, json_wanted: Json = False) -> None:
    """Write the very same bank file of an earlier batch again; nothing new is paid."""
    with output.errors_explained(json_wanted=json_wanted):
        files.check_new(out)

    async def use_case(ports: Ports, _: Settings) -> tuple[Exported, BatchSummary]:
        again = await payouts.file_again(ports, batch)
        files.write_new(out, again.body)
        return again, await _summary(ports, batch)

    again, summary = run(use_case, "Writing…", json_wanted=json_wanted)
    payout_report.show_exported(again, summary, out, json_wanted)


@app.command("batches")
def batches(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    *,
    json_wanted: Json = False,
) -> None:
    """List the bank files, newest first, with what the bank has answered."""

    async def use_case(ports: Ports, _: Settings) -> list[BatchSummary]:
        async with ports.book.begin() as ledger:
            found = await ledger.batches(limit)
            return [BatchSummary(b, tuple(await ledger.payouts_of_batch(b.id))) for b in found]

    payout_report.show_batches(run(use_case, "Reading…", json_wanted=json_wanted), json_wanted)


@app.command("import")
def take_answers(
    batch: BatchId,
    file: Annotated[Path, typer.Argument(help="The bank's answers, in the batch's own format.")],
    *,
    by: By,
    proof: Annotated[
        list[Path] | None, typer.Option(help="A proof of the whole batch; repeatable.")
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Book the bank's answers, all of the file or nothing, then keep the proofs; repeatable."""
    with output.errors_explained(json_wanted=json_wanted):
        answers = files.content(file)
        proofs = _read_proofs(proof or ())

    async def use_case(ports: Ports, _: Settings) -> tuple[Imported, list[Proof]]:
        imported = await bank_answers.take_answers(ports, batch, answers, by)
        kept = [
            await bank_answers.attach_proof(ports, batch, by, file_name=name, body=body)
            for name, body in proofs
        ]
        return imported, kept

    imported, kept = run(use_case, "Booking the answers…", json_wanted=json_wanted)
    payout_report.show_imported(batch, imported, kept, json_wanted)


@app.command("proof")
def attach(
    batch: BatchId,
    file: ProofFile,
    *,
    by: By,
    line: Annotated[str, typer.Option(help="The one line it proves; else the whole batch.")] = "",
    json_wanted: Json = False,
) -> None:
    """Keep a proof of payment with a batch, or with one of its lines; it can't be changed."""
    with output.errors_explained(json_wanted=json_wanted):
        ((name, body),) = _read_proofs([file])

    async def use_case(ports: Ports, _: Settings) -> Proof:
        return await bank_answers.attach_proof(
            ports, batch, by, file_name=name, body=body, line_id=line
        )

    payout_report.show_proofs([run(use_case, "Saving…", json_wanted=json_wanted)], json_wanted)


@app.command("proofs")
def proofs(
    batch: BatchId,
    save_to: Annotated[
        Path | None, typer.Option(help="Write them into this folder, under new names.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """List the proofs of a batch, and give them back."""

    async def use_case(ports: Ports, _: Settings) -> list[Proof]:
        async with ports.book.begin() as ledger:
            await known_batch(ledger, batch)
            found = await ledger.proofs(batch)
        if save_to is not None:
            for each in found:
                files.write_new(save_to / payout_report.file_name(each), each.body)
        return found

    payout_report.show_proofs(run(use_case, "Reading…", json_wanted=json_wanted), json_wanted)


def write_batch(exported: Exported, out: Path) -> None:
    """Write the file of a batch that is committed already.

    Raises:
        InvalidInput: it can't be written; the message says how to have the same bytes again.
    """
    try:
        files.write_new(out, exported.body)
    except InvalidInput as error:
        batch = exported.batch.id
        raise InvalidInput(
            f"batch {batch} is booked, and only its file is missing ({error}); "
            f"`pef payout file {batch} --out FILE` writes the same bytes, and pays nothing twice"
        ) from None


async def _summary(ports: Ports, batch_id: str) -> BatchSummary:
    async with ports.book.begin() as ledger:
        batch = await known_batch(ledger, batch_id)
        return BatchSummary(batch, tuple(await ledger.payouts_of_batch(batch_id)))


def _read_proofs(proofs: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Name and bytes of each; none is kept where one can't be."""
    read = [(proof.name, files.content(proof)) for proof in proofs]
    for _, body in read:
        bank_answers.check_proof(body)
    return read
