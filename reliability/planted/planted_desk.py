"""Mistakes at the payout desk: approvals, lanes, bank files and their answers."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from pef_adapters.bank_files import AnswerKind
from pef_adapters.core.policy import Facts
from pef_adapters.core.policy.approval import agreed, is_editor
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.policy.judge import _payout_approval
from pef_adapters.core.policy.matching import age_days
from pef_adapters.core.states import TABLE, Event, State
from pef_adapters.engine import bank_answers, payouts
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Payout, Refund
from pef_adapters.storage.memory import ledger
from pef_adapters.storage.memory.desk import Desk
from planted_kit import Patches, everywhere, mistake

_UNDER_WAY = (State.UNKNOWN, State.PENDING)


async def _nothing_against_it(*_: object) -> str:
    return ""


@mistake(known="the classic of refund fraud by staff: one person, both keys")
def self_approval() -> Patches:
    """Whoever changed a refund may approve it himself."""
    return everywhere(is_editor, lambda *_: False)


@mistake(known="bank details that are changed between approval and payment")
def approval_not_bound() -> Patches:
    """An approval is for the refund, whatever amount and account it has by then."""

    def whoever_agreed(facts: Facts) -> dict[str, frozenset[str]]:
        people: dict[str, frozenset[str]] = defaultdict(frozenset)
        for vote in facts.votes:
            for rule in vote.covers:
                people[rule] |= {fold(vote.by)}
        return dict(people)

    return [
        *everywhere(agreed, whoever_agreed),
        patch.object(payouts, "_not_agreed", _nothing_against_it),
    ]


@mistake(known="payment runs that are exported twice because the first one 'did not download'")
def exported_twice() -> Patches:
    """What is due goes into a bank file, and nothing marks that it went."""

    async def only_listed(book: Ledger, payout: Payout, _: str, __: datetime) -> None:
        await book.add_payout(payout)

    return [
        patch.object(payouts, "_send_out", only_listed),
        patch.object(payouts, "_forbidden", _nothing_against_it),
        patch.object(Desk, "_one_open_payout", lambda *_: None),
    ]


@mistake(known="'refund manually' buttons beside a refund that is still pending")
def both_lanes() -> Patches:
    """A refund that is under way at the rail may be switched to the bank file."""
    way = {(state, State.RECEIVED) for state in _UNDER_WAY}
    return [
        *(patch.dict(TABLE[state], {Event.REOPENED: State.RECEIVED}) for state in _UNDER_WAY),
        patch.object(ledger, "_MOVES", ledger._MOVES | way),
    ]


@mistake(known="exports that select by amount and date, and forget the approval")
def exported_unapproved() -> Patches:
    """A bank file is made of what nobody has approved."""
    return [
        *everywhere(_payout_approval, lambda *_: ()),
        patch.object(payouts, "_not_agreed", _nothing_against_it),
    ]


@mistake(known="imports of bank statements that read the credits only")
def bank_return_ignored() -> Patches:
    """The bank's answer that a payment came back is not booked."""
    follow = bank_answers._follow

    async def deaf(
        book: Ledger, refund: Refund, payout: Payout, answer: Any, *, by: str, at: datetime
    ) -> Refund:
        if answer.kind is not AnswerKind.CONFIRMED:
            return refund
        return await follow(book, refund, payout, answer, by=by, at=at)

    return [patch.object(bank_answers, "_follow", deaf)]


@mistake(known="'thirty days' without saying since when")
def window_from_the_press() -> Patches:
    """The days of the rail's window are counted from the press, and not from the payment."""

    def counted(facts: Facts) -> int | None:
        return age_days(replace(facts, paid_at=facts.paid_at and facts.asked_at))

    return everywhere(age_days, counted)
