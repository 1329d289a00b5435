"""What can go wrong right after a restart, or long after everything seemed to be over."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from crash_ports import LedgerGoneError
from crash_stage import GatewayStage, Stage
from pef_adapters.core.errors import (
    AnsweredNonsense,
    MaybeSent,
    NotSent,
    PefError,
    PlatformRefused,
    PlatformUnreachable,
)
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.ports import RailStatus, Refusal
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.testing.hostile_rail import LOST_ANSWER, LOST_REQUEST, NONSENSE

Blow = Callable[[Stage, Random], Awaitable[None]]


async def nothing(stage: Stage, dice: Random) -> None:
    """Nothing."""
    del stage, dice


@dataclass(frozen=True, slots=True)
class Fault:
    """`now` follows the restart, `later` the rest; with `same_end` neither changes the end."""

    name: str
    now: Blow = nothing
    later: Blow | None = None
    same_end: bool = False


async def _lost_request(stage: Stage, _: Random) -> None:
    stage.rail.fail_sends(LOST_REQUEST)
    stage.rail.find_faults.append(MaybeSent())
    stage.rail.create_faults.append(MaybeSent())


async def _lost_answer(stage: Stage, _: Random) -> None:
    stage.rail.fail_sends(LOST_ANSWER)
    stage.rail.find_faults.append(MaybeSent())
    stage.rail.lose_created = 1
    if isinstance(stage, GatewayStage):
        stage.gateway.outcome_answers_lost = 1


async def _nonsense(stage: Stage, _: Random) -> None:
    stage.rail.fail_sends(NONSENSE)
    stage.rail.find_faults.append(AnsweredNonsense())
    stage.rail.create_faults.append(AnsweredNonsense())


async def _refused_connection(stage: Stage, _: Random) -> None:
    stage.rail.down = NotSent("nobody listens")


async def _busy(stage: Stage, _: Random) -> None:
    stage.rail.refuse((Refusal.BUSY, "TOO_MANY_REQUESTS"), (Refusal.BUSY, "TOO_MANY_REQUESTS"))


async def _server_errors(stage: Stage, _: Random) -> None:
    stage.rail.down = MaybeSent("answered 503")


async def _store_unreachable(stage: Stage, _: Random) -> None:
    stage.platform.trouble = PlatformUnreachable()
    if isinstance(stage, GatewayStage):
        stage.gateway.telling_fails += [PlatformUnreachable(), PlatformUnreachable()]


async def _store_refuses(stage: Stage, _: Random) -> None:
    stage.platform.trouble = PlatformRefused()
    if isinstance(stage, GatewayStage):
        stage.gateway.telling_fails += [PlatformRefused(), PlatformRefused()]


async def _webhooks_again(stage: Stage, _: Random) -> None:
    """Everything that was ever told is told once more, the newest first."""
    for hint in [*stage.heard[::-1]]:
        await stage.hear(hint)
    for event, about in [*stage.events[::-1]]:
        await stage.notify(event, **about)


async def _early_webhooks(stage: Stage, dice: Random) -> None:
    """The rail tells of refunds before we have heard its answer, or have asked at all."""
    for refund in await stage.refunds():
        key = merchant_refund_id(refund.id, refund.generation)
        await stage.notify("refund.changed", merchant_refund_id=key)
    await _webhooks_again(stage, dice)


async def _reversal(stage: Stage, _: Random) -> None:
    """The bank takes every payment back, whatever became of its refunds."""
    for transaction, payment in [*stage.rail.payments.items()]:
        if payment.paid_at is not None:
            stage.rail.reverse(transaction)
            await stage.notify("cip.refunded", cip=transaction)


async def _return(stage: Stage, _: Random) -> None:
    """The buyers' banks send the money of every refund back."""
    for key in stage.crash_rail.live():
        stage.crash_rail.turn(key, RailStatus.RETURNED)
        await stage.notify("refund.changed", merchant_refund_id=key)


async def _order_changed(stage: Stage, _: Random) -> None:
    orders = {refund.order_id for refund in await stage.refunds()}
    for order in sorted(orders):
        known = [r for r in stage.platform.refunds.values() if r.order_id == order]
        ids = frozenset(refund.refund_id for refund in known)
        await stage.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id=order, refund_ids=ids))


async def _deleted_silently(stage: Stage, _: Random) -> None:
    if isinstance(stage, GatewayStage):
        await stage.call("/cancel", request="fault")  # here nothing can be deleted
    stage.platform.refunds.clear()


async def _deleted(stage: Stage, dice: Random) -> None:
    await _deleted_silently(stage, dice)
    await _order_changed(stage, dice)


def _jump(hours: int) -> Blow:
    async def jump(stage: Stage, _: Random) -> None:
        stage.clock.advance(hours=hours)
        stage.skew += timedelta(hours=hours)

    return jump


async def _killed_at_once(stage: Stage, _: Random) -> None:
    stage.meter.stop_at = stage.meter.count + 1


async def _killed_soon(stage: Stage, dice: Random) -> None:
    stage.meter.stop_at = stage.meter.count + dice.randrange(2, 60)


async def _two_workers(stage: Stage, _: Random) -> None:
    stage.crowded = True


async def _retried(stage: Stage, _: Random) -> None:
    """Somebody who sees it hang presses "retry"."""
    for refund in await stage.refunds():
        with suppress(PefError, LedgerGoneError):
            await people.retry(stage.ports, refund.id, "Rosa")


async def _settled_unpaid(stage: Stage, _: Random) -> None:
    """Somebody asks the rail about what hangs, and books what it said."""
    for refund in await stage.refunds():
        if refund.state is State.UNKNOWN:
            paid = stage.crash_rail.lives_for(refund.id)
            with suppress(PefError, LedgerGoneError):
                await people.settle(stage.ports, refund.id, "Rosa", paid=paid)


FAULTS: tuple[Fault, ...] = (
    Fault("none", same_end=True),
    Fault("lost request", _lost_request),
    Fault("lost answer", _lost_answer),
    Fault("nonsense", _nonsense),
    Fault("connection refused", _refused_connection),
    Fault("429", _busy),
    Fault("5xx", _server_errors),
    Fault("store unreachable", _store_unreachable),
    Fault("store refuses", _store_refuses),
    Fault("duplicate webhook", _webhooks_again, same_end=True),
    Fault("early webhook", _early_webhooks, same_end=True),
    Fault("late webhook", later=_webhooks_again, same_end=True),
    Fault("reversal", _reversal),
    Fault("late reversal", later=_reversal),
    Fault("late return", later=_return),
    Fault("deletion", _deleted),
    Fault("silent deletion", _deleted_silently, _order_changed),
    Fault("clock +48 h", _jump(48)),
    Fault("clock -48 h", _jump(-48)),
    Fault("second kill at the next crossing", _killed_at_once, same_end=True),
    Fault("second kill soon after", _killed_soon, same_end=True),
    Fault("two workers at once", _two_workers, same_end=True),
    Fault("running job lost", same_end=True),
    Fault("person retries", _retried),
    Fault("person settles", _settled_unpaid),
)
JOB_LOST = next(fault for fault in FAULTS if fault.name == "running job lost")
