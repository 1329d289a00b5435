"""What buyers, approvers and whoever pays out do in a scenario; each act may be done twice."""

from typing import Any

from crash_acts import Act
from crash_stage import NotYetError, ShopStage, Stage
from desk_actors import HERE, person
from desk_world import ANA, answered_file
from pef_adapters.core.access import Role
from pef_adapters.core.states import State
from pef_adapters.engine import beneficiary
from pef_adapters.engine.gate import approvals as gate_approvals
from pef_adapters.engine.gate import payouts as gate_payouts
from pef_adapters.engine.gate import refunds as gate_refunds

OWNER = person(Role.OWNER, HERE, "jefa@tienda.pe")
ROSA = person(Role.APPROVER, HERE, "rosa@tienda.pe")
MARTA = person(Role.APPROVER, HERE, "marta@tienda.pe")


def filled_in(number: str = "15", **fields: str) -> Act:
    """The buyer fills in the page behind the open link."""

    async def act(stage: ShopStage) -> None:
        await beneficiary.look(stage.ports, await _token(stage, number))
        await beneficiary.give(stage.ports, await _token(stage, number), {**ANA, **fields})

    return act


async def _token(stage: ShopStage, number: str) -> str:
    refund = await stage.refund(number)
    async with stage.memory.begin() as ledger:
        link = await ledger.open_link(refund.id)
    if link is None:
        raise NotYetError("no link is open")
    return stage.ports.links.token(link.id)


def approved(actor: Any, number: str = "15") -> Act:
    """Somebody agrees to what he was shown."""

    async def act(stage: Stage) -> None:
        refund = await stage.refund(number)
        waiting = await gate_approvals.look(stage.ports, actor, refund.id)
        seen = waiting.review.digest[: gate_approvals.DIGEST_LETTERS]
        await gate_approvals.approve(stage.ports, actor, refund.id, seen)

    return act


def declined(actor: Any, number: str = "15") -> Act:
    """Somebody refuses."""

    async def act(stage: Stage) -> None:
        refund = await stage.refund(number)
        await gate_approvals.decline(stage.ports, actor, refund.id, "no stock problem")

    return act


def retried(number: str = "15", *, when: State | None = None) -> Act:
    """Somebody presses "try again"."""

    async def act(stage: Stage) -> None:
        refund = await _in_state(stage, number, when)
        await gate_refunds.retry(stage.ports, OWNER, refund.id)

    return act


def settled(number: str = "15", *, paid: bool, when: State | None = None) -> Act:
    """Somebody has found out what became of the money."""

    async def act(stage: Stage) -> None:
        refund = await _in_state(stage, number, when)
        if stage.crash_rail.lives_for(refund.id) and not paid:
            raise NotYetError("whoever asks the rail hears otherwise")
        await gate_refunds.settle(stage.ports, OWNER, refund.id, paid=paid)

    return act


async def _in_state(stage: Stage, number: str, state: State | None) -> Any:
    refund = await stage.refund(number)
    if state not in (None, refund.state):
        raise NotYetError(f"{number} is {refund.state}, not {state}")
    return refund


async def exported(stage: ShopStage) -> None:
    """Somebody makes the bank file; who got no answer sees it in the list, and gives it on."""
    if await _open_batch(stage) is None:
        await gate_payouts.export(stage.ports, OWNER, "main", "csv")
    batch = await _open_batch(stage)
    if batch is None:
        raise NotYetError("nothing was exported")
    made = await gate_payouts.bank_file(stage.ports, OWNER, batch)
    stage.notes["file"] = (batch, made.body)


async def _open_batch(stage: ShopStage) -> str | None:
    async with stage.memory.begin() as ledger:
        for batch in await ledger.batches(100):
            lines = await ledger.payouts_of_batch(batch.id)
            if any(line.ended_as is None for line in lines):
                return batch.id
    return None


def bank_answers(*, paid: bool) -> Act:
    """The bank does its part, once, and somebody imports what it says."""
    said: dict[bool, dict[str, str]] = {
        True: {"status": "confirmed", "bank_reference": "OP-1"},
        False: {"status": "returned", "reason": "Cuenta cerrada"},
    }

    async def act(stage: ShopStage) -> None:
        if (act, "answers") not in stage.notes:
            if "file" not in stage.notes:
                raise NotYetError("the bank has no file to answer")
            batch, body = stage.notes.pop("file")
            async with stage.memory.begin() as ledger:
                lines = [line.line_id for line in await ledger.payouts_of_batch(batch)]
            if not stage.paid_by_bank.keys().isdisjoint(lines):
                raise NotYetError("the bank has done its part with this file")
            stage.paid_by_bank.update(dict.fromkeys(lines, paid))
            stage.notes[act, "answers"] = (batch, answered_file(body, lambda _: said[paid]))
        stage.notes["answers"] = stage.notes[act, "answers"]
        await imported(stage)

    return act


async def imported(stage: ShopStage) -> None:
    """The file of answers is imported, perhaps once more."""
    if "answers" not in stage.notes:
        raise NotYetError("the bank has not answered")
    batch, body = stage.notes["answers"]
    await gate_payouts.take_answers(stage.ports, OWNER, batch, body)
