"""`pef store health` and `pef store settings`: how stores stand, and what each is told."""

from typing import Annotated, Any

import typer
import yaml

from pef_adapters.cli import output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.agencies import Shown, settings_shown
from pef_adapters.engine.gate.auditing import Deed
from pef_adapters.engine.health import Standing, Trouble, check_and_keep, standings
from pef_adapters.engine.known import known_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.upkeep import change_store_settings
from pef_adapters.settings import Settings

StoreName = Annotated[str, typer.Argument(help="The store's name, as in `pef store list`.")]


def health(
    store: Annotated[
        str | None, typer.Argument(help="The store's name, as in `pef store list`; else all.")
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Check now, and keep it.")] = False,
    json_wanted: Json = False,
) -> None:
    """Show how stores stand: their last check, what was heard of them, and what to mend."""

    async def use_case(ports: Ports, _: Settings) -> list[Standing]:
        async with ports.book.begin() as ledger:
            if store:
                await known_store(ledger, store)
            heads = [head for head in await ledger.store_heads() if store in (None, head.id)]
        if check:
            for head in heads:
                await check_and_keep(ports, head.id)
        async with ports.book.begin() as ledger:
            return await standings(ports, ledger, heads)

    found = run(use_case, "Looking…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"stores": [_record(each) for each in found]})
    else:
        rows = (
            (e.head.id, _at(e.health.at if e.health else None), _at(e.last_webhook), said(e))
            for e in found
        )
        output.table("Stores", ("store", "checked", "last webhook", "to mend"), rows)
    if any(each.troubles for each in found):
        raise typer.Exit(1)


def settings(
    store: StoreName,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE, the value in YAML; NAME= inherits it; repeatable."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of the order's notes: es_PE, en or zh_Hans.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Show what a store is told and who says so, or change what it says itself."""
    with output.errors_explained(json_wanted=json_wanted):
        given = dict(_pair(each) for each in change or [])

    async def use_case(ports: Ports, _: Settings) -> list[Shown]:
        if given or language:
            await _change(ports, store, given, language)
        async with ports.book.begin() as ledger:
            found = await known_store(ledger, store)
            name = found.settings.get("agency")
            agency = await ledger.agency(str(name)) if name else None
        return settings_shown(ports.platforms, found, agency)

    deed = Deed(
        what="change_store",
        subject=f"store/{store}",
        store_id=store,
        detail={"settings": sorted(given), "language": language},
    )
    changes = bool(given or language)
    shown = run(use_case, "Reading…", json_wanted=json_wanted, deed=deed if changes else None)
    if json_wanted:
        rows = [{"name": s.name, "value": s.value, "from": s.comes_from} for s in shown]
        output.as_json({"store": store, "settings": rows})
        return
    columns = ("setting", "value", "from")
    output.table(f"Settings of {store}", columns, ((s.name, s.value, s.comes_from) for s in shown))


def said(standing: Standing) -> str:
    """What is to be mended, in one line."""
    return "; ".join(map(_in_words, standing.troubles)) or "nothing"


async def _change(ports: Ports, store: str, given: dict[str, Any], language: str | None) -> None:
    """Change single settings; one without a value is inherited again."""
    async with ports.book.begin() as ledger:
        own = dict((await known_store(ledger, store)).settings.get("platform", {}))
    for name, value in given.items():
        if value is None:
            own.pop(name, None)
        else:
            own[name] = value
    await change_store_settings(ports, store, own if given else None, language=language)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingInvalid("write --set NAME=VALUE")
    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise SettingInvalid(f"the value of {name.strip()} can't be read as YAML") from None


def _record(standing: Standing) -> dict[str, Any]:
    health_kept = standing.health
    return {
        "store": standing.head.id,
        "checked_at": _at(health_kept.at) if health_kept else None,
        "checks": [dict(check) for check in health_kept.checks] if health_kept else [],
        "last_webhook": _at(standing.last_webhook) or None,
        "troubles": [{"code": t.key, "said": _in_words(t)} for t in standing.troubles],
    }


def _in_words(trouble: Trouble) -> str:
    said_first = trouble.detail or explain(trouble.key, "en", trouble.figures)
    mend = trouble.mend or advise(trouble.key, "en", trouble.figures)
    return " → ".join(filter(None, (said_first, mend)))


def _at(moment: Any) -> str:
    return moment.isoformat(timespec="minutes") if moment else ""
