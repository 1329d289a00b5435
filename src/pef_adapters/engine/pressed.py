"""A refund that was pressed a moment ago, for a store that waits for the decision.

Kept like any webhook before it is answered; the answer is how the refund stands, in
words for the person who pressed.
"""

from dataclasses import dataclass
from enum import StrEnum

from pef_adapters.core.states import State
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.attention import for_the_order, why
from pef_adapters.engine.identity import refund_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.receive import hint_record, keep
from pef_adapters.engine.records import Refund, Source, Store
from pef_adapters.engine.write_back import note
from pef_adapters.platforms.contract import Hint, HintKind


class Verdict(StrEnum):
    """What the store's refund button can say at once; `later`: kept, not decided yet."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"
    LATER = "later"


_VERDICTS = {
    State.RECEIVED: Verdict.LATER,
    State.READY: Verdict.LATER,
    State.HELD: Verdict.HELD,
    State.AWAITING_BENEFICIARY: Verdict.HELD,
    State.PAYOUT_DUE: Verdict.HELD,
    State.RETURNED: Verdict.HELD,
    State.SENDING: Verdict.ACCEPTED,
    State.UNKNOWN: Verdict.ACCEPTED,
    State.PENDING: Verdict.ACCEPTED,
    State.REFUNDED: Verdict.ACCEPTED,
    State.REJECTED: Verdict.REFUSED,
    State.FAILED: Verdict.REFUSED,
    State.CANCELLED: Verdict.REFUSED,
    State.REVERSED: Verdict.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """How a refund stands. `sentence` is for people, in the store's language."""

    verdict: Verdict
    our_id: str
    state: State | None
    sentence: str
    expected_on: str | None


async def take_in(
    ports: Ports, store: Store, kind: HintKind, *, order_id: str, refund: str, body: bytes
) -> int:
    """Keep the news about one refund of an order; answers its id."""
    hint = Hint(kind=kind, order_id=order_id, refund_id=refund)
    return await keep(
        ports,
        source=Source.STORE,
        owner_id=store.id,
        topic=kind,
        body=body,
        hints=(hint_record(hint),),
    )


async def standing(ports: Ports, store: Store, refund: str) -> Pressed:
    """How the refund under the store's own id stands now."""
    async with ports.book.begin() as ledger:
        found = await ledger.find_refund(store.id, refund)
    if found is None:
        our_id = refund_id(store.identity, store.platform, refund)
        return Pressed(
            verdict=Verdict.LATER, our_id=our_id, state=None, sentence="", expected_on=None
        )
    return _pressed(store, found)


def _sentence(refund: Refund, language: str) -> str:
    """Of a refusal only the reason: no order says anything about it yet."""
    key, figures = why(refund, for_the_order(refund.attention))
    if _VERDICTS[refund.state] is not Verdict.REFUSED or key is None:
        return note(refund, language)
    return " ".join(filter(None, (explain(key, language, figures), advise(key, language, figures))))


def _pressed(store: Store, refund: Refund) -> Pressed:
    return Pressed(
        verdict=_VERDICTS[refund.state],
        our_id=refund.id,
        state=refund.state,
        sentence=_sentence(refund, store.language),
        expected_on=refund.expected_on,
    )
