"""`pef audit`: who signed in and who changed what."""

from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.operator import operator
from pef_adapters.cli.options import Json, Language
from pef_adapters.cli.running import run
from pef_adapters.core import texts
from pef_adapters.engine.gate import audits as gate
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import AuditEntry, AuditSearch
from pef_adapters.settings import Settings

app = typer.Typer(help="Who signed in and who changed what.", no_args_is_help=True)


@app.command("list")
def list_entries(
    by: Annotated[str, typer.Option("--by", help="Only of this person or token/NAME.")] = "",
    about: Annotated[str, typer.Option(help="Only about this, such as store/tienda-pe.")] = "",
    before: Annotated[int | None, typer.Option(help="Only entries before this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """List what was done and what was refused, newest first."""
    search = AuditSearch(actor=by, subject=about, before=before, limit=limit)

    async def use_case(ports: Ports, _: Settings) -> list[AuditEntry]:
        return await gate.audits(ports, operator(), search)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"entries": [_record(entry) for entry in found]})
        return
    columns = ("number", "at", "who", "did", "about", "outcome")
    output.table("Audit (times in Lima)", columns, (_row(entry, language) for entry in found))


def _row(entry: AuditEntry, language: str) -> tuple[object, ...]:
    key = f"audit.{entry.what}"
    did = texts.explain(key, language) if texts.known(key) else entry.what
    at = moments.shown(entry.at)
    return entry.id, at, entry.actor, did, entry.subject, entry.outcome


def _record(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": moments.record(entry.at),
        "actor": entry.actor,
        "what": entry.what,
        "subject": entry.subject,
        "store": entry.store_id,
        "agency": entry.agency,
        "outcome": entry.outcome,
        "origin": entry.origin,
        "detail": dict(entry.detail),
    }
