"""The adapter against VTEX's real wire: gateway, callbacks, orders, hook and cross-check."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from pef_adapters.core.errors import PlatformRefused, PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import Checkout, CheckoutState, KeptRefund
from pef_adapters.platforms.contract import OrderReport, RefundLine, StoreRecords
from pef_adapters.platforms.stores import Secrets
from pef_adapters.testing.harness import WRITTEN_AT
from pef_vtex.crosscheck import NOT_ASKED, REFUNDED_MORE, SAYS_REFUNDED
from vtex_bench import READER_KEY
from vtex_stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A store that writes into the orders' history."""
    async with staged() as opened:
        yield opened


def line(revision: int = 1, note: str | None = "Being paid back.") -> RefundLine:
    """One refund's line of a report."""
    return RefundLine(
        refund_id="r1",
        our_id="RF4K2M",
        state=State.PENDING,
        amount=Money(2000, "PEN"),
        revision=revision,
        expected_on=None,
        updated_at=WRITTEN_AT,
        note=note,
        marker=f"RF4K2M/{revision}",
    )


async def said_on(stage: Stage, order_id: str) -> list[str]:
    """What the order's history says of refunds."""
    order = await stage.at_vtex(stage.vtex.order, order_id)
    return [i["message"] for i in order["interactions"] if i["source"] == "PagoEfectivo"]


async def faults(stage: Stage) -> list[str]:
    """Everything in which our answers left the protocol."""
    seen = await stage.at_vtex(stage.vtex.seen)
    return [fault for call in seen["calls"] for fault in call["faults"]]


async def test_a_purchase_is_paid_told_and_settled(stage: Stage) -> None:
    """From /payments by callback to the settlement, without a fault against the protocol."""
    bought = await stage.bought("129.80")
    payment = await stage.at_vtex(stage.vtex.payment, bought["payment_id"])
    assert (payment["status"], payment["settled"]) == ("settled", "129.80")
    seen = await stage.at_vtex(stage.vtex.seen)
    assert [callback["verdict"] for callback in seen["callbacks"]] == ["taken"]
    assert await faults(stage) == []


async def test_a_callback_that_was_refused_is_told_again(stage: Stage) -> None:
    """VTEX hears of a payment until it has acknowledged it."""
    bought = await stage.at_vtex(stage.vtex.buy, "129.80")
    await stage.at_vtex(stage.vtex.moods, refuse_callbacks=2)
    await stage.buyer_pays(bought["payment_id"])
    await stage.world.later(minutes=10)
    await stage.world.later(minutes=10)
    payment = await stage.at_vtex(stage.vtex.payment, bought["payment_id"])
    assert payment["status"] == "approved"


async def test_a_cip_that_expired_denies_the_payment(stage: Stage) -> None:
    """The end of the CIP is the end of the payment."""
    bought = await stage.at_vtex(stage.vtex.buy, "129.80")
    stage.world.rail.expire(stage.world.rail.created[0])
    await stage.world.later(days=4)
    payment = await stage.at_vtex(stage.vtex.payment, bought["payment_id"])
    assert payment["status"] == "denied"


async def test_a_return_is_refunded_and_told(stage: Stage) -> None:
    """From the button to the order's note, and VTEX paints it `online` at last."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    await stage.world.run()
    await stage.money_arrives()
    await stage.at_vtex(stage.vtex.retry)
    payment = await stage.at_vtex(stage.vtex.payment, bought["payment_id"])
    assert [(a["type"], a["value"]) for a in payment["actions"]] == [("online", "29.80")]
    (*_, last) = await stage.at_vtex(stage.vtex.calls, "refunds")
    assert '"pefRefundId"' in last["answer"]
    assert len(stage.world.rail.bookings) == 1
    said = await said_on(stage, order_id)
    assert "29.80" in said[0]
    assert len(said) == len({text.rpartition("[")[2] for text in said})
    seen = await stage.at_vtex(stage.vtex.seen)
    assert (seen["refunding_requests"], seen["early_writes"]) == (0, [])
    assert await faults(stage) == []


async def test_the_suite_is_passed_without_any_keys() -> None:
    """Every case of the homologation, each within its time."""
    async with staged(suite=True, test_suite=True) as stage:
        cases = ("manifest", "approved", "denied", "cancellation")
        report = await stage.at_vtex(stage.vtex.suite, *cases, credentials=False)
        assert [case["faults"] for case in report["cases"]] == [[]] * len(cases)
        assert stage.world.rail.bookings == []


@pytest.mark.parametrize("case", ["async_approved", "async_denied", "boleto"])
async def test_the_suites_callbacks_come_in_time(case: str) -> None:
    """`undefined` first, and the end by callback a few seconds later."""
    async with staged(suite=True, test_suite=True) as stage:
        asked = stage.at_vtex(stage.vtex.suite, case)
        (found,) = (await stage.while_time_passes(asked))["cases"]
        assert found["faults"] == []


# --- write-back --------------------------------------------------------------------


async def test_every_order_of_a_purchase_hears_of_its_refund(stage: Stage) -> None:
    """One payment, several sellers' orders: the group is resolved."""
    bought = await stage.bought("59.90", "69.90")
    report = OrderReport(bought["group"], (line(),))
    await stage.world.vtex.write_back(report, await stage.here())
    for order_id in bought["order_ids"]:
        assert await said_on(stage, order_id) == ["Being paid back. [RF4K2M/1]"]


