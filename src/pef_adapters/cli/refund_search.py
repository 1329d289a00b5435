"""`pef refund search` and `pef refund bundle`: find refunds, and take one along for support."""

from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.cli import files, moments, output, refund_report
from pef_adapters.cli.options import Json, Language, RefundId, StoreOption
from pef_adapters.cli.running import run
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import dossier, refund_search
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund, RefundSearch
from pef_adapters.settings import Settings


def search(
    order: Annotated[str, typer.Option(help="The order's number or id.")] = "",
    transaction: Annotated[str, typer.Option(help="The CIP or transaction id.")] = "",
    buyer: Annotated[
        str,
        typer.Option(help="An e-mail address; with --store also a customer number or document."),
    ] = "",
    amount: Annotated[str, typer.Option(help="The refund's amount, such as 59.90.")] = "",
    currency: Annotated[str, typer.Option(help="The currency of --amount.")] = "PEN",
    store: StoreOption = None,
    state: Annotated[
        list[State] | None, typer.Option(help="Only in this state; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Asked for on this day in Lima or later: 2026-11-30.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Asked for before this day in Lima: 2026-12-01.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    *,
    attention: Annotated[
        bool, typer.Option("--attention", help="Only those that need a look.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Find refunds by what you know of them, newest first."""
    with output.errors_explained(json_wanted=json_wanted):
        wanted = RefundSearch(
            store_id=store,
            states=frozenset(state or ()),
            order=order,
            transaction_id=transaction,
            amount=Money.parse(amount, currency) if amount else None,
            attention=attention,
            asked_from=moments.start_of(since) if since else None,
            asked_before=moments.start_of(until) if until else None,
            limit=limit,
        )

    async def use_case(ports: Ports, _: Settings) -> list[Refund]:
        return await refund_search.search(ports, None, wanted, buyer)

    found = run(use_case, "Searching…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"refunds": [refund_report.record(refund) for refund in found]})
    else:
        output.table("Refunds", refund_report.COLUMNS, map(refund_report.row, found))


def bundle(
    refund: RefundId,
    to: Annotated[
        Path, typer.Option(help="The ZIP file to write; one that is there is left alone.")
    ],
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """Write all that is known of a refund into a ZIP file for support, without secrets."""
    with output.errors_explained(json_wanted=json_wanted):
        files.check_new(to)

    async def use_case(ports: Ports, _: Settings) -> bytes:
        return await dossier.bundle(ports, refund, language)

    body = run(use_case, "Gathering…", json_wanted=json_wanted)
    with output.errors_explained(json_wanted=json_wanted):
        files.write_new(to, body)
    if json_wanted:
        output.as_json({"file": str(to), "bytes": len(body)})
    else:
        output.say(f"{to} is written ({len(body)} bytes)")
