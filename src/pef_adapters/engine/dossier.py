"""All that is known of one refund, for whoever has to explain it: on a page, or as a bundle.

Owns the support bundle's contents. Nothing secret is in it: bank details are masked, the
evidence was masked when it was written, and no store's or account's settings go along.
"""

import io
import json
import platform
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pef_adapters import __version__
from pef_adapters.core.calendar import lima_time
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.policy.explanation import Explanation, explain_decision
from pef_adapters.core.states import CARE, Event, allows
from pef_adapters.engine import story
from pef_adapters.engine.by_hand import may_withdraw
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.rail_words import RailWord, of_attempt, of_exchange
from pef_adapters.engine.records import Attempt, Exchange, Payout, Refund, ReviewAct
from pef_adapters.engine.story import Story
from pef_adapters.engine.transition import may_reopen

RETRY, SETTLE_PAID, SETTLE_UNPAID = "retry", "settle_paid", "settle_unpaid"
CHOOSE_PAYOUT, DEADLINE, WITHDRAW = "choose_payout", "deadline", "withdraw"


@dataclass(frozen=True, slots=True)
class Told:
    """One exchange with the rail, or one attempt, beside what its words mean."""

    record: Exchange | Attempt
    words: tuple[RailWord, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A refund's story with its evidence, oldest first. `possible` names what a person can do."""

    story: Story
    decision: Explanation | None
    attempts: tuple[Told, ...]
    exchanges: tuple[Told, ...]
    possible: frozenset[str]


async def gather(ports: Ports, refund_id: str, language: str) -> Dossier:
    """The dossier of one refund, its texts in `language`.

    Raises:
        NotThere: no such refund.
    """
    told = await story.tell(ports, refund_id, language)
    async with ports.book.begin() as ledger:
        attempts = await ledger.attempts(refund_id)
        exchanges = await ledger.exchanges([each.merchant_refund_id for each in attempts])
    decision = told.refund.decision
    return Dossier(
        story=told,
        decision=explain_decision(decision, language) if decision else None,
        attempts=tuple(Told(each, of_attempt(each, language)) for each in attempts),
        exchanges=tuple(Told(each, of_exchange(each, language)) for each in exchanges),
        possible=possible(told.refund),
    )


def possible(refund: Refund) -> frozenset[str]:
    """What the state table lets a person do now; what he may do is not asked here."""
    state, found = refund.state, {DEADLINE}
    reopens = allows(state, Event.REOPENED)
    if (reopens and may_reopen(refund)) or (not reopens and not CARE[state].final):
        found.add(RETRY)
    if reopens and may_reopen(refund):
        found.add(CHOOSE_PAYOUT)
    if allows(state, Event.PERSON_CONFIRMED_PAID):
        found.add(SETTLE_PAID)
    if allows(state, Event.PERSON_CONFIRMED_UNPAID):
        found.add(SETTLE_UNPAID)
    if may_withdraw(refund):
        found.add(WITHDRAW)
    return frozenset(found)


async def bundle(ports: Ports, refund_id: str, language: str) -> bytes:
    """A ZIP for support: story, decision, exchanges, texts and versions, as JSON in UTF-8.

    Raises:
        NotThere: no such refund.
    """
    found, now = await gather(ports, refund_id, language), ports.clock.now()
    files = {
        "story.json": _story(found.story),
        "decision.json": found.story.refund.decision,
        "attempts.json": [_attempt(each.record) for each in found.attempts],
        "exchanges.json": [_exchange(each.record) for each in found.exchanges],
        "texts.json": _texts(found, language),
        "versions.json": _versions(found.story.refund, now),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{refund_id}/{name}", lima_time(now).timetuple()[:6])
            archive.writestr(entry, _json(content), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"


def _versions(refund: Refund, now: datetime) -> dict[str, Any]:
    decision = refund.decision or {}
    return {
        "made_at": now.isoformat(),
        "pef_adapters": __version__,
        "python": platform.python_version(),
        "policy": decision.get("policy_version"),
        "policy_digest": decision.get("policy_digest"),
    }


def _texts(found: Dossier, language: str) -> dict[str, Any]:
    decision = found.decision
    words = {word.word: word for each in (*found.attempts, *found.exchanges) for word in each.words}
    return {
        "language": language,
        "means": found.story.means,
        "why": found.story.why,
        "next": found.story.next_step,
        "decision": {
            "outcome": decision.outcome,
            "why": decision.why,
            "advice": decision.advice,
            "rules": dict(decision.verdicts),
        }
        if decision
        else None,
        "rail": {word.word: [word.means, word.next_step] for word in words.values()},
    }


def _story(told: Story) -> dict[str, Any]:
    return {
        "refund": _refund(told.refund),
        "owner": told.owner,
        "paid_to": {**told.paid_to.masked} if told.paid_to else None,
        "said": [_act(act) for each in told.reviews for act in each.acts],
        "payouts": [_payout(payout) for payout in told.payouts],
        "timeline": [
            {"at": line.at.isoformat(), "what": line.what, "actor": line.actor, **line.detail}
            for line in told.lines
        ],
    }


def _refund(refund: Refund) -> dict[str, Any]:
    names = (
        *("id", "store_id", "platform", "platform_refund_id", "order_id", "order_number"),
        *("reason", "requested_by", "requested_at", "account_id", "transaction_id", "state"),
        *("generation", "revision", "written_revision", "tries", "next_action_at"),
        *("write_back_at", "attention", "expected_on", "created_at", "updated_at", "lane"),
        *("lane_chosen_by", "edited_by", "deadline_at", "outcome"),
    )
    told = {name: getattr(refund, name) for name in names} | _amount("amount", refund)
    return {**told, "reason": without_long_numbers(refund.reason)}


def _attempt(attempt: Attempt | Exchange) -> dict[str, Any]:
    names = (
        *("merchant_refund_id", "generation", "transaction_id", "intended_at", "first_sent_at"),
        *("sends", "maybe_sent", "rail_refund_id", "rail_status", "rail_text", "expected_on"),
        "closed_at",
    )
    return {name: getattr(attempt, name) for name in names} | _amount("amount", attempt)


def _exchange(exchange: Attempt | Exchange) -> dict[str, Any]:
    names = (
        *("merchant_refund_id", "purpose", "request", "request_body", "status", "answer_body"),
        *("answer_sha256", "response_id", "rail_timestamp", "fault", "started_at", "ended_at"),
    )
    return {name: getattr(exchange, name) for name in names}


def _act(act: ReviewAct) -> dict[str, Any]:
    told = {name: getattr(act, name) for name in ("at", "person", "act")}
    return {**told, "comment": without_long_numbers(act.comment)}


def _payout(payout: Payout) -> dict[str, Any]:
    names = (
        *("line_id", "batch_id", "exported_at", "ended_as", "bank_reference", "paid_on"),
        *("reason", "reason_code"),
    )
    return {name: getattr(payout, name) for name in names} | _amount("paid_out", payout)


def _amount(name: str, record: object) -> dict[str, str]:
    amount = getattr(record, name)
    return {name: str(amount.decimal), "currency": amount.currency}
