"""`pef account`: merchant accounts at PagoEfectivo."""

from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.policy import Mode
from pef_adapters.engine.onboarding import add_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.engine.upkeep import renew_account
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
    cip_phone: Annotated[
        str, typer.Option(help="Phone for CIPs, if PagoEfectivo insists on one: digits only.")
    ] = "",
    cip_country_code: Annotated[
        str, typer.Option(help="Country code beside it, such as +51.")
    ] = "",
    cip_email: Annotated[
        str, typer.Option(help="E-mail for CIPs of buyers who gave the store none.")
    ] = "",
    answer_seconds: Annotated[
        float, typer.Option(help="How long one answer may take, at most 20 seconds.")
    ] = _TIMEOUTS.read,
    *,
    json_wanted: Json = False,
) -> None:
    """Add or replace a merchant account. The secrets are kept encrypted."""
    cips = {
        "user_phone": cip_phone,
        "user_code_country": cip_country_code,
        "user_email": cip_email,
    }

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
                "cip_defaults": {field: told for field, told in cips.items() if told},
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
        output.as_json({"accounts": [_record(account) for account in found]})
        return
    columns = ("account", "mode", "address", "service id", "documents until", "keys until")
    output.table("Merchant accounts", columns, map(_row, found))


@app.command("renew")
def renew(
    name: Annotated[str, typer.Argument(help="The account, as in `pef account list`.")],
    documents_until: Annotated[
        str | None, typer.Option(help="Last day of the merchant's documents, such as 2027-06-30.")
    ] = None,
    keys_until: Annotated[
        str | None, typer.Option(help="Last day of the keys, such as 2027-06-30.")
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Record until when documents and keys are good: alarms warn before, nothing is sent after."""
    with output.errors_explained(json_wanted=json_wanted):
        if documents_until is None and keys_until is None:
            raise InvalidInput("give --documents-until, --keys-until or both")
        documents = None if documents_until is None else moments.day(documents_until)
        keys = None if keys_until is None else moments.day(keys_until)

    async def use_case(ports: Ports, _: Settings) -> Account:
        return await renew_account(ports, name, kyc_until=documents, keys_until=keys)

    renewed = run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(renewed))
        return
    known = _record(renewed)
    output.say(
        f"account {name}: documents until {known['documents_until'] or 'not recorded'}, "
        f"keys until {known['keys_until'] or 'not recorded'}"
    )


def _record(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "mode": account.mode,
        "base_url": account.base_url,
        "documents_until": account.settings.get("kyc_until"),
        "keys_until": account.settings.get("keys_until"),
    }


def _row(account: Account) -> tuple[object, ...]:
    days = (account.settings.get(name) or "" for name in ("kyc_until", "keys_until"))
    return account.id, account.mode, account.base_url, account.service_id, *days
