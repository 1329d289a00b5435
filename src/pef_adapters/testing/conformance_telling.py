"""What a gateway must hear from us: how payments stand, and how refunds ended, once.

The half of `conformance_provider` that goes out. Whatever is told can be told again, and
nothing that comes late undoes what was told before.
"""

import contextlib

from pef_adapters.core.errors import PlatformError, PlatformRefused, PlatformUnreachable
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Outcome
from pef_adapters.testing.harness import failed_of, fails, require
from pef_adapters.testing.provider_harness import (
    OVER,
    ProviderHarness,
    asked_payment,
    asked_refund,
    moved,
    paid_payment,
    provider_of,
    report_of,
    tell,
)


class TellingConformance:
    """The half of `ProviderConformance` that goes out."""

    # --- telling how a payment stands ---

    async def test_a_payment_is_told_to_its_end(self, harness: ProviderHarness) -> None:
        """The gateway hears that a payment waits and that it is paid, each as often as told."""
        checkout = await asked_payment(harness)
        for _ in range(2):
            await tell(harness, checkout, CheckoutState.WAITING)
        held = await harness.payment_at_gateway(checkout.payment_id)
        require(held in {None, CheckoutState.WAITING}, f"a waiting payment is {held}")
        for _ in range(2):
            await tell(harness, checkout, CheckoutState.PAID)
        held = await harness.payment_at_gateway(checkout.payment_id)
        require(held is CheckoutState.PAID, f"a paid payment is {held}")

    async def test_a_payment_that_came_to_nothing_is_told(self, harness: ProviderHarness) -> None:
        """Expired and cancelled payments are over at the gateway, each as often as told."""
        for state in OVER:
            checkout = await asked_payment(harness)
            for _ in range(2):
                await tell(harness, checkout, state)
            held = await harness.payment_at_gateway(checkout.payment_id)
            require(held in OVER, f"a payment that is {state} is {held}")

    async def test_a_late_word_changes_nothing(self, harness: ProviderHarness) -> None:
        """Told as waiting or as over after it was told as paid, a payment stays paid."""
        checkout = await paid_payment(harness)
        for state in (CheckoutState.WAITING, CheckoutState.EXPIRED):
            with contextlib.suppress(PlatformError):
                await tell(harness, checkout, state)
            held = await harness.payment_at_gateway(checkout.payment_id)
            require(held is CheckoutState.PAID, f"it became {held}")

    async def test_a_lost_answer_is_told_again(self, harness: ProviderHarness) -> None:
        """Where the answer is lost we are not sure; told again, the payment is paid, once."""
        checkout = await asked_payment(harness)
        await harness.lose_next_answer()
        await fails(PlatformError, tell(harness, checkout, CheckoutState.PAID))
        await tell(harness, checkout, CheckoutState.PAID)
        held = await harness.payment_at_gateway(checkout.payment_id)
        require(held is CheckoutState.PAID, f"it is {held}")

    async def test_an_unreachable_gateway_is_told_as_such(self, harness: ProviderHarness) -> None:
        """Nobody listening is never taken for told."""
        kept = await asked_refund(harness)
        paid = moved(harness, await asked_payment(harness), CheckoutState.PAID)
        store = harness.unreachable()
        await fails(PlatformUnreachable, provider_of(harness).tell_payment(paid, store))
        if harness.tells_outcomes:
            report = report_of(kept, Outcome.REFUNDED)
            await fails(PlatformUnreachable, harness.platform.write_back(report, store))

    async def test_wrong_keys_are_told_without_them(self, harness: ProviderHarness) -> None:
        """Refused keys are a refusal, and no secret stands in its text."""
        store = harness.with_wrong_keys()
        paid = moved(harness, await asked_payment(harness), CheckoutState.PAID)
        work = provider_of(harness).tell_payment(paid, store)
        error = await fails(PlatformRefused, work)
        shown = f"{error!r} {error}"
        require(not any(s in shown for s in store.secrets.values() if s), "a secret is shown")

    # --- telling how a refund ended ---

    async def test_an_outcome_is_told_once(self, harness: ProviderHarness) -> None:
        """Each end reaches the gateway, and telling it again changes nothing."""
        if not harness.tells_outcomes:
            return
        for outcome in (Outcome.REFUNDED, Outcome.FAILED):
            kept = await asked_refund(harness)
            for _ in range(2):
                await harness.platform.write_back(report_of(kept, outcome), harness.store)
            held = await harness.refund_at_gateway(kept.refund_id)
            require(held is outcome, f"a refund that {outcome} is {held}")

    async def test_the_first_outcome_stays(self, harness: ProviderHarness) -> None:
        """The other end is refused, for a person to see, and the gateway keeps the first."""
        if not harness.tells_outcomes or not harness.platform.capabilities.outcome_is_final:
            return
        ends = (Outcome.REFUNDED, Outcome.FAILED)
        for first, other in (ends, ends[::-1]):
            kept = await asked_refund(harness)
            await harness.platform.write_back(report_of(kept, first), harness.store)
            late = harness.platform.write_back(report_of(kept, other), harness.store)
            await fails(PlatformRefused, late)
            held = await harness.refund_at_gateway(kept.refund_id)
            require(held is first, f"it became {held}")

    async def test_a_refund_under_way_is_not_ended(self, harness: ProviderHarness) -> None:
        """A report without an outcome tells the gateway nothing about an end."""
        kept = await asked_refund(harness)
        await harness.platform.write_back(report_of(kept, None), harness.store)
        if harness.tells_outcomes:
            held = await harness.refund_at_gateway(kept.refund_id)
            require(held is None, f"it was ended as {held}")

    async def test_a_lost_answer_to_an_outcome_is_told_again(
        self, harness: ProviderHarness
    ) -> None:
        """Where the answer is lost we are not sure; told again, the refund has ended once."""
        if not harness.tells_outcomes:
            return
        kept = await asked_refund(harness)
        report = report_of(kept, Outcome.REFUNDED)
        await harness.lose_next_answer()
        await fails(PlatformError, harness.platform.write_back(report, harness.store))
        await harness.platform.write_back(report, harness.store)
        held = await harness.refund_at_gateway(kept.refund_id)
        require(held is Outcome.REFUNDED, f"it is {held}")

    # --- connecting and checking ---

    async def test_a_healthy_store_passes(self, harness: ProviderHarness) -> None:
        """Connected, and connected once more, every check passes."""
        for _ in range(2):
            await harness.platform.connect(harness.store)
        failed = failed_of(await harness.platform.check(harness.store))
        require(not failed, f"failed: {failed}")

    async def test_failed_checks_say_how_to_mend(self, harness: ProviderHarness) -> None:
        """Wrong keys and an absent store fail checks, never raise, and say what to do."""
        for broken in (harness.with_wrong_keys, harness.unreachable):
            failed = failed_of(await harness.platform.check(broken()))
            require(bool(failed), "a broken connection passes its checks")
            require(all(check.mend for check in failed), "a failure does not say how to mend")
