"""The queue of held refunds, and the form on which a person decides about one.

What is approved is what the page showed: its digest comes back with the button.
"""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import NothingToApprove, NotThere, PefError
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.engine.approvals import Waiting
from pef_adapters.engine.gate import approvals, refunds
from pef_adapters.engine.records import Act, Reach
from pef_adapters.engine.story import Story
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.refusals import Refused, asked_for, refused

_QUEUE = "/console/approvals"
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One held refund as the page shows it; `why` is the sentence of its decision."""

    waiting: Waiting
    told: Story
    why: str
    may_decide: bool

    @property
    def digest(self) -> str:
        """So much of the digest as is shown and sent back."""
        return self.waiting.review.digest[: approvals.DIGEST_LETTERS]


@page
async def _queue(asking: Asking) -> Response:
    found = await approvals.queue(asking.ports, asking.actor, _MOST_SHOWN)
    decides = await approvals.where_to_decide(asking.ports, asking.actor)
    entries = [await _entry(asking, waiting, decides) for waiting in found]
    return drawn(asking, "approvals/queue.html.jinja", entries=entries, typed="", refusal=None)


@page
async def _one(asking: Asking) -> Response:
    refund_id = asking.request.path_params["refund_id"]
    waiting = await approvals.look(asking.ports, asking.actor, refund_id)
    return await _drawn_one(asking, waiting, None)


@page
async def _act(asking: Asking) -> Response:
    refund_id = asking.request.path_params["refund_id"]
    try:
        said = await _done(asking, refund_id)
    except NotThere:
        raise
    except PefError as error:
        return await _again(asking, refund_id, refused(error))
    if not said:
        return await _again(asking, refund_id, asked_for("console.approvals_unknown_act"))
    return moved(_QUEUE, said)


async def _done(asking: Asking, refund_id: str) -> str:
    """Do what the button says; answers what to say then, or nothing: no such button."""
    words, at = asking.form.get("words", ""), (asking.ports, asking.actor, refund_id)
    match asking.form.get("act"):
        case "approve":
            await approvals.approve(*at, asking.form.get("seen", ""), words)
            return "console.approvals_done_approve"
        case "decline":
            await approvals.decline(*at, words)
            return "console.approvals_done_decline"
        case "comment" | "ask" | "answer" as act:
            await approvals.speak(*at, Act(act), words)
            return "console.approvals_done_said"
        case _:
            return ""


async def _again(asking: Asking, refund_id: str, refusal: Refused) -> Response:
    """The form once more, with what was typed, also where nothing is left to decide."""
    try:
        waiting = await approvals.look(asking.ports, asking.actor, refund_id)
    except NothingToApprove:
        return await _drawn_one(asking, None, refusal)
    return await _drawn_one(asking, waiting, refusal)


async def _drawn_one(asking: Asking, waiting: Waiting | None, refusal: Refused | None) -> Response:
    decides = await approvals.where_to_decide(asking.ports, asking.actor)
    return drawn(
        asking,
        "approvals/one.html.jinja",
        refusal.status if refusal else 200,
        entry=await _entry(asking, waiting, decides) if waiting else None,
        typed=asking.form.get("words", ""),
        refusal=refusal,
    )


async def _entry(asking: Asking, waiting: Waiting, decides: Reach) -> Entry:
    # After the review: should the details change meanwhile, its digest fits them no more.
    told = await refunds.tell(asking.ports, asking.actor, waiting.refund.id, asking.language)
    decision = waiting.refund.decision
    why = explain_decision(decision, asking.language).why if decision else told.why
    may_decide = decides is None or waiting.refund.store_id in decides
    return Entry(waiting, told, why, may_decide)


ROUTES = [
    Route(_QUEUE, _queue, methods=["GET"]),
    Route(_QUEUE + "/{refund_id}", _one, methods=["GET"]),
    Route(_QUEUE + "/{refund_id}", _act, methods=["POST"]),
]
