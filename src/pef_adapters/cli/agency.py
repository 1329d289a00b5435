"""`pef agency`: agencies, and the settings that their stores inherit."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from pef_adapters.cli import files, output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.agencies import known_agency, set_agency_settings
from pef_adapters.engine.gate.auditing import Deed
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Agency
from pef_adapters.settings import Settings

app = typer.Typer(help="Agencies, and what their stores inherit.", no_args_is_help=True)
AgencyName = Annotated[str, typer.Argument(help="The agency, as in `pef agency list`.")]


@app.command("list")
def list_agencies(*, json_wanted: Json = False) -> None:
    """List the agencies."""

    async def use_case(ports: Ports, _: Settings) -> list[tuple[Agency, int]]:
        async with ports.book.begin() as ledger:
            heads = await ledger.store_heads()
            agencies = await ledger.agencies()
        return [(each, sum(head.agency == each.name for head in heads)) for each in agencies]

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"agencies": [{**_record(each), "stores": n} for each, n in found]})
        return
    rows = ((each.name, each.title, number) for each, number in found)
    output.table("Agencies", ("agency", "title", "stores"), rows)


@app.command("show")
def show(name: AgencyName, *, json_wanted: Json = False) -> None:
    """Show an agency and its settings, as `pef agency set` reads them."""

    async def use_case(ports: Ports, _: Settings) -> Agency:
        async with ports.book.begin() as ledger:
            return await known_agency(ledger, name)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(found))
        return
    output.say(f"{found.name}: {found.title}")
    output.say(yaml.safe_dump(dict(found.settings), allow_unicode=True, sort_keys=False).rstrip())


@app.command("set")
def set_settings(
    name: Annotated[str, typer.Argument(help="The agency; one that is not there is made.")],
    by: Annotated[str, typer.Option("--by", help="Who decides this.")],
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="A YAML file: language, and platform with the settings of each."),
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Make or change an agency; its stores inherit what they don't say themselves."""
    with output.errors_explained(json_wanted=json_wanted):
        given = None if settings is None else _read(settings)

    async def use_case(ports: Ports, _: Settings) -> Agency:
        async with ports.book.begin() as ledger:
            known = await ledger.agency(name)
        kept = given if given is not None else (known.settings if known else {})
        called = title or (known.title if known else name)
        return await set_agency_settings(ports, name, called, kept, by)

    deed = Deed(what="change_agency", subject=f"agency/{name}", agency=name, detail={"by": by})
    kept = run(use_case, "Saving…", json_wanted=json_wanted, deed=deed)
    if json_wanted:
        output.as_json(_record(kept))
    else:
        output.say(f"agency {kept.name} is saved, and its stores inherit it")


def _read(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(files.text(file, SettingInvalid))
    except yaml.YAMLError:
        raise SettingInvalid(f"{file} is not YAML; `pef agency show` shows how it looks") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingInvalid(f"{file} holds no settings; it has names such as language")
    return {str(key): value for key, value in found.items()}


def _record(agency: Agency) -> dict[str, Any]:
    return {"name": agency.name, "title": agency.title, "settings": dict(agency.settings)}
