"""`pef approval`: the queue of held refunds, and what people say about them."""

from typing import Annotated, Any

import typer
from rich.text import Text

from pef_adapters.cli import moments, output, refund_report
from pef_adapters.cli.options import By, Json, Language, RefundId
from pef_adapters.cli.running import run
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.engine import approvals, story
from pef_adapters.engine.approvals import Waiting
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Act, Refund
from pef_adapters.engine.story import Story
from pef_adapters.settings import Settings

app = typer.Typer(help="Held refunds that wait for people.", no_args_is_help=True)
Words = Annotated[str, typer.Option("--text", help="What you say; kept with the refund.")]
# So much of a digest is enough to see that two differ.
DIGEST_LETTERS = 12


@app.command("list")
def list_waiting(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """List the refunds that wait for an approval; the one that expires first comes first."""

    async def use_case(ports: Ports, _: Settings) -> list[Waiting]:
        return await approvals.queue(ports, limit)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"waiting": [_record(waiting, language) for waiting in found]})
        return
    columns = ("refund", "order", "amount", "agreed", "why held", "expires", "deadline")
    rows = (_row(waiting, language) for waiting in found)
    output.table("Refunds that wait for an approval (times in Lima)", columns, rows)


@app.command("show")
def show(refund: RefundId, language: Language = "en", *, json_wanted: Json = False) -> None:
    """Show what there is to agree to: amount, destination, why it is held and what was said."""

    async def use_case(ports: Ports, _: Settings) -> tuple[Waiting, Story]:
        # The review first: should the details change meanwhile, its digest fits them no more.
        return await approvals.look(ports, refund), await story.tell(ports, refund, language)

    waiting, told = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_whole_record(waiting, told, language))
    else:
        _print(waiting, told, language)


@app.command("approve")
def approve(
    refund: RefundId,
    *,
    by: By,
    comment: Annotated[str, typer.Option(help="Words to keep with the approval.")] = "",
    digest: Annotated[
        str | None,
        typer.Option(help="The digest you were shown; refused if the refund has changed since."),
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Agree to a held refund; the last one needed lets it be decided anew."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await approvals.approve(ports, refund, by, comment, digest)

    moved = run(use_case, "Approving…", json_wanted=json_wanted)
    refund_report.answer(moved, json_wanted=json_wanted)


@app.command("decline")
def decline(
    refund: RefundId,
    *,
    by: By,
    why: Annotated[str, typer.Option(help="Why; kept with the refund.")],
    json_wanted: Json = False,
) -> None:
    """Refuse a held refund: nothing is paid."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await approvals.decline(ports, refund, by, why)

    moved = run(use_case, "Declining…", json_wanted=json_wanted)
    refund_report.answer(moved, json_wanted=json_wanted)


@app.command("comment")
def comment(refund: RefundId, *, by: By, text: Words, json_wanted: Json = False) -> None:
    """Say something about a held refund."""
    _speak(refund, by, Act.COMMENT, text, json_wanted=json_wanted)


@app.command("ask")
def ask(refund: RefundId, *, by: By, text: Words, json_wanted: Json = False) -> None:
    """Ask for more information before you decide."""
    _speak(refund, by, Act.ASK, text, json_wanted=json_wanted)


@app.command("answer")
def answer(refund: RefundId, *, by: By, text: Words, json_wanted: Json = False) -> None:
    """Answer a question about a held refund."""
    _speak(refund, by, Act.ANSWER, text, json_wanted=json_wanted)


def _speak(refund: str, by: str, act: Act, text: str, *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await approvals.speak(ports, refund, by, act, text)

    said = run(use_case, "Saving…", json_wanted=json_wanted)
    refund_report.answer(said, json_wanted=json_wanted)


def _why(refund: Refund, language: str) -> str:
    return explain_decision(refund.decision, language).why if refund.decision else ""


def _agreed(waiting: Waiting) -> str:
    return f"{len(waiting.agreed)} of {waiting.review.needed}"


def _row(waiting: Waiting, language: str) -> tuple[object, ...]:
    refund = waiting.refund
    return (
        refund.id,
        f"#{refund.order_number}",
        refund.amount,
        _agreed(waiting),
        _why(refund, language),
        moments.shown(waiting.review.expires_at),
        moments.shown(refund.deadline_at),
    )


def _record(waiting: Waiting, language: str) -> dict[str, Any]:
    refund, review = waiting.refund, waiting.review
    return {
        "refund": refund_report.record(refund),
        "needed": review.needed,
        "agreed": list(waiting.agreed),
        "code": refund.decision and refund.decision["code"],
        "why": _why(refund, language),
        "expires_at": review.expires_at.isoformat(),
        "digest": review.digest,
    }


def _whole_record(waiting: Waiting, told: Story, language: str) -> dict[str, Any]:
    return {
        **_record(waiting, language),
        "paid_to": refund_report.paid_to_record(told.paid_to),
        "cannot_approve": list(told.editors),
        "said": [refund_report.said_record(said) for said in waiting.acts],
    }


def _print(waiting: Waiting, told: Story, language: str) -> None:
    refund, review = waiting.refund, waiting.review
    headline = f"  {refund.amount}  order #{refund.order_number}  agreed: {_agreed(waiting)}"
    output.out.print(Text.assemble((refund.id, "bold"), headline))
    output.say(_why(refund, language))
    if told.why and told.why != _why(refund, language):
        output.say(told.why)
    if told.paid_to:
        output.say(refund_report.paid_to_words(told.paid_to))
    if told.editors:
        output.say(f"Can't approve it, having pressed or changed it: {', '.join(told.editors)}.")
    output.say(f"Expires {moments.shown(review.expires_at)} in Lima.")
    if refund.deadline_at:
        output.say(f"Deadline {moments.shown(refund.deadline_at)} in Lima.")
    output.say(f"Digest {review.digest[:DIGEST_LETTERS]}; give it with --digest when you approve.")
    refund_report.print_said(waiting.acts)
