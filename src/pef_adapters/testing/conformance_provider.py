"""What every adapter must prove whose platform's gateway calls us as its payment provider.

An adapter's tests derive a class from `ProviderConformance`, give it a `harness` fixture
and run it with pytest against a gateway that speaks the platform's real wire. It stands
beside `conformance`, whose questions presume a store that can be read. Nothing here knows
a platform, nor pytest.
"""

import dataclasses
import json
from decimal import Decimal
from typing import Final

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    DatabaseUnavailable,
    KeysMixed,
    MaybeSent,
    NotSent,
    NotThere,
    PefError,
    RequestIdReused,
    SecretUnreadable,
    SignatureInvalid,
    SourceMismatch,
    WebhookRejected,
)
from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.platforms.provider import Answer, Call, RefundStanding
from pef_adapters.testing.conformance_telling import TellingConformance
from pef_adapters.testing.harness import only, refused, require
from pef_adapters.testing.provider_harness import (
    LATER,
    PART,
    PAY_URL,
    TOTAL,
    ProviderHarness,
    asked_payment,
    asked_refund,
    paid_payment,
    provider_of,
    read,
    read_payment,
    read_refund,
)

# A 2xx on one of these would be taken for "done", and never asked again.
_NOT_DONE: Final[tuple[type[PefError], ...]] = (
    *(SignatureInvalid, SourceMismatch, BodyTooLarge, BodyUnreadable, NotThere),
    *(KeysMixed, RequestIdReused, NotSent, MaybeSent, DatabaseUnavailable, SecretUnreadable),
)
_UNREADABLE: Final = (b"", b"[]", b"null", b"\xff\xfe", b'{"id": ', b"[" * 100_000)
_OK: Final = range(200, 300)
_ERROR: Final = range(400, 600)


