"""What every adapter must prove, whatever its platform.

An adapter's tests derive a class from `AdapterConformance`, give it a `harness`
fixture and run it with pytest against a store that speaks the platform's real
wire. Each check says which promise of `platforms.contract` it asks for. Nothing
here knows a platform, nor pytest.
"""

import dataclasses
from datetime import timedelta
from typing import Final

from pef_adapters.core.errors import (
    BodyTooLarge,
    PlatformRefused,
    PlatformUnreachable,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import Hint, HintKind, OrderReport
from pef_adapters.testing.conformance_facts import FactsConformance
from pef_adapters.testing.harness import (
    AMOUNT,
    WRITTEN_AT,
    StoreHarness,
    about,
    failed_of,
    fails,
    hints_of,
    leads_to,
    line_of,
    only,
    pressed_line,
    read_one,
    refund_delivery,
    refused,
    require,
)

_LOOK_BACK: Final = timedelta(days=1)


class AdapterConformance(FactsConformance):
    """The suite. Derive, add a fixture `harness` that gives a connected store."""

    # --- what it says about itself ---

    async def test_capabilities_are_frozen(self, harness: StoreHarness) -> None:
        """The capability record can be relied upon: it is frozen and names the platform."""
        capabilities = harness.platform.capabilities
        with refused(dataclasses.FrozenInstanceError):
            capabilities.platform = "another"  # type: ignore[misc] # the attempt is the test
        require(capabilities.platform == harness.store.platform, "names another platform")
        require(capabilities == harness.platform.capabilities, "changes between two looks")

    # --- coming in ---

    async def test_an_altered_delivery_is_refused(self, harness: StoreHarness) -> None:
        """One changed byte of the body makes the signature invalid."""
        delivery = await refund_delivery(harness)
        body = delivery.body[:-2] + bytes([delivery.body[-2] ^ 1]) + delivery.body[-1:]
        with refused(SignatureInvalid):
            harness.platform.receive(dataclasses.replace(delivery, body=body), harness.store)

    async def test_a_truncated_delivery_is_refused(self, harness: StoreHarness) -> None:
        """Half a body is not what was signed."""
        delivery = await refund_delivery(harness)
        half = dataclasses.replace(delivery, body=delivery.body[: len(delivery.body) // 2])
        with refused(SignatureInvalid):
            harness.platform.receive(half, harness.store)

    async def test_a_reencoded_delivery_is_refused(self, harness: StoreHarness) -> None:
        """The signature covers the raw bytes: the same JSON written otherwise is refused."""
        delivery = await refund_delivery(harness)
        with refused(SignatureInvalid):
            spaced = dataclasses.replace(delivery, body=delivery.body.replace(b":", b": "))
            harness.platform.receive(spaced, harness.store)

    async def test_an_unsigned_delivery_is_refused(self, harness: StoreHarness) -> None:
        """A delivery without a signature is refused."""
        delivery = harness.unsigned(await refund_delivery(harness))
        with refused(SignatureMissing):
            harness.platform.receive(delivery, harness.store)

    async def test_an_oversized_delivery_is_refused(self, harness: StoreHarness) -> None:
        """A body over the bound is refused before anything is made of it."""
        delivery = await refund_delivery(harness)
        body = b" " * (harness.platform.capabilities.max_body_bytes + 1)
        with refused(BodyTooLarge):
            harness.platform.receive(dataclasses.replace(delivery, body=body), harness.store)

    async def test_another_stores_delivery_is_refused(self, harness: StoreHarness) -> None:
        """A well signed delivery that names another store is refused."""
        delivery = harness.of_another_store(await refund_delivery(harness))
        with refused(SourceMismatch):
            harness.platform.receive(delivery, harness.store)

    async def test_hints_are_stable(self, harness: StoreHarness) -> None:
        """The same delivery, repeated, gives the same hints."""
        delivery = await refund_delivery(harness)
        hints = [harness.platform.receive(delivery, harness.store) for _ in range(3)]
        require(bool(hints[0]), "a refund's delivery gives no hint")
        require(hints[0] == hints[1] == hints[2], "hints differ between repeats")

    async def test_some_delivery_leads_to_the_refund(self, harness: StoreHarness) -> None:
        """Of the deliveries that a press causes, at least one leads to this very refund."""
        order_id = await harness.paid_order("119.80")
        refund_id = await harness.press_refund(order_id, AMOUNT)
        found = [await harness.platform.read(h, harness.store) for h in await hints_of(harness)]
        require(refund_id in {r.refund_id for some in found for r in some}, "never found")

    # --- reading ---

    async def test_amounts_are_exact(self, harness: StoreHarness) -> None:
        """Amounts come back to the céntimo, with their order, and are ours."""
        order_id = await harness.paid_order("119.80")
        refund_id = await harness.press_refund(order_id, AMOUNT)
        refund = only(await harness.platform.read(about(order_id), harness.store))
        require(refund.refund_id == refund_id, "another refund was read")
        require(refund.order_id == order_id, "another order was read")
        require(refund.amount == Money(5990, "PEN"), f"the amount became {refund.amount}")
        require(refund.order_total == Money(11980, "PEN"), "the order's total differs")
        require(refund.ours and refund.order_paid_at is not None, "not known as ours and paid")
        require(refund.requested_at.tzinfo is not None, "the time is naive")

    async def test_equal_refunds_stay_apart(self, harness: StoreHarness) -> None:
        """Two refunds of the same amount on one order have two identities."""
        order_id = await harness.paid_order("119.80")
        pressed = {await harness.press_refund(order_id, "20.00") for _ in range(2)}
        refunds = await harness.platform.read(about(order_id), harness.store)
        require({refund.refund_id for refund in refunds} == pressed, "identities were lost")

    async def test_an_unknown_refund_is_not_there(self, harness: StoreHarness) -> None:
        """A refund id that the store does not know reads as nothing, without an error."""
        order_id = await harness.paid_order(AMOUNT)
        hint = Hint(kind=HintKind.REFUND_CREATED, order_id=order_id, refund_id="99999999")
        require(await harness.platform.read(hint, harness.store) == (), "something was read")

    async def test_a_deleted_refund_is_not_there(self, harness: StoreHarness) -> None:
        """A refund that was deleted reads as nothing."""
        if not harness.platform.capabilities.refund_can_be_deleted:
            return
        order_id = await harness.paid_order("119.80")
        refund_id = await harness.press_refund(order_id, AMOUNT)
        await harness.delete_refund(order_id, refund_id)
        require(await read_one(harness, order_id, refund_id) == (), "it was still read")

    async def test_an_erased_order_is_not_there(self, harness: StoreHarness) -> None:
        """An order that was erased reads as nothing."""
        order_id = await harness.paid_order("119.80")
        await harness.press_refund(order_id, AMOUNT)
        await harness.erase_order(order_id)
        require(await harness.platform.read(about(order_id), harness.store) == (), "was read")

    async def test_an_unreachable_store_is_told_as_such(self, harness: StoreHarness) -> None:
        """Nobody listening is never taken for "not there"."""
        store = harness.unreachable()
        await fails(PlatformUnreachable, harness.platform.read(about("1"), store))
        since = WRITTEN_AT - _LOOK_BACK
        await fails(PlatformUnreachable, harness.platform.find_changes(since, store))
        await fails(PlatformUnreachable, harness.platform.connect(store))
        report = OrderReport("1", (line_of("1", revision=1),))
        await fails(PlatformUnreachable, harness.platform.write_back(report, store))

    async def test_wrong_keys_are_told_without_them(self, harness: StoreHarness) -> None:
        """Refused keys are a refusal, never "not there", and no secret stands in the text."""
        store = harness.with_wrong_keys()
        error = await fails(PlatformRefused, harness.platform.read(about("1"), store))
        shown = f"{error!r} {error}"
        require(not any(s in shown for s in store.secrets.values()), "a secret is shown")

    # --- the poll ---

    async def test_the_poll_finds_what_webhooks_lost(self, harness: StoreHarness) -> None:
        """A refund whose webhook was lost is found by the poll; the cursor never goes back."""
        order_id = await harness.paid_order("119.80")
        await harness.lose_webhooks()
        refund_id = await harness.press_refund(order_id, AMOUNT)
        refund = only(await read_one(harness, order_id, refund_id))
        since = refund.requested_at - _LOOK_BACK
        changes = await harness.platform.find_changes(since, harness.store)
        require(leads_to(changes.hints, order_id, refund_id), "the poll missed the refund")
        require(changes.cursor >= since, "the cursor went back")
        require(changes.cursor < refund.requested_at, "the cursor leaves no overlap")

    async def test_the_poll_finds_silent_deletions(self, harness: StoreHarness) -> None:
        """An order whose refund was deleted is told by the poll with the refunds it has now."""
        if not harness.platform.capabilities.refund_can_be_deleted:
            return
        order_id = await harness.paid_order("119.80")
        refund_id = await harness.press_refund(order_id, AMOUNT)
        since = only(await read_one(harness, order_id, refund_id)).requested_at - _LOOK_BACK
        await harness.delete_refund(order_id, refund_id)
        changes = await harness.platform.find_changes(since, harness.store)
        told = [hint for hint in changes.hints if hint.order_id == order_id]
        require(bool(told), "the order is not told")
        require(all(refund_id not in (h.refund_ids or ()) for h in told), "told as present")

    # --- writing back ---

    async def test_writing_twice_is_writing_once(self, harness: StoreHarness) -> None:
        """The same report, written twice, leaves one note and one record, and no status."""
        order_id, line = await pressed_line(harness)
        before = await harness.status(order_id)
        for _ in range(2):
            await harness.platform.write_back(OrderReport(order_id, (line,)), harness.store)
        notes = [n for n in await harness.notes(order_id) if line.note and line.note in n]
        require(len(notes) == 1, f"{len(notes)} notes were written")
        require(await harness.status(order_id) == before, "the order's status changed")
        record = await harness.record(order_id)
        require(record[line.refund_id]["state"] == line.state.value, "the record differs")

    async def test_a_late_report_changes_nothing(self, harness: StoreHarness) -> None:
        """A report that arrives after a newer one neither repeats a note nor moves back."""
        order_id, old = await pressed_line(harness)
        new = dataclasses.replace(
            old, state=State.REFUNDED, revision=2, note="Pagado.", marker="suite-2"
        )
        for line in (old, new, old):
            await harness.platform.write_back(OrderReport(order_id, (line,)), harness.store)
        require(len(await harness.notes(order_id)) == 2, "not one note for each step")  # noqa: PLR2004 - two steps
        record = await harness.record(order_id)
        require(record[old.refund_id]["state"] == State.REFUNDED.value, "the record went back")

    async def test_lines_do_not_displace_each_other(self, harness: StoreHarness) -> None:
        """Two refunds of one order stand beside each other in the record."""
        order_id, first = await pressed_line(harness)
        second_id = await harness.press_refund(order_id, "10.00")
        second = dataclasses.replace(first, refund_id=second_id, marker="suite-b", note=None)
        await harness.platform.write_back(OrderReport(order_id, (first, second)), harness.store)
        require(set(await harness.record(order_id)) >= {first.refund_id, second_id}, "lost one")

    async def test_the_echo_names_no_new_refund(self, harness: StoreHarness) -> None:
        """Whatever our own writing sends back leads to refunds that are known already."""
        order_id, line = await pressed_line(harness)
        before = len(await harness.deliveries())
        await harness.platform.write_back(OrderReport(order_id, (line,)), harness.store)
        for hint in await hints_of(harness, after=before):
            named = {hint.refund_id} if hint.refund_id else hint.refund_ids or set()
            require(set(named) <= {line.refund_id}, "the echo names another refund")

    async def test_repeating_sends_no_echo(self, harness: StoreHarness) -> None:
        """A report that already stands is not written again, so that no echo follows."""
        order_id, line = await pressed_line(harness)
        await harness.platform.write_back(OrderReport(order_id, (line,)), harness.store)
        before = len(await harness.deliveries())
        await harness.platform.write_back(OrderReport(order_id, (line,)), harness.store)
        require(len(await harness.deliveries()) == before, "the repeat echoed")

    # --- connecting and checking ---

    async def test_connecting_twice_leaves_one_webhook_each(self, harness: StoreHarness) -> None:
        """Connecting again leaves alone what is alive."""
        await harness.platform.connect(harness.store)
        first = sorted(await harness.live_webhooks())
        await harness.platform.connect(harness.store)
        require(sorted(await harness.live_webhooks()) == first, "webhooks changed")
        require(len(first) == len(set(first)) > 0, "not exactly one webhook for each topic")

    async def test_dead_webhooks_are_told_and_replaced(self, harness: StoreHarness) -> None:
        """Webhooks that were switched off fail the check; connecting replaces them."""
        before = sorted(await harness.live_webhooks())
        await harness.kill_webhooks()
        require(bool(failed_of(await harness.platform.check(harness.store))), "not noticed")
        await harness.platform.connect(harness.store)
        require(sorted(await harness.live_webhooks()) == before, "not replaced")

    async def test_a_healthy_store_passes(self, harness: StoreHarness) -> None:
        """At a connected store with a paid order, every check passes."""
        await harness.paid_order(AMOUNT)
        failed = failed_of(await harness.platform.check(harness.store))
        require(not failed, f"failed: {failed}")

    async def test_failed_checks_say_how_to_mend(self, harness: StoreHarness) -> None:
        """Wrong keys and an absent store fail checks, never raise, and say what to do."""
        for store in (harness.with_wrong_keys(), harness.unreachable()):
            failed = failed_of(await harness.platform.check(store))
            require(bool(failed), "a broken connection passes its checks")
            require(all(check.mend for check in failed), "a failure does not say how to mend")