async def test_an_order_is_told_only_after_the_gateway_was_answered(stage: Stage) -> None:
    """VTEX would write over what reaches an order while it waits for an answer about it."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    assert await said_on(stage, order_id) == []
    await stage.world.later(seconds=30)
    assert len(await said_on(stage, order_id)) == 1
    assert (await stage.at_vtex(stage.vtex.seen))["early_writes"] == []


async def test_a_line_without_a_note_and_an_unknown_order_write_nothing(stage: Stage) -> None:
    """An order that is gone has nothing left to say: that is no error."""
    bought = await stage.bought("129.80")
    here = await stage.here()
    await stage.world.vtex.write_back(OrderReport(bought["group"], (line(note=None),)), here)
    await stage.world.vtex.write_back(OrderReport("1999999999999", (line(),)), here)
    assert await said_on(stage, bought["order_ids"][0]) == []


async def test_a_lost_answer_writes_the_history_again_with_its_marker(stage: Stage) -> None:
    """The history can't be read back, so it is told at least once."""
    bought = await stage.bought("129.80")
    report = OrderReport(bought["group"], (line(),))
    await stage.at_vtex(stage.vtex.moods, lose_writes=1)
    here = await stage.here()
    with pytest.raises(PlatformUnreachable):
        await stage.world.vtex.write_back(report, here)
    await stage.world.vtex.write_back(report, here)
    assert set(await said_on(stage, bought["order_ids"][0])) == {"Being paid back. [RF4K2M/1]"}


async def test_a_note_is_written_once_whatever_got_lost() -> None:
    """Notes can be listed, so a repeat finds its own."""
    async with staged(order_writing="notes") as stage:
        bought = await stage.bought("129.80")
        report, here = OrderReport(bought["group"], (line(),)), await stage.here()
        await stage.at_vtex(stage.vtex.moods, lose_writes=1)
        with pytest.raises(PlatformUnreachable):
            await stage.world.vtex.write_back(report, here)
        for _ in range(2):
            await stage.world.vtex.write_back(report, here)
        order = await stage.at_vtex(stage.vtex.order, bought["order_ids"][0])
        assert order["notes"] == ["Being paid back. [RF4K2M/1]"]


async def test_what_no_note_can_hold_goes_into_the_history() -> None:
    """An order takes thirty notes; its history takes any number."""
    async with staged(order_writing="notes") as stage:
        bought = await stage.bought("129.80")
        here = await stage.here()
        for revision in range(1, 33):
            report = OrderReport(bought["group"], (line(revision, "x" * 3000),))
            await stage.world.vtex.write_back(report, here)
        order = await stage.at_vtex(stage.vtex.order, bought["order_ids"][0])
        assert len(order["notes"]) == 30
        assert max(map(len, order["notes"])) == 2000
        assert len(await said_on(stage, bought["order_ids"][0])) == 2


async def test_keys_without_the_role_are_refused(stage: Stage) -> None:
    """A person has to give the role; nothing is written meanwhile."""
    bought = await stage.bought("129.80")
    here = await stage.here()
    reader = replace(here, secrets={**here.secrets, "store_app_key": READER_KEY})
    with pytest.raises(PlatformRefused, match="role"):
        await stage.world.vtex.write_back(OrderReport(bought["group"], (line(),)), reader)


# --- hook and checks ---------------------------------------------------------------


async def test_connecting_makes_one_hook_that_is_then_left_alone(stage: Stage) -> None:
    """VTEX's ping is answered, and a second time nothing is written."""
    here = await stage.here()
    for _ in range(2):
        (check,) = await stage.world.vtex.connect(here)
        assert check.passed, check
    seen = await stage.at_vtex(stage.vtex.seen)
    assert [hook["url"] for hook in seen["hooks"]] == [here.callback_url]
    checks = await stage.world.vtex.check(here)
    assert [check.name for check in checks if not check.passed] == []


async def test_anothers_hook_is_never_replaced(stage: Stage) -> None:
    """One AppKey has one hook, and it may be somebody's."""
    here = await stage.here()
    other = {
        "filter": {"type": "FromWorkflow", "status": ["invoiced"]},
        "hook": {"url": f"{here.callback_url}?another", "headers": {}},
    }
    answer = await stage.at_vtex(stage.vtex.api, "POST", "/api/orders/hook/config", other)
    assert answer.is_success
    (check,) = await stage.world.vtex.connect(here)
    assert not check.passed
    assert "AppKey" in check.mend


