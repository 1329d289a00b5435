"""What every adapter must prove about buyers and products, as far as its platform tells.

The part of the conformance suite that a capability switches on: the facts that a policy
asks for besides the money, and the message to a buyer. Nothing here knows a platform,
nor pytest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote

from pef_adapters.core.errors import PlatformError, PlatformRefused, PlatformUnreachable
from pef_adapters.platforms.contract import BuyerMessages, StoreRefund
from pef_adapters.testing.harness import (
    AMOUNT,
    StoreHarness,
    about,
    fails,
    only,
    refused,
    require,
)

# A signed link can hold whatever a store's mail would make prettier.
LINK: Final = "https://refunds.example/b/a--b---c...d.3x4-x_Y"
TEXT: Final = f"Su reembolso de S/ 59.90 está <aprobado> & listo: {LINK}"


@dataclass(frozen=True, slots=True)
class FiledOrder:
    """A paid order, and the names and slugs under which its products are filed."""

    order_id: str
    categories: frozenset[str]
    tags: frozenset[str]


class FactsHarness(StoreHarness, Protocol):
    """What these checks need besides; each only where the platform has the capability."""

    async def order_of(self, email: str) -> str:
        """A paid order of the person who gave this address."""
        ...

    async def filed_order(self) -> FiledOrder: ...

    async def messages(self, order_id: str) -> Sequence[str]:
        """What the order's buyer was sent, as it is read."""
        ...


class FactsConformance:
    """The checks; `AdapterConformance` has them all."""

    async def test_a_buyer_is_one_text(self, harness: FactsHarness) -> None:
        """One person is one text, however the address was typed; another is another."""
        if not harness.platform.capabilities.tells_buyer:
            return
        typed = ("ana@example.com", " Ana@Example.COM ", "beto@example.com")
        ana, same, beto = [(await _refund_of(harness, email)).buyer for email in typed]
        require(ana is not None and ana == ana.lower(), f"the buyer is told as {ana!r}")
        require(ana == same, "one person is told as two")
        require(ana != beto, "two people are told as one")

    async def test_a_buyer_is_not_shown(self, harness: FactsHarness) -> None:
        """The buyer's address stands in no text that a log could hold."""
        if not harness.platform.capabilities.tells_buyer:
            return
        refund = await _refund_of(harness, "ana@example.com")
        require("ana@example.com" not in f"{refund!r} {refund}", "the buyer is shown")

    async def test_products_are_told_by_name_and_slug(self, harness: FactsHarness) -> None:
        """A refund tells what its products are filed under, as the owner reads it."""
        if not harness.platform.capabilities.tells_products:
            return
        filed = await harness.filed_order()
        await harness.press_refund(filed.order_id, AMOUNT)
        refund = only(await harness.platform.read(about(filed.order_id), harness.store))
        require(refund.categories == filed.categories, f"categories are {refund.categories}")
        require(refund.tags == filed.tags, f"tags are {refund.tags}")

    async def test_reading_twice_tells_the_same(self, harness: FactsHarness) -> None:
        """Two reads of an unchanged store agree in every fact."""
        order_id = await harness.paid_order("119.80")
        await harness.press_refund(order_id, AMOUNT)
        reads = [await harness.platform.read(about(order_id), harness.store) for _ in range(2)]
        require(reads[0] == reads[1], "two reads differ")

    async def test_a_deadline_lies_ahead(self, harness: FactsHarness) -> None:
        """Where a platform sets a deadline, it is a moment after the refund was asked for."""
        order_id = await harness.paid_order("119.80")
        await harness.press_refund(order_id, AMOUNT)
        refund = only(await harness.platform.read(about(order_id), harness.store))
        deadline = refund.deadline_at
        require(deadline is None or deadline.tzinfo is not None, "the deadline is naive")
        require(deadline is None or deadline > refund.requested_at, "the deadline is past")

    # --- the message to the buyer ---

    async def test_a_message_is_sent_once(self, harness: FactsHarness) -> None:
        """Told twice under one marker, the buyer gets one message, with a link that works."""
        messages = harness.platform.buyer_messages
        if messages is None:
            return
        order_id = await harness.paid_order(AMOUNT)
        for _ in range(2):
            await messages.tell_buyer(order_id, TEXT, "suite/1", harness.store)
        sent = await harness.messages(order_id)
        require(len(sent) == 1, f"{len(sent)} messages were sent")
        require(unquote(LINK) in unquote(sent[0]), f"the link was spoilt: {sent[0]}")
        require("<aprobado> & listo" in sent[0], f"the text was spoilt: {sent[0]}")

    async def test_a_marker_is_not_the_beginning_of_another(self, harness: FactsHarness) -> None:
        """The message of marker 1 is sent although that of marker 10 was."""
        messages = harness.platform.buyer_messages
        if messages is None:
            return
        order_id = await harness.paid_order(AMOUNT)
        for marker in ("suite/10", "suite/1"):
            await messages.tell_buyer(order_id, TEXT, marker, harness.store)
        require(len(await harness.messages(order_id)) == 2, "a marker was mistaken")  # noqa: PLR2004 - two markers

    async def test_a_message_changes_nothing_else(self, harness: FactsHarness) -> None:
        """Telling the buyer writes no private note, no record and no status."""
        messages = harness.platform.buyer_messages
        if messages is None:
            return
        order_id = await harness.paid_order(AMOUNT)
        before = await _written(harness, order_id)
        await messages.tell_buyer(order_id, TEXT, "suite/1", harness.store)
        require(await _written(harness, order_id) == before, "the order changed")

    async def test_an_unsent_message_is_told(self, harness: FactsHarness) -> None:
        """No store, no rights and no order are errors, never a message taken for sent."""
        messages = harness.platform.buyer_messages
        if messages is None:
            return
        order_id = await harness.paid_order(AMOUNT)
        await _fails_at(messages, order_id, harness)
        await harness.erase_order(order_id)
        with refused(PlatformError):
            await messages.tell_buyer(order_id, TEXT, "suite/1", harness.store)


async def _fails_at(messages: BuyerMessages, order_id: str, harness: FactsHarness) -> None:
    absent, foreign = harness.unreachable(), harness.with_wrong_keys()
    await fails(PlatformUnreachable, messages.tell_buyer(order_id, TEXT, "suite/1", absent))
    await fails(PlatformRefused, messages.tell_buyer(order_id, TEXT, "suite/1", foreign))
    require(list(await harness.messages(order_id)) == [], "a message was sent")


async def _refund_of(harness: FactsHarness, email: str) -> StoreRefund:
    order_id = await harness.order_of(email)
    await harness.press_refund(order_id, AMOUNT)
    return only(await harness.platform.read(about(order_id), harness.store))


async def _written(harness: FactsHarness, order_id: str) -> tuple[object, ...]:
    notes, record = await harness.notes(order_id), await harness.record(order_id)
    return list(notes), dict(record), await harness.status(order_id)
