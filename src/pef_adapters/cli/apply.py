"""`pef apply`, `pef diff`: agencies, accounts and stores as one file says them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.cli import output, stores_file
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine.gate.auditing import Deed
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.settings_as_code import (
    Difference,
    Outcome,
    OutcomeKind,
    Plan,
    StoresFile,
    apply_plan,
    drift_of,
    make_plan,
    read_stores,
)
from pef_adapters.settings import Settings

_CHANGES = 2
StoresYaml = Annotated[Path, typer.Argument(help="The file, such as stores.yaml.")]
Applier = Annotated[str, typer.Option("--by", help="Who applies it; kept with what changes.")]


def apply(
    file: StoresYaml,
    by: Applier = "pef apply",
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what would be done; 2 where anything would.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before doing it.")] = False,
    json_wanted: Json = False,
) -> None:
    """Make agencies, accounts and stores as a file says; nothing is ever deleted."""
    with output.errors_explained(json_wanted=json_wanted):
        wanted = read_stores(stores_file.read(file))
        if json_wanted and not (plan or yes):
            raise InvalidInput("with --json nobody can be asked: give --plan or --yes")
    found = _planned(wanted, file, json_wanted=json_wanted)
    if plan:
        _show_plan(found, json_wanted=json_wanted)
        raise typer.Exit(_CHANGES if found.has_changes else 0)
    if found.has_changes and not yes:
        stores_file.show_plan(found)
        typer.confirm("Do this?", abort=True)
    _apply(wanted, file, by, json_wanted=json_wanted)


def diff(
    store: Annotated[
        str | None, typer.Argument(help="The store's name, as in `pef store list`; else all.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Show what was changed by hand since stores were last applied from a file."""

    async def use_case(ports: Ports, _: Settings) -> dict[str, tuple[Difference, ...]]:
        async with ports.book.begin() as ledger:
            heads = [head for head in await ledger.store_heads() if store in (None, head.id)]
            return {head.id: await drift_of(ledger, head) for head in heads}

    found = run(use_case, "Comparing…", json_wanted=json_wanted)
    if json_wanted:
        records = {name: stores_file.difference_records(each) for name, each in found.items()}
        output.as_json({"stores": records})
    else:
        stores_file.show_differences(found)
    if any(found.values()):
        raise typer.Exit(_CHANGES)


def _planned(wanted: StoresFile, file: Path, *, json_wanted: bool) -> Plan:
    async def use_case(ports: Ports, _: Settings) -> Plan:
        return await make_plan(ports, wanted, stores_file.AroundTheFile(file.parent))

    return run(use_case, "Comparing…", json_wanted=json_wanted)


def _apply(wanted: StoresFile, file: Path, by: str, *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> list[Outcome]:
        # Planned anew: whoever was asked may have taken his time.
        plan = await make_plan(ports, wanted, stores_file.AroundTheFile(file.parent))
        return await apply_plan(ports, plan, by, settings.address)

    deed = Deed(what="apply_file", subject=f"file/{file.name}", detail={"by": by})
    outcomes = run(use_case, "Applying…", json_wanted=json_wanted, deed=deed)
    if json_wanted:
        output.as_json({"items": [stores_file.outcome_record(each) for each in outcomes]})
    else:
        stores_file.show_outcomes(outcomes)
    if _any_failed(outcomes):
        raise typer.Exit(1)


def _any_failed(outcomes: Sequence[Outcome]) -> bool:
    return any(each.kind is OutcomeKind.FAILED for each in outcomes)


def _show_plan(found: Plan, *, json_wanted: bool) -> None:
    if json_wanted:
        items = [stores_file.item_record(item) for item in found.items]
        output.as_json({"changes": found.has_changes, "items": items})
        return
    stores_file.show_plan(found)
    if not found.has_changes:
        output.say("Nothing to do.")
