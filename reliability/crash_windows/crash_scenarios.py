"""Short histories of refunds by rail and by desk; with the others they cross every place."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from crash_acts import (
    Act,
    breaks,
    deleted,
    later,
    order_changed,
    polled,
    press,
    rail_ends,
    rail_tells,
    rail_turns,
    refuses,
    stored,
    swept,
    the_store,
    webhook,
)
from crash_acts_desk import (
    MARTA,
    OWNER,
    ROSA,
    approved,
    bank_answers,
    declined,
    exported,
    filled_in,
    imported,
    retried,
    settled,
)
from crash_acts_people import AGENT
from crash_stage import ShopStage, Stage
from pef_adapters.core.errors import NotAllowed
from pef_adapters.core.states import State
from pef_adapters.engine import pressed
from pef_adapters.engine.gate import approvals as gate_approvals
from pef_adapters.engine.gate import payouts as gate_payouts
from pef_adapters.engine.gate import refunds as gate_refunds
from pef_adapters.engine.ports import RailStatus, Refusal
from pef_adapters.engine.records import Act as Say
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import LOST_ANSWER, LOST_REQUEST

Opener = Callable[[], Awaitable[Stage]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world to open, and what happens in it, in this order.

    In a `race` somebody outside acts whether or not we have come so far: being killed may
    then change how it ends, and only what must always hold is checked.
    """

    name: str
    open: Opener
    acts: tuple[Act, ...]
    race: bool = False


def shop(days: int = 1, **policy: Any) -> Opener:
    """A store whose payment was made so many days ago, with parts of a policy of its own."""

    async def opened() -> Stage:
        return await ShopStage().open_old(days, **policy)  # type: ignore[return-value]

    return opened


async def pressed_in_one_click(stage: ShopStage) -> None:
    """The store's own button waits for the decision."""
    store = await the_store(stage)
    await pressed.take_in(
        stage.ports, store, HintKind.REFUND_CREATED, order_id="14", refund="15", body=b""
    )


async def asks_how_it_stands(stage: ShopStage) -> None:
    """The button asks what became of it."""
    await pressed.standing(stage.ports, await the_store(stage), "15")


async def deadline_set(stage: ShopStage) -> None:
    """A person notes by when the platform wants it done."""
    refund = await stage.refund()
    at = stage.clock.now() + timedelta(hours=20)
    await gate_refunds.set_deadline(stage.ports, OWNER, refund.id, at)


async def payout_chosen(stage: ShopStage) -> None:
    """A person lets it be paid out by hand."""
    refund = await stage.refund()
    await gate_refunds.choose_payout(stage.ports, OWNER, refund.id)


def speaks(act: Say, actor: Any) -> Act:
    """Somebody says something about a held refund."""

    async def act_(stage: ShopStage) -> None:
        refund = await stage.refund()
        await gate_approvals.speak(stage.ports, actor, refund.id, act, "¿por qué?")

    return act_


async def buyer_asked_anew(stage: ShopStage) -> None:
    """A person makes a new link for the buyer."""
    refund = await stage.refund()
    await gate_payouts.ask_buyer(stage.ports, OWNER, refund.id)


async def proof_kept(stage: ShopStage) -> None:
    """A person attaches what the bank gave him; who may only look is refused it."""
    batches = await gate_payouts.batches(stage.ports, OWNER)
    if batches:
        name = batches[0].batch.id
        kept = await gate_payouts.attach_proof(
            stage.ports, OWNER, name, file_name="voucher.pdf", body=b"%PDF"
        )
        await gate_payouts.proof(stage.ports, OWNER, name, kept.id)
        with suppress(NotAllowed):
            await gate_payouts.proof(stage.ports, AGENT, name, kept.id)


def another_amount(minor: int) -> Act:
    """The store now says another amount under the same id."""

    async def act(stage: ShopStage) -> None:
        known = stored(stage)
        stage.platform.refunds["15"] = replace(known, amount=replace(known.amount, minor=minor))

    return act


HOLDS: dict[str, Any] = {"otherwise": {"then": "hold", "approvers": 2}}
DESK: dict[str, Any] = {"payout": {"approvers": 2, "cooling_off_hours": 2, "link_tries": 2}}
WRONG = {"account": "123"}
FIRST_LINE = (press(), webhook(), filled_in(), approved(ROSA), approved(MARTA), exported)