class ProviderConformance(TellingConformance):
    """The suite. Derive, add a fixture `harness` that gives a connected sandbox store."""

    # --- what it says about itself ---

    async def test_capabilities_are_frozen(self, harness: ProviderHarness) -> None:
        """The capability record can be relied upon: it is frozen and names the platform."""
        capabilities = harness.platform.capabilities
        with refused(dataclasses.FrozenInstanceError):
            capabilities.platform = "another"  # type: ignore[misc] # the attempt is the test
        require(capabilities.platform == harness.store.platform, "names another platform")
        require(capabilities == harness.platform.capabilities, "changes between two looks")

    # --- who calls, and what is asked ---

    async def test_a_call_names_its_store(self, harness: ProviderHarness) -> None:
        """Each call of the gateway leads to its store, and none is taken for a greeting."""
        provider = provider_of(harness)
        payment = await harness.ask_payment(TOTAL)
        refund = await harness.ask_refund(await paid_payment(harness), PART)
        for call in (payment, refund):
            require(provider.greet(call) is None, "a call of the gateway is a greeting")
            require(provider.caller(call) == harness.store.store_id, "names another store")

    async def test_strangers_are_refused(self, harness: ProviderHarness) -> None:
        """Whoever is not this store's gateway is refused, whatever is asked."""
        payment = await harness.ask_payment(TOTAL)
        refund = await harness.ask_refund(await paid_payment(harness), PART)
        for call in (payment, refund):
            require(bool(harness.strangers(call)), "the harness knows no stranger")
            for wrong, stranger in harness.strangers(call).items():
                require(_is_refused(harness, stranger), f"served although: {wrong}")

    async def test_an_oversized_call_is_refused(self, harness: ProviderHarness) -> None:
        """A body over the bound is refused before anything is made of it."""
        call = await harness.ask_payment(TOTAL)
        body = b" " * (provider_of(harness).max_body_bytes + 1)
        with refused(BodyTooLarge):
            read(harness, dataclasses.replace(call, body=body))

    async def test_an_unreadable_call_is_refused(self, harness: ProviderHarness) -> None:
        """A body that is cut off, empty, or no such thing at all is refused, never a crash."""
        payment = await harness.ask_payment(TOTAL)
        refund = await harness.ask_refund(await paid_payment(harness), PART)
        for call in (payment, refund):
            for body in (*_UNREADABLE, call.body[: len(call.body) // 2]):
                with refused(WebhookRejected):
                    read(harness, dataclasses.replace(call, body=body))

    async def test_a_payments_amount_is_exact(self, harness: ProviderHarness) -> None:
        """A payment comes with its amount to the céntimo, as a test in a sandbox store."""
        asked = read_payment(harness, await harness.ask_payment(TOTAL))
        require(asked.amount == Money(11980, "PEN"), f"the amount became {asked.amount}")
        require(bool(asked.payment_id and asked.order_id), "payment or order has no name")
        require(asked.test, "a sandbox store's payment is not a test")

    async def test_reading_a_payment_again_is_the_same(self, harness: ProviderHarness) -> None:
        """The same call, later once more, asks for the same payment; another one does not."""
        call = await harness.ask_payment(TOTAL)
        first = read_payment(harness, call)
        again = read_payment(harness, dataclasses.replace(call, at=call.at + LATER))
        require(dataclasses.replace(again, expires_at=first.expires_at) == first, "it differs")
        other = read_payment(harness, await harness.ask_payment(TOTAL))
        require(other.payment_id != first.payment_id, "two payments have one id")

    async def test_a_refunds_amount_is_exact(self, harness: ProviderHarness) -> None:
        """A refund comes with its payment and its amount to the céntimo."""
        payment = await paid_payment(harness)
        asked = read_refund(harness, await harness.ask_refund(payment, PART))
        require(asked.amount == Decimal(PART), f"the amount became {asked.amount}")
        require(asked.currency in {None, "PEN"}, f"the currency became {asked.currency}")
        require(asked.payment_id == payment.payment_id, "it is of another payment")
        require(asked.test, "a sandbox store's refund is not a test")

    async def test_reading_a_refund_again_is_the_same(self, harness: ProviderHarness) -> None:
        """The same call, later once more, asks for the same refund."""
        call = await harness.ask_refund(await paid_payment(harness), PART)
        again = dataclasses.replace(call, at=call.at + LATER)
        require(read_refund(harness, again) == read_refund(harness, call), "it differs")

    async def test_equal_refunds_stay_apart(self, harness: ProviderHarness) -> None:
        """Two refunds of the same amount of one payment have two identities."""
        payment = await paid_payment(harness)
        calls = [await harness.ask_refund(payment, "20.00") for _ in range(2)]
        names = {read_refund(harness, call).refund_id for call in calls}
        require(len(names) == len(calls), "identities were lost")

    async def test_nobody_is_shown_the_buyer(self, harness: ProviderHarness) -> None:
        """What is asked can be logged: no e-mail address and no secret stands in its text."""
        call = await harness.ask_payment(TOTAL)
        shown = f"{call!r} {read_payment(harness, call)!r}"
        require("@" not in shown, "an e-mail address is shown")
        require(not any(s in shown for s in harness.store.secrets.values() if s), "a secret is")

    # --- what is answered ---

    async def test_a_waiting_payment_leads_the_buyer(self, harness: ProviderHarness) -> None:
        """Once there is a CIP, the answer is a success and tells its page; always the same."""
        call = await harness.ask_payment(TOTAL)
        asked, checkout = read_payment(harness, call), await asked_payment(harness)
        answers = [provider_of(harness).answer(asked, checkout, harness.store) for _ in range(2)]
        require(answers[0].status in _OK, f"answered {answers[0].status}")
        require(PAY_URL.encode() in answers[0].body, "the buyer is led nowhere")
        require(answers[0] == answers[1], "two answers differ")

    async def test_a_kept_refund_is_answered(self, harness: ProviderHarness) -> None:
        """A refund that was kept and is not decided yet has an answer; always the same."""
        refund = await asked_refund(harness)
        call = await harness.ask_refund(harness.records.checkouts[refund.payment_id or ""], PART)
        standing = RefundStanding(our_id="RF7Q2M4X9B", amount=refund.amount, state=None)
        asked = read_refund(harness, call)
        answers = [provider_of(harness).answer(asked, standing, harness.store) for _ in range(2)]
        _require_json(answers[0])
        require(answers[0] == answers[1], "two answers differ")

    async def test_an_error_is_never_a_success(self, harness: ProviderHarness) -> None:
        """Whatever went wrong, the status says so: 2xx would mean that nobody asks again."""
        payment = await harness.ask_payment(TOTAL)
        refund = await harness.ask_refund(await paid_payment(harness), PART)
        for call in (payment, refund):
            for fault in _NOT_DONE:
                answer = provider_of(harness).refused(call, fault())
                require(answer.status in _ERROR, f"{fault.code} is answered {answer.status}")
                _require_json(answer)

    # --- reading what was kept ---

    async def test_a_kept_refund_is_read(self, harness: ProviderHarness) -> None:
        """What the gateway asked for is read back as it was asked, and is ours."""
        kept = await asked_refund(harness)
        hint = Hint(kind=HintKind.REFUND_CREATED, refund_id=kept.refund_id)
        refund = only(await harness.platform.read(hint, harness.store))
        require(refund.refund_id == kept.refund_id, "another refund was read")
        require(refund.amount == Money(5990, "PEN"), f"the amount became {refund.amount}")
        require(refund.order_total == Money(11980, "PEN"), "the payment's amount differs")
        require(refund.ours and refund.order_paid_at is not None, "not known as ours and paid")

    async def test_an_unknown_refund_is_not_there(self, harness: ProviderHarness) -> None:
        """A refund that nobody asked for reads as nothing, without an error."""
        hint = Hint(kind=HintKind.REFUND_CREATED, refund_id="nobody-asked-for-this")
        require(await harness.platform.read(hint, harness.store) == (), "something was read")

    async def test_the_poll_finds_what_was_kept(self, harness: ProviderHarness) -> None:
        """A kept refund is found by the poll; its cursor never goes back nor too far."""
        kept = await asked_refund(harness)
        since = kept.asked_at - LATER
        changes = await harness.platform.find_changes(since, harness.store)
        require(kept.refund_id in {hint.refund_id for hint in changes.hints}, "it was missed")
        require(since <= changes.cursor <= kept.asked_at, "the cursor is out of place")


def _is_refused(harness: ProviderHarness, call: Call) -> bool:
    """Whether a call is turned away; which store it names is no proof either way."""
    provider = provider_of(harness)
    try:
        provider.caller(call)
        provider.read(call, harness.store)
    except WebhookRejected:
        return True
    return False


def _require_json(answer: Answer) -> None:
    if answer.body:
        json.loads(answer.body)
