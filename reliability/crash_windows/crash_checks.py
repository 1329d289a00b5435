"""What must hold once everybody is well again, whatever was killed and whatever followed."""

from collections import Counter
from typing import Any

from crash_stage import GatewayStage, Stage
from pef_adapters.core.states import CARE, MONEY, Owner, Position, State
from pef_adapters.engine.attention import ALARMS, is_trouble
from pef_adapters.engine.ports import RailStatus
from pef_adapters.engine.records import LinkEnd, PayoutEnd, Refund
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.by_hand import BY_HAND, is_no_order
from pef_adapters.platforms.contract import Outcome

_ENDED = {State.REFUNDED: Outcome.REFUNDED}


async def wrongs(stage: Stage) -> list[str]:
    """Every broken promise, in words."""
    refunds = await stage.refunds()
    found = [*_paid_twice(stage, refunds), *_lost(stage, refunds)]
    found += [wrong for refund in refunds for wrong in _wrong_refund(stage, refund)]
    found += _wrong_books(stage, refunds)
    found += [wrong for refund in refunds for wrong in _wrong_talk(stage, refund)]
    found += _wrong_checkouts(stage)
    found += [
        f"delivery {r.id} was never closed"
        for r in _tables(stage).received.values()
        if r.outcome is None
    ]
    return found


def _tables(stage: Stage) -> Any:
    return stage.memory._tables


def _lives(stage: Stage, refund: Refund) -> int:
    """How often its money has left, or may: by the rail, and by lines that a bank has."""
    lines = [p for p in _tables(stage).payouts.values() if p.refund_id == refund.id]
    by_bank = [p for p in lines if _bank_has(stage, p)]
    by_rail = [k for k in stage.crash_rail.live() if stage.crash_rail.owners[k] == refund.id]
    return len(by_bank) + len(by_rail)


def _bank_has(stage: Stage, line: Any) -> bool:
    """Whether its money is with the buyer, or may still get there, whatever anybody was told."""
    return stage.paid_by_bank.get(line.line_id, line.ended_as is not PayoutEnd.RETURNED)


def _paid_twice(stage: Stage, refunds: list[Refund]) -> list[str]:
    rail = stage.crash_rail
    found = [f"{key} was booked {n} times" for key, n in Counter(rail.paid_out()).items() if n > 1]
    amounts = dict(rail.bookings)
    sums: Counter[str] = Counter()
    for key in rail.live():
        sums[rail.payment_of[key]] += amounts[key].minor
    for refund in refunds:
        ways = _lives(stage, refund)
        if ways > 1 and not (stage.rail_lied and refund.attention in ALARMS):
            found.append(f"{refund.platform_refund_id} is paid {ways} times")
        lines = [p for p in _tables(stage).payouts.values() if p.refund_id == refund.id]
        sums[(refund.transaction_id or "").lstrip("0")] += refund.amount.minor * sum(
            _bank_has(stage, p) for p in lines
        )
    for payment, minor in sums.items():
        # Whoever says no and then pays may pay what was promised to somebody else meanwhile.
        if minor and not stage.rail_lied and minor > rail.payments[payment].amount.minor:
            found.append(f"{minor} were paid of payment {payment}")
    return found


def _lost(stage: Stage, refunds: list[Refund]) -> list[str]:
    """What was pressed and is still wanted must be ours; so must what we said yes to."""
    ours = {refund.platform_refund_id for refund in refunds}
    pressed = {r.refund_id for r in stage.platform.refunds.values() if r.ours}
    asked = {kept.refund_id for kept in _tables(stage).asked_refunds.values()}
    return [f"{number} was pressed and lost" for number in sorted((pressed | asked) - ours)]


def _wrong_books(stage: Stage, refunds: list[Refund]) -> list[str]:
    due: Counter[tuple[str, str, Position]] = Counter()
    for refund in refunds:
        name = (refund.account_id, refund.transaction_id or "")
        due[(*name, MONEY[refund.state])] += refund.amount.minor
    found = []
    for name, payment in _tables(stage).payments.items():
        kept = (payment.reserved.minor, payment.refunded.minor)
        wanted = (due[(*name, Position.RESERVED)], due[(*name, Position.REFUNDED)])
        if kept != wanted:
            found.append(f"payment {name[1]} holds {kept}, its refunds {wanted}")
    return found


def _wrong_refund(stage: Stage, refund: Refund) -> list[str]:
    number, state, care = refund.platform_refund_id, refund.state, CARE[refund.state]
    found = []
    if not care.final and refund.next_action_at is None:
        found.append(f"{number} is {state}, and nobody will look")
    with_person = care.owner is Owner.PERSON or refund.attention or _is_open_line(stage, refund)
    if not (care.final or with_person):
        found.append(f"{number} is {state}, and nobody knows")
    live = _lives(stage, refund)
    paid = state is State.REFUNDED
    if bool(live) != paid and refund.attention is None and not _is_open_line(stage, refund):
        found.append(f"{number} is {state}, its money {'left' if live else 'did not leave'}")
    if live and not paid and care.final and refund.attention not in ALARMS:
        found.append(f"{number} is {state}, paid, and no alarm stands: {refund.attention}")
    if state is State.CANCELLED and number in stage.platform.refunds:
        found.append(f"{number} is cancelled, though the store has it")
    return found