RAIL = (
    Scenario("full", shop(), (press(), webhook(), rail_ends(), rail_tells(), swept, polled)),
    Scenario(
        "two parts and an echo",
        shop(),
        (
            *(press("15", 3000), press("16", 5000), webhook("15"), webhook("16")),
            *(order_changed("15", "16"), rail_ends(), later(minutes=5), polled),
        ),
    ),
    Scenario(
        "in one click",
        shop(),
        (press(), pressed_in_one_click, asks_how_it_stands, rail_ends(), later(minutes=5)),
    ),
    Scenario(
        "webhook lost", shop(), (press("15", 5000), polled, rail_ends(), later(minutes=5), polled)
    ),
    Scenario(
        "refused, then tried again",
        shop(),
        (
            *(refuses(), press("15", 5000), webhook(), retried(when=State.FAILED)),
            *(rail_ends(), later(minutes=5), rail_tells()),
        ),
    ),
    Scenario(
        "busy, then the owner is needed",
        shop(),
        (
            *(refuses(Refusal.BUSY, "429"), press("15", 5000), webhook(), later(minutes=1)),
            refuses(Refusal.NEEDS_OWNER, "INSUFFICIENT_BALANCE"),
            *(retried(), later(minutes=10), retried(), rail_ends(), later(minutes=5)),
        ),
    ),
    Scenario(
        "answer lost, then found",
        shop(),
        (breaks(LOST_ANSWER), press(), webhook(), later(seconds=10), rail_ends(), later(minutes=9)),
    ),
    Scenario(
        "request lost, then sent again",
        shop(),
        (breaks(LOST_REQUEST), press(), webhook(), later(seconds=10), rail_ends(), swept),
    ),
    Scenario(
        "answers lost until the window is over, then settled",
        shop(),
        (
            *(breaks(LOST_REQUEST), press("15", 5000), webhook(), later(hours=25)),
            settled(paid=False, when=State.UNKNOWN),
            swept,
        ),
        race=True,
    ),
    Scenario(
        "returned late",
        shop(),
        (
            *(press("15", 5000), webhook(), rail_ends(), rail_tells()),
            *(rail_turns(RailStatus.RETURNED), rail_tells(), later(days=1, minutes=1)),
            settled(paid=False, when=State.RETURNED),
        ),
        race=True,
    ),
    Scenario(
        "deleted before it was sent",
        shop(**HOLDS),
        (press("15", 5000), webhook(), deleted(), order_changed(), later(days=1, minutes=1)),
        race=True,
    ),
    Scenario(
        "deleted after it was sent",
        shop(),
        (press("15", 5000), webhook(), deleted(), order_changed(), rail_ends(), later(minutes=5)),
        race=True,
    ),
    Scenario(
        "another amount at the store",
        shop(**HOLDS),
        (
            *(press("15", 5000), webhook(), another_amount(6000), order_changed("15", "16")),
            *(retried(), retried(), later(hours=1)),
        ),
        race=True,
    ),
)

DESKS = (
    Scenario(
        "paid out by hand",
        shop(40, **DESK),
        (*FIRST_LINE, proof_kept, bank_answers(paid=True), imported, swept),
    ),
    Scenario(
        "returned by the bank, given anew, paid",
        shop(40, **DESK),
        (
            *(*FIRST_LINE, bank_answers(paid=False)),
            *(filled_in(account="00320000300000001731"), later(hours=3)),
            *(approved(ROSA), approved(MARTA), exported, bank_answers(paid=True)),
        ),
        race=True,
    ),
    Scenario(
        "wrong details, a new link, declined",
        shop(40, **DESK),
        (
            *(press(), webhook(), filled_in(**WRONG), filled_in(**WRONG), buyer_asked_anew),
            *(filled_in(), speaks(Say.ASK, ROSA), speaks(Say.ANSWER, MARTA), declined(ROSA)),
        ),
    ),
    Scenario(
        "held for two people",
        shop(**HOLDS),
        (
            *(
                press("15", 5000),
                webhook(),
                deadline_set,
                later(hours=1),
                speaks(Say.COMMENT, ROSA),
            ),
            *(approved(ROSA), approved(MARTA), rail_ends(), later(minutes=5)),
        ),
    ),
    Scenario(
        "a review runs out",
        shop(**HOLDS, approvals={"remind_after_hours": 24, "expire_after_hours": 48}),
        (
            *(press("15", 5000), webhook(), deadline_set, later(hours=25), approved(ROSA)),
            *(later(hours=24), approved(ROSA), approved(MARTA), rail_ends(), later(minutes=5)),
        ),
    ),
    Scenario(
        "a review runs out and rejects",
        shop(**HOLDS, approvals={"expire_after_hours": 48, "when_expired": "reject"}),
        (press("15", 5000), webhook(), later(hours=49)),
    ),
    Scenario(
        "the rail wants bank details",
        shop(**DESK),
        (
            refuses(Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"),
            *(*FIRST_LINE, bank_answers(paid=True)),
        ),
    ),
    Scenario(
        "a person chooses the desk",
        shop(**DESK, **HOLDS),
        (press("15", 5000), webhook(), payout_chosen, filled_in(), later(days=4)),
    ),
)
