"""`pef account`: merchant accounts at PagoEfectivo."""

from typing import Annotated

import typer

from pef_adapters.cli import output
from pef_adapters.cli.running import run
from pef_adapters.core.policy import Mode
from pef_adapters.engine.onboarding import add_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.keys import keep_apart
from pef_adapters.pagoefectivo.settings import (
    AccountSettings,
    Credentials,
    Paths,
    Timeouts,
    TransactionReference,
)
from pef_adapters.settings import Settings

app = typer.Typer(help="Merchant accounts at PagoEfectivo.", no_args_is_help=True)
_PATHS, _TIMEOUTS = Paths(), Timeouts()
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@app.command("add")
def add(
    base_url: Annotated[str, typer.Option(help="Where PagoEfectivo's API is.")],
    service_id: Annotated[str, typer.Option(help="The merchant's service id (idService).")],
    access_key: Annotated[
        str, typer.Option(envvar="PEF_ACCESS_KEY", prompt=True, help="The accessKey.")
    ],
    secret_key: Annotated[
        str,
        typer.Option(
            envvar="PEF_ACCOUNT_SECRET", prompt=True, hide_input=True, help="The secretKey."
        ),
    ],
    name: Annotated[str, typer.Option(help="What you call this account.")] = "main",
    mode: Annotated[Mode, typer.Option(help="Whether these keys move real money.")] = Mode.LIVE,
    transaction_reference: Annotated[
        TransactionReference, typer.Option(help="Which number the store's transaction id is.")
    ] = TransactionReference.CIP,
    authorizations_path: Annotated[
        str, typer.Option(help="Where tokens are given out.")
    ] = _PATHS.authorizations,
    cips_path: Annotated[str, typer.Option(help="Where CIPs are looked up.")] = _PATHS.cips,
    refunds_path: Annotated[
        str, typer.Option(help="Where refunds are asked for, as PagoEfectivo agrees with you.")
    ] = _PATHS.refunds,
    answer_seconds: Annotated[
        float, typer.Option(help="How long one answer may take, at most 20 seconds.")
    ] = _TIMEOUTS.read,
    *,
    json_wanted: Json = False,
) -> None:
    """Add or replace a merchant account. The secrets are kept encrypted."""

    async def use_case(ports: Ports, _: Settings) -> None:
        account = Account(
            id=name,
            mode=mode,
            base_url=base_url.rstrip("/"),
            service_id=service_id,
            settings={
                "transaction_reference": transaction_reference,
                "paths": {
                    "authorizations": authorizations_path,
                    "cips": cips_path,
                    "refunds": refunds_path,
                },
                "timeouts": {"read": answer_seconds},
            },
            secrets={"access_key": access_key, "secret_key": secret_key},
            created_at=ports.clock.now(),
        )
        AccountSettings.of(account)
        Credentials.of(account)
        keep_apart(mode, account.base_url, access_key)
        await add_account(ports, account)

    run(use_case, "Saving the account…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"account": name, "mode": mode})
    else:
        output.out.print(f"[green]✔[/green] account [bold]{name}[/bold] saved ({mode})")


@app.command("list")
def list_accounts(*, json_wanted: Json = False) -> None:
    """List the merchant accounts."""

    async def use_case(ports: Ports, _: Settings) -> list[Account]:
        async with ports.book.begin() as ledger:
            return await ledger.accounts()

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(
            {"accounts": [{"id": a.id, "mode": a.mode, "base_url": a.base_url} for a in found]}
        )
        return
    rows = ((a.id, a.mode, a.base_url, a.service_id) for a in found)
    output.table("Merchant accounts", ("account", "mode", "address", "service id"), rows)
