"""`pef refund`: look at refunds, and do what only a person may do."""

import getpass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from pef_adapters.cli import moments, output, refund_by_hand, refund_report, refund_search
from pef_adapters.cli.options import By, Json, Language, RefundId, StoreOption, check_one
from pef_adapters.cli.running import run
from pef_adapters.core.states import CARE, State
from pef_adapters.engine import people, story
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.story import Story
from pef_adapters.settings import Settings

app = typer.Typer(help="Refunds.", no_args_is_help=True)
app.command("search")(refund_search.search)
app.command("bundle")(refund_search.bundle)
app.command("find")(refund_by_hand.find)
app.command("new")(refund_by_hand.new)
app.command("withdraw")(refund_by_hand.withdraw)

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
# Finished refunds keep their deadlines and are read past, not counted.
_MOST_DEADLINES = 1_000_000


class Sort(StrEnum):
    """Which refunds come first."""

    NEWEST = "newest"
    DEADLINE = "deadline"


@app.command("list")
def list_refunds(
    store: StoreOption = None,
    state: Annotated[State | None, typer.Option(help="Only refunds in this state.")] = None,
    sort: Annotated[
        Sort, typer.Option(help="deadline: open ones with a deadline, the most urgent first.")
    ] = Sort.NEWEST,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    *,
    json_wanted: Json = False,
) -> None:
    """List refunds, newest first."""

    async def use_case(ports: Ports, _: Settings) -> list[Refund]:
        async with ports.book.begin() as ledger:
            if sort is Sort.DEADLINE:
                return await _by_deadline(ledger, store, state, limit)
            return await ledger.list_refunds(store_id=store, state=state, limit=limit)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"refunds": [refund_report.record(refund) for refund in found]})
        return
    output.table("Refunds", refund_report.COLUMNS, map(refund_report.row, found))


@app.command("show")
def show(refund: RefundId, language: Language = "en", *, json_wanted: Json = False) -> None:
    """Tell one refund's story, from the button to the order's note."""

    async def use_case(ports: Ports, _: Settings) -> Story:
        return await story.tell(ports, refund, language)

    told = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(refund_report.story_record(told))
    else:
        refund_report.print_story(told)


@app.command("retry")
def retry(refund: RefundId, by: By = "", *, json_wanted: Json = False) -> None:
    """Let the engine try again now, whatever the refund waits for."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await people.retry(ports, refund, by or getpass.getuser())

    retried = run(use_case, "Asking for another try…", json_wanted=json_wanted)
    refund_report.answer(retried, json_wanted=json_wanted)


@app.command("settle")
def settle(
    refund: RefundId,
    *,
    paid: Annotated[
        bool, typer.Option("--paid/--not-paid", help="What you found out about the money.")
    ],
    by: By,
    json_wanted: Json = False,
) -> None:
    """End what the rail can't tell: a named person says whether the money has moved."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await people.settle(ports, refund, by, paid=paid)

    settled = run(use_case, "Saving…", json_wanted=json_wanted)
    refund_report.answer(settled, json_wanted=json_wanted)


@app.command("deadline")
def deadline(
    refund: RefundId,
    *,
    at: Annotated[
        str | None, typer.Option(help="By when, with its zone, such as 2026-11-30T18:00-05:00.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the deadline away.")] = False,
    by: By,
    json_wanted: Json = False,
) -> None:
    """Say by when a platform wants this refund done, to be warned a day before."""
    with output.errors_explained(json_wanted=json_wanted):
        check_one(at=at, none=none)
        wanted = None if at is None else moments.moment(at)

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await people.set_deadline(ports, refund, by, wanted)

    changed = run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(refund_report.record(changed))
        return
    shown = f"{moments.shown(wanted)} in Lima" if wanted else "none"
    output.say(f"refund {changed.id}: deadline {shown}")


async def _by_deadline(
    ledger: Ledger, store: str | None, state: State | None, limit: int
) -> list[Refund]:
    found = await ledger.refunds_by_deadline(_END_OF_TIME, _MOST_DEADLINES)
    return [
        refund
        for refund in found
        if store in (None, refund.store_id)
        and (refund.state is state if state else not CARE[refund.state].final)
    ][:limit]
