"""`pef refund`: look at refunds, and do what only a person may do."""

import getpass
from typing import Annotated, Any

import typer
from rich.text import Text

from pef_adapters.cli import output
from pef_adapters.cli.running import run
from pef_adapters.core.states import CARE, State
from pef_adapters.engine import people, story
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.story import Story
from pef_adapters.settings import Settings

app = typer.Typer(help="Refunds.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Language = Annotated[str, typer.Option(help="es_PE, en or zh_Hans.")]
By = Annotated[str, typer.Option("--by", help="Who decides this; kept with the refund.")]
RefundId = Annotated[str, typer.Argument(help="The refund's id, as in `pef refund list`.")]


@app.command("list")
def list_refunds(
    store: Annotated[str | None, typer.Option(help="Only this store's.")] = None,
    state: Annotated[State | None, typer.Option(help="Only refunds in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    *,
    json_wanted: Json = False,
) -> None:
    """List refunds, newest first."""

    async def use_case(ports: Ports, _: Settings) -> list[Refund]:
        async with ports.book.begin() as ledger:
            return await ledger.list_refunds(store_id=store, state=state, limit=limit)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"refunds": [_record(refund) for refund in found]})
        return
    columns = ("refund", "order", "amount", "state", "who acts", "attention")
    output.table("Refunds", columns, (_row(refund) for refund in found))


@app.command("show")
def show(refund: RefundId, language: Language = "en", *, json_wanted: Json = False) -> None:
    """Tell one refund's story, from the button to the order's note."""

    async def use_case(ports: Ports, _: Settings) -> Story:
        return await story.tell(ports, refund, language)

    told = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_story_record(told))
    else:
        _print_story(told)


@app.command("retry")
def retry(refund: RefundId, by: By = "", *, json_wanted: Json = False) -> None:
    """Let the engine try again now, whatever the refund waits for."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await people.retry(ports, refund, by or getpass.getuser())

    _answer(run(use_case, "Asking for another try…", json_wanted=json_wanted), json_wanted)


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

    _answer(run(use_case, "Saving…", json_wanted=json_wanted), json_wanted)


def _answer(refund: Refund, json_wanted: bool) -> None:  # noqa: FBT001 - passes the option on
    if json_wanted:
        output.as_json(_record(refund))
    else:
        output.out.print(Text.assemble(f"refund {refund.id} is ", output.coloured(refund.state)))


def _row(refund: Refund) -> tuple[object, ...]:
    return (
        refund.id,
        f"#{refund.order_number}",
        str(refund.amount),
        output.coloured(refund.state),
        CARE[refund.state].owner,
        (refund.attention or "").partition(".")[2],
    )


def _record(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "platform": refund.platform,
        "store": refund.store_id,
        "order": refund.order_number,
        "platform_refund_id": refund.platform_refund_id,
        "amount": str(refund.amount.decimal),
        "currency": refund.amount.currency,
        "state": refund.state,
        "owner": CARE[refund.state].owner,
        "attention": refund.attention,
        "expected_on": refund.expected_on,
        "written_back": refund.revision > 0 and refund.written_revision == refund.revision,
        "created_at": refund.created_at.isoformat(),
    }


def _story_record(told: Story) -> dict[str, Any]:
    return {
        "refund": _record(told.refund),
        "means": told.means,
        "why": told.why,
        "next": told.next_step,
        "decision": told.refund.decision,
        "timeline": [
            {"at": line.at.isoformat(), "what": line.what, "actor": line.actor, **line.detail}
            for line in told.lines
        ],
    }


def _print_story(told: Story) -> None:
    refund = told.refund
    headline = f"  {refund.amount}  order #{refund.order_number}  "
    output.out.print(
        Text.assemble((refund.id, "bold"), headline, output.coloured(refund.state)),
    )
    where = f"Store {refund.store_id}, its refund {refund.platform_refund_id}."
    expected = f"Expected on {refund.expected_on}." if refund.expected_on else ""
    for sentence in filter(None, (told.means, told.why, where, expected)):
        output.say(sentence)
    if told.next_step:
        output.say(f"→ {told.next_step}")
    rows = (
        (
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            line.what,
            line.actor,
            "  ".join(f"{key}={value}" for key, value in line.detail.items()),
        )
        for line in told.lines
    )
    output.table("Timeline (UTC)", ("when", "what", "who", "detail"), rows)