async def test_an_event_of_the_hook_is_taken(stage: Stage) -> None:
    """Its secret travels in the header that we named."""
    bought = await stage.bought("129.80")
    await stage.world.vtex.connect(await stage.here())
    await stage.at_vtex(stage.vtex.press, bought["order_ids"][0], "invoice")
    await stage.at_vtex(stage.vtex.press, bought["order_ids"][0], "return", "29.80")
    await stage.at_vtex(stage.vtex.flush_hooks)
    seen = await stage.at_vtex(stage.vtex.seen)
    assert {delivery["status"] for delivery in seen["deliveries"]} == {200}


async def test_a_check_tells_what_can_be_mended(stage: Stage) -> None:
    """VTEX being away is an answer, not an error."""
    await stage.at_vtex(stage.vtex.moods, down=True)
    checks = {check.name: check for check in await stage.world.vtex.check(await stage.here())}
    assert not checks["orders"].passed
    assert checks["partner keys"].passed


# --- cross-check --------------------------------------------------------------------


async def found(stage: Stage) -> list[str]:
    """The codes of what a poll finds, once the grace time is over."""
    since = stage.world.clock.now() - timedelta(minutes=5)
    stage.world.clock.advance(hours=2)
    changes = await stage.world.vtex.find_changes(since, await stage.here())
    return [finding.code for finding in changes.findings]


async def test_a_return_that_never_reached_us_is_found(stage: Stage) -> None:
    """Known issue 1154224: VTEX books the return and calls nobody."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.moods, drop_refunds=1)
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    assert await found(stage) == [NOT_ASKED]


async def test_a_return_that_reached_us_is_none(stage: Stage) -> None:
    """What was asked for is under way, however it stands."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    assert await found(stage) == []


async def test_a_return_of_a_moment_ago_is_not_missed_yet(stage: Stage) -> None:
    """The gateway may still be about to call."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.moods, drop_refunds=1)
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    since = stage.world.clock.now() - timedelta(minutes=5)
    assert (await stage.world.vtex.find_changes(since, await stage.here())).findings == ()


async def test_an_earlier_refund_sent_for_a_later_return_is_found(stage: Stage) -> None:
    """Known issue 1351358: the second return of the same amount is never asked for."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    await stage.world.run()
    await stage.money_arrives()
    await stage.at_vtex(stage.vtex.retry)
    await stage.at_vtex(stage.vtex.moods, repeat_earlier_refund=1)
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    assert len(stage.world.rail.bookings) == 1
    assert NOT_ASKED in await found(stage)


@dataclass(frozen=True, slots=True)
class Told:
    """The store's records, but for how much of a payment has gone back."""

    kept: StoreRecords
    back: Money

    async def refund(self, refund_id: str) -> KeptRefund | None:
        return await self.kept.refund(refund_id)

    async def refunds_of_order(self, order_id: str) -> tuple[KeptRefund, ...]:
        return await self.kept.refunds_of_order(order_id)

    async def refunds_since(self, since: datetime) -> tuple[KeptRefund, ...]:
        return await self.kept.refunds_since(since)

    async def checkout(self, payment_id: str) -> Checkout | None:
        return await self.kept.checkout(payment_id)

    async def renew_secrets(
        self, still_good: Callable[[Secrets], bool], renew: Callable[[Secrets], Awaitable[Secrets]]
    ) -> Secrets:
        return await self.kept.renew_secrets(still_good, renew)

    async def paid_back(self, payment_id: str) -> Money:
        del payment_id
        return self.back


@pytest.mark.parametrize(
    ("minor", "codes"), [(2980, []), (2979, [SAYS_REFUNDED]), (2981, [REFUNDED_MORE])]
)
async def test_what_vtex_shows_is_compared_with_what_went_back(
    stage: Stage, minor: int, codes: list[str]
) -> None:
    """Less than VTEX calls `online` (known issue 545331), or more than its orders show."""
    bought = await stage.bought("129.80")
    (order_id,) = bought["order_ids"]
    await stage.at_vtex(stage.vtex.press, order_id, "invoice")
    await stage.at_vtex(stage.vtex.press, order_id, "return", "29.80")
    await stage.world.run()
    await stage.money_arrives()
    await stage.at_vtex(stage.vtex.retry)
    here = await stage.here()
    assert here.records is not None
    here = replace(here, records=Told(here.records, Money(minor, "PEN")))
    since = stage.world.clock.now() - timedelta(minutes=5)
    changes = await stage.world.vtex.find_changes(since, here)
    assert [finding.code for finding in changes.findings] == codes


async def test_a_poll_without_vtex_keeps_its_cursor(stage: Stage) -> None:
    """What could not be asked is asked again."""
    await stage.at_vtex(stage.vtex.moods, down=True)
    with pytest.raises(PlatformUnreachable):
        await stage.world.vtex.find_changes(stage.world.clock.now(), await stage.here())


async def test_the_payment_is_told_where_its_address_leads(stage: Stage) -> None:
    """The checkout's own state is what VTEX acknowledged."""
    bought = await stage.bought("129.80")
    async with stage.world.book.begin() as ledger:
        checkout = await ledger.find_checkout("tienda-pe", bought["payment_id"])
    assert checkout is not None
    assert checkout.told is CheckoutState.PAID