def _is_open_line(stage: Stage, refund: Refund) -> bool:
    """A bank has it, and nobody has said so far what it did."""
    lines = [p for p in _tables(stage).payouts.values() if p.refund_id == refund.id]
    return any(p.ended_as is not PayoutEnd.RETURNED for p in lines)


def _wrong_talk(stage: Stage, refund: Refund) -> list[str]:
    """What the order, the gateway and the buyer were told."""
    number = refund.platform_refund_id
    found = []
    if refund.written_revision != refund.revision:
        found.append(f"{number}: its order was told {refund.written_revision} of {refund.revision}")
    if isinstance(stage, GatewayStage):
        return found + _wrong_outcome(stage, refund)
    order = stage.platform.orders.get(refund.order_id)
    if order is None or is_no_order(refund.order_id):
        return found
    line = order.lines.get(number)
    if line is None or line.state != refund.state:
        found.append(f"{number} is {refund.state}, its order says {line and line.state}")
    notes = [(int(m.rpartition("/")[2]), t) for m, t in order.notes.items() if refund.id in m]
    texts = dict(notes)
    twice = [text for revision, text in notes if texts.get(revision + 1) == text]
    found += [f"{number}: the order says twice: {text}" for text in twice]
    mails = [m for m in order.messages if m.startswith(f"{refund.id}/")]
    facts = [
        e
        for e in _tables(stage).timeline.values()
        if e.refund_id == refund.id and e.to_state is State.AWAITING_BENEFICIARY is not e.from_state
    ]
    links = [link for link in _tables(stage).links.values() if link.refund_id == refund.id]
    reasons = len(facts) + sum(link.ended_as is LinkEnd.EXHAUSTED for link in links)
    if len(mails) > reasons:
        found.append(f"{number}: the buyer was asked {len(mails)} times for {reasons} reasons")
    return found


def _wrong_outcome(stage: GatewayStage, refund: Refund) -> list[str]:
    """The gateway's end is ours, or a person is called."""
    if refund.platform == BY_HAND:
        return []  # the gateway knows nothing of it
    told = stage.gateway.outcomes.get(refund.platform_refund_id)
    if refund.outcome is not told:
        return [f"{refund.platform_refund_id}: decided {refund.outcome}, the gateway heard {told}"]
    if told is None and CARE[refund.state].final and not is_no_order(refund.order_id):
        return [f"{refund.platform_refund_id} is {refund.state}, and the gateway never heard"]
    ended = _ENDED.get(refund.state, Outcome.FAILED)
    fits = told in (None, ended, Outcome.LEFT_TO_STORE) or refund.attention is not None
    return [] if fits else [f"{refund.platform_refund_id}: told {told}, is {refund.state}"]


def _wrong_checkouts(stage: Stage) -> list[str]:
    found = []
    for checkout in _tables(stage).checkouts.values():
        state = checkout.state
        if state is CheckoutState.ASKED:
            continue  # nobody was shown a CIP; the gateway may ask again
        if checkout.told is not state and checkout.tell_at is None:
            found.append(f"checkout {checkout.payment_id} is {state}, the gateway heard otherwise")
        if state is CheckoutState.WAITING and checkout.look_at is None:
            found.append(f"checkout {checkout.payment_id} waits, and nobody will look")
        cip = stage.rail.payments.get(checkout.transaction_id or "")
        if cip is not None and cip.paid_at is not None and state is CheckoutState.WAITING:
            found.append(f"checkout {checkout.payment_id} waits, and is paid")
    return found


def at_rest(stage: Stage) -> bool:
    """Whether only a person could change anything, or news from outside."""
    tables = _tables(stage)
    return (
        all(_rests(refund) for refund in tables.refunds.values())
        and all(each.outcome is not None for each in tables.received.values())
        and all(each.tell_at is None for each in tables.checkouts.values())
        and all(each.status is not RailStatus.ACCEPTED for each in stage.rail.book.values())
    )


def _rests(refund: Refund) -> bool:
    care = CARE[refund.state]
    return (
        refund.written_revision == refund.revision
        and not is_trouble(refund.attention)
        and (care.final or care.owner is Owner.PERSON)
    )


def restless(stage: Stage) -> int:
    """How much has been noted so far."""
    return len(_tables(stage).timeline)


def ends(stage: Stage) -> dict[str, str]:
    """Where each refund and each payment has come to, by its name in the store."""
    tables = _tables(stage)
    refunds = {r.platform_refund_id: str(r.state) for r in tables.refunds.values()}
    return refunds | {c.payment_id: str(c.state) for c in tables.checkouts.values()}
