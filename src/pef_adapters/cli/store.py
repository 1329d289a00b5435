"""`pef store`: connect stores, list them, find out what is wrong with one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pef_adapters.cli import output, policy_file
from pef_adapters.cli.options import Json, check_one
from pef_adapters.cli.running import run
from pef_adapters.core.policy import Mode
from pef_adapters.core.texts import DEFAULT_LANGUAGE
from pef_adapters.engine import onboarding, upkeep
from pef_adapters.engine.onboarding import StoreRequest
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.platforms.contract import Check
from pef_adapters.settings import Settings

app = typer.Typer(help="Connected stores.", no_args_is_help=True)
add_app = typer.Typer(help="Connect a store.", no_args_is_help=True)
app.add_typer(add_app, name="add")
StoreName = Annotated[str, typer.Argument(help="The store's name, as in `pef store list`.")]


@add_app.command("woocommerce")
def add_woocommerce(
    url: Annotated[str, typer.Option(help="The store's address, such as https://tienda.pe.")],
    payment_method: Annotated[
        list[str],
        typer.Option(help="Payment method whose orders PagoEfectivo was paid for; repeatable."),
    ],
    key: Annotated[str, typer.Option(envvar="PEF_STORE_KEY", help="REST key (ck_…).")] = "",
    secret: Annotated[
        str, typer.Option(envvar="PEF_STORE_SECRET", help="REST secret (cs_…).")
    ] = "",
    transaction_id_from: Annotated[
        str, typer.Option(help="Where the CIP stands on the order: transaction_id or meta:NAME.")
    ] = "transaction_id",
    account: Annotated[str, typer.Option(help="The merchant account that pays.")] = "main",
    language: Annotated[
        str, typer.Option(help="Language of the order's notes: es_PE, en or zh_Hans.")
    ] = DEFAULT_LANGUAGE,
    mode: Annotated[
        Mode | None, typer.Option(help="Live or sandbox; the account's, if not given.")
    ] = None,
    original_route_days: Annotated[
        int, typer.Option(min=0, help="Days after payment in which money goes back by itself.")
    ] = 30,
    payout_days: Annotated[
        int, typer.Option(min=0, help="Days after payment in which a person may pay out.")
    ] = 90,
    policy: Annotated[
        Path | None,
        typer.Option(help="The store's refund policy; with it, the two windows above don't count."),
    ] = None,
    auth: Annotated[
        str, typer.Option(help="Where keys go: header, or query where a host strips headers.")
    ] = "header",
    *,
    allow_http: Annotated[
        bool, typer.Option(help="Allow plain http with OAuth 1.0a, for a local store only.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Connect a WooCommerce store.

    Without --key and --secret, a link is shown on which the owner approves with one click.
    """
    windows = {"original_route_days": original_route_days, "payout_days": payout_days}
    with output.errors_explained(json_wanted=json_wanted):
        kept = windows if policy is None else policy_file.fit_for_use(policy).as_written()
    request = StoreRequest(
        platform="woocommerce",
        address=url,
        account_id=account,
        language=language,
        mode=mode,
        settings={
            "payment_methods": payment_method,
            "transaction_id_from": transaction_id_from,
            "auth": auth,
            "allow_http": allow_http,
        },
        policy=kept,
    )
    if key and secret:
        _add_with_keys(request, key, secret, json_wanted=json_wanted)
    else:
        _add_by_link(request, json_wanted=json_wanted)


@app.command("list")
def list_stores(*, json_wanted: Json = False) -> None:
    """List the connected stores."""

    async def use_case(ports: Ports, _: Settings) -> list[Store]:
        async with ports.book.begin() as ledger:
            return await ledger.stores()

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"stores": [_record(store) for store in found]})
        return
    columns = ("store", "platform", "address", "mode", "account", "agency")
    output.table("Stores", columns, map(_row, found))


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
        output.as_json(_record(moved))
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
        output.as_json(_record(changed))
    else:
        output.say(f"store {changed.id}: operator {operator} is {name}")


def _add_with_keys(request: StoreRequest, key: str, secret: str, *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> tuple[Store, tuple[Check, ...]]:
        keys = {"consumer_key": key, "consumer_secret": secret}
        return await onboarding.add_store(ports, request, keys, settings.address)

    store, found = run(use_case, f"Connecting {request.address}…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"store": _record(store), "checks": output.check_records(found)})
    else:
        output.say(f"store {store.id} is saved")
        output.checks(found)
    if not all(check.passed for check in found):
        raise typer.Exit(1)


def _add_by_link(request: StoreRequest, *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> str:
        return await onboarding.invite(ports, request, settings.address)

    link = run(use_case, "Making the link…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"authorize_url": link})
        return
    output.out.print("Open this address as the store's owner and approve, within one hour:")
    output.out.print(link, soft_wrap=True, highlight=False)


def _row(store: Store) -> tuple[object, ...]:
    agency = store.settings.get("agency") or ""
    return store.id, store.platform, store.identity, store.mode, store.account_id, agency


def _record(store: Store) -> dict[str, Any]:
    return {
        "id": store.id,
        "platform": store.platform,
        "address": store.identity,
        "mode": store.mode,
        "account": store.account_id,
        "webhook_address": store.callback_url,
        "agency": store.settings.get("agency"),
        "operators": dict(store.settings.get("people", {})),
    }
