"""`pef evidence`: whether the evidence is as it was sealed, and what to keep elsewhere."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pef_adapters.cli import files, output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine import evidence
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import BookVerified, Broken, EvidenceBook, Head
from pef_adapters.settings import Settings

app = typer.Typer(help="The seals over the evidence.", no_args_is_help=True)

_WHAT_TO_DO = (
    "The evidence is not as it was sealed. Change nothing, keep a copy of the database and of its "
    "backups, and compare the rows named above with the newest backup from before."
)


@app.command("verify")
def verify(
    head: Annotated[
        Path | None, typer.Option(help="What `pef evidence head --json` said, kept elsewhere.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Read all sealed evidence again; exit code 1 where it is not as it was sealed."""

    async def use_case(ports: Ports, _: Settings) -> list[BookVerified]:
        return await evidence.verify(ports, [] if head is None else _heads(head))

    found = run(use_case, "Verifying…", json_wanted=json_wanted)
    broken = any(each.broken for each in found)
    if json_wanted:
        output.as_json({"verified": not broken, "books": [_record(each) for each in found]})
    else:
        columns = ("book", "seals", "rows", "not sealed yet", "broken")
        output.table("Evidence", columns, map(_row, found))
        output.say(_WHAT_TO_DO if broken else "All sealed evidence is as it was sealed.")
    if broken:
        raise typer.Exit(1)


@app.command("head")
def head(*, json_wanted: Json = False) -> None:
    """Show the newest seals; keep them where nobody who can change the database can."""

    async def use_case(ports: Ports, _: Settings) -> list[Head]:
        return await evidence.newest_heads(ports)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"heads": [_head_record(each) for each in found]})
        return
    rows = ((each.book, each.number, each.digest) for each in found)
    output.table("Newest seals", ("book", "number", "digest"), rows)


def _heads(file: Path) -> list[Head]:
    try:
        kept = json.loads(files.text(file, InvalidInput))["heads"]
        return [_head(each) for each in kept]
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(f"{file} is not what `pef evidence head --json` says") from None


def _head(kept: dict[str, Any]) -> Head:
    return Head(EvidenceBook(kept["book"]), int(kept["number"]), str(kept["digest"]))


def _head_record(head: Head) -> dict[str, Any]:
    return {"book": head.book, "number": head.number, "digest": head.digest}


def _row(found: BookVerified) -> tuple[object, ...]:
    said = _said(found.broken) if found.broken else "no"
    return found.book, found.seals, found.rows, found.unsealed, said


def _said(broken: Broken) -> str:
    return f"seal {broken.number}, rows {broken.first_seq} to {broken.last_seq}: {broken.wrong}"


def _record(found: BookVerified) -> dict[str, Any]:
    return {
        "book": found.book,
        "seals": found.seals,
        "rows": found.rows,
        "unsealed": found.unsealed,
        "broken": _broken_record(found.broken) if found.broken else None,
    }


def _broken_record(broken: Broken) -> dict[str, Any]:
    return {
        "number": broken.number,
        "first_seq": broken.first_seq,
        "last_seq": broken.last_seq,
        "wrong": broken.wrong,
    }
