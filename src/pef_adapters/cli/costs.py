"""`pef costs`: fees and rates of an account, what refunds cost, and the monthly quote sheet."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pef_adapters.cli import files, output
from pef_adapters.cli.options import Account, By, Json, Language, RefundId, StoreOption
from pef_adapters.cli.running import run
from pef_adapters.core import writing
from pef_adapters.core.costs import Cost, CostSettings, Month, Quote, read_costs
from pef_adapters.core.errors import CostsUnreadable, RateMissing
from pef_adapters.core.money import Money
from pef_adapters.engine import costs, upkeep
from pef_adapters.engine.known import known_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import ActualCost
from pef_adapters.settings import Settings

app = typer.Typer(help="What refunds cost.", no_args_is_help=True)


@app.command("set")
def set_costs(
    file: Annotated[Path, typer.Argument(help="Fees and exchange rates, in YAML or JSON.")],
    account: Account = "main",
    *,
    json_wanted: Json = False,
) -> None:
    """Keep an account's fees and exchange rates; they replace those kept before."""
    with output.errors_explained(json_wanted=json_wanted):
        read = read_costs(files.text(file, CostsUnreadable))

    async def use_case(ports: Ports, _: Settings) -> None:
        await upkeep.set_costs(ports, account, read)

    run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"account": account, "costs": read.as_settings()})
    else:
        fees = ", ".join(schedule.currency for schedule in read.fees) or "none"
        output.say(f"the costs of account {account} are saved (fees: {fees})")


@app.command("show")
def show(account: Account = "main", *, json_wanted: Json = False) -> None:
    """Print an account's fees and exchange rates as YAML, as `pef costs set` takes them."""

    async def use_case(ports: Ports, _: Settings) -> CostSettings:
        async with ports.book.begin() as ledger:
            return costs.costs_of(await known_account(ledger, account))

    known = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"account": account, "costs": known.as_settings()})
    elif known == CostSettings():
        output.say(f"Account {account} has no costs yet: give them with `pef costs set`.")
    else:
        typer.echo(writing.costs_as_written(known), nl=False)


@app.command("of")
def costs_of_refund(
    refund: RefundId, language: Language = "en", *, json_wanted: Json = False
) -> None:
    """Show what a refund is expected to cost, part by part, and what it really did."""

    async def use_case(ports: Ports, _: Settings) -> tuple[Cost | None, str, list[ActualCost]]:
        expected, missing = None, ""
        try:
            expected = await costs.expected(ports, refund)
        except RateMissing as error:
            missing = str(error)
        async with ports.book.begin() as ledger:
            return expected, missing, await ledger.costs([refund])

    expected, missing, actual = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_of_record(refund, expected, missing, actual))
        return
    if expected is None:
        output.say(f"expected: not known; {missing or 'no fees are written down'}")
    else:
        output.say(f"expected: {expected.total}")
        for part in expected.parts:
            output.say(f"    {part.explanation(language)}")
    rows = ((cost.amount, cost.what, cost.recorded_by, cost.recorded_at.date()) for cost in actual)
    output.table("Really paid", ("amount", "what for", "recorded by", "on"), rows)


@app.command("record")
def record(
    refund: RefundId,
    *,
    amount: Annotated[str, typer.Option(help="Such as 1.50; a credit is below zero.")],
    currency: Annotated[str, typer.Option(help="Its ISO 4217 code, such as PEN.")],
    by: By,
    what: Annotated[str, typer.Option(help="What it was for, as the statement says.")] = "",
    json_wanted: Json = False,
) -> None:
    """Keep what a refund really cost, as a statement says; several entries add up."""
    with output.errors_explained(json_wanted=json_wanted):
        money = Money.parse(amount, currency)

    async def use_case(ports: Ports, _: Settings) -> ActualCost:
        return await costs.record_actual(ports, refund, money, what, by)

    kept = run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"refund": refund, **_actual_record(kept)})
    else:
        output.say(f"refund {refund} really cost {kept.amount} ({kept.what or 'no words given'})")


@app.command("quote")
def quote(
    month: Annotated[str, typer.Option(help="The month in Lima, such as 2026-11.")],
    store: StoreOption = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the sheet into this new file too.")
    ] = None,
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """Add up a month's refunds: the figures that a provider asks for before naming a price."""
    with output.errors_explained(json_wanted=json_wanted):
        wanted = Month.parse(month)
        if csv is not None:
            files.check_new(csv)

    async def use_case(ports: Ports, _: Settings) -> Quote:
        sheet = await costs.quote_of(ports, wanted, store)
        if csv is not None:
            files.write_new(csv, sheet.as_csv(language).encode("utf-8-sig"))
        return sheet

    sheet = run(use_case, "Adding up…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(sheet.as_record())
        return
    rows = (
        (line.name, line.of, "—" if line.value is None else line.value, line.explanation(language))
        for line in sheet.lines()
    )
    output.table(f"Refunds of {wanted}", ("figure", "of", "value", "what it counts"), rows)


def _of_record(
    refund: str, expected: Cost | None, missing: str, actual: list[ActualCost]
) -> dict[str, Any]:
    return {
        "refund": refund,
        "expected": expected and expected.as_record(),
        "missing": missing or None,
        "actual": [_actual_record(cost) for cost in actual],
    }


def _actual_record(cost: ActualCost) -> dict[str, Any]:
    return {
        "amount": str(cost.amount.decimal),
        "currency": cost.amount.currency,
        "what": cost.what,
        "recorded_by": cost.recorded_by,
        "recorded_at": cost.recorded_at.isoformat(),
    }
