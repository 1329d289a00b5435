"""`pef store`: connect stores, list them, find out what is wrong with one."""

from typing import Annotated

import typer

from pef_adapters.cli import output, store_add, store_health
from pef_adapters.cli.options import Json, check_one
from pef_adapters.cli.running import run
from pef_adapters.cli.store_options import (
    AccountName,
    NotesLanguage,
    OriginalRouteDays,
    PayoutDays,
    PolicyFile,
    StoreMode,
    policy_of,
)
from pef_adapters.cli.store_report import record, row
from pef_adapters.core.texts import DEFAULT_LANGUAGE
from pef_adapters.engine import onboarding, plugin_codes, upkeep
from pef_adapters.engine.onboarding import StoreRequest
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.platforms.contract import Check
from pef_adapters.settings import Settings

app = typer.Typer(help="Connected stores.", no_args_is_help=True)
app.add_typer(store_add.app, name="add")
app.command("health")(store_health.health)
app.command("settings")(store_health.settings)
StoreName = Annotated[str, typer.Argument(help="The store's name, as in `pef store list`.")]


@app.command("list")
def list_stores(*, json_wanted: Json = False) -> None:
    """List the connected stores."""

    async def use_case(ports: Ports, _: Settings) -> list[Store]:
        async with ports.book.begin() as ledger:
            return await ledger.stores()

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"stores": [record(store) for store in found]})
        return
    columns = ("store", "platform", "address", "mode", "account", "agency")
    output.table("Stores", columns, map(row, found))


@app.command("check")
def check(
    store: Annotated[
        str | None, typer.Argument(help="The store's name, as in `pef store list`; else all.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Reach a store, or all, and check keys, rights, addresses and webhooks."""

    async def use_case(ports: Ports, _: Settings) -> dict[str, tuple[Check, ...]]:
        async with ports.book.begin() as ledger:
            names = [store] if store else [each.id for each in await ledger.stores()]
        return {name: await onboarding.check_store(ports, name) for name in names}

    found = run(use_case, "Checking…", json_wanted=json_wanted)
    if json_wanted:
        checked = {name: output.check_records(checks) for name, checks in found.items()}
        output.as_json({"stores": checked})
    else:
        if not found:
            output.say("Stores: nothing yet.")
        for name, checks in found.items():
            output.say(name)
            output.checks(checks)
    if not all(check.passed for checks in found.values() for check in checks):
        raise typer.Exit(1)


@app.command("join")
def join(
    store: StoreName,
    agency: Annotated[
        str | None, typer.Option(help="The agency whose policy stands over the store's.")
    ] = None,
    *,
    leave: Annotated[bool, typer.Option("--leave", help="Leave the agency.")] = False,
    json_wanted: Json = False,
) -> None:
    """Put a store under an agency's policy, or take it out again."""
    with output.errors_explained(json_wanted=json_wanted):
        check_one(agency=agency, leave=leave)

    async def use_case(ports: Ports, _: Settings) -> Store:
        return await upkeep.join_agency(ports, store, agency)

    moved = run(use_case, "Checking the two policies…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(record(moved))
    else:
        output.say(f"store {moved.id} is under {f'agency {agency}' if agency else 'no agency'}")


@app.command("operator")
def name_operator(
    store: StoreName,
    operator: Annotated[str, typer.Argument(help="What the store calls whoever presses refund.")],
    name: Annotated[str, typer.Argument(help="The same person's name, as given to --by.")],
    *,
    json_wanted: Json = False,
) -> None:
    """Say which person a store's operator is, so that nobody approves a refund of their own."""

    async def use_case(ports: Ports, _: Settings) -> Store:
        return await upkeep.name_operator(ports, store, operator, name)

    changed = run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(record(changed))
    else:
        output.say(f"store {changed.id}: operator {operator} is {name}")


@app.command("code")
def code(
    url: Annotated[str, typer.Option(help="The store's address, such as https://tienda.pe.")],
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    *,
    allow_http: Annotated[
        bool, typer.Option(help="Allow plain http with OAuth 1.0a, for a local store only.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Make a one-time code by which the WordPress plugin connects its store."""
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
    request = StoreRequest(
        platform="woocommerce",
        address=url,
        account_id=account,
        language=language,
        mode=mode,
        settings={"allow_http": allow_http},
        policy=kept,
    )

    async def use_case(ports: Ports, _: Settings) -> str:
        return await plugin_codes.offer(ports, request)

    made = run(use_case, "Making the code…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"code": made})
        return
    output.say(f"Give this code to the owner of {url}; it is good for 24 hours: {made}")
