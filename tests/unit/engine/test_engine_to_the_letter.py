"""What the engine keeps, counts and says, to the letter: other releases and people rely on it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine_world import CIP, HOUSE_KEY, World
from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.engine import schedule
from pef_adapters.engine.identity import buyer_mark
from pef_adapters.engine.janitor import poll_store
from pef_adapters.engine.overview import store_overview
from pef_adapters.engine.rail_words import of_attempt
from pef_adapters.engine.receive import hint_of, hint_record, keep
from pef_adapters.engine.records import Alarm, Exchange, Source, Store
from pef_adapters.engine.story import tell
from pef_adapters.engine.write_back import note
from pef_adapters.platforms.coming_in import (
    Changes,
    Finding,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
)
from pef_adapters.storage.house_key import KeyedHash
from storage_samples import attempt, refund

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def store_of(world: World) -> Store:
    """The one store."""
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (schedule.unknown, [5.5, 15.8, 63.8, 314.6, 978.4, 3687.5, 3890.8]),
        (schedule.after_fault, [5.5, 15.8, 63.8, 314.6, 978.4, 921.9]),
        (schedule.after_refusal, [66.1, 946.6, 3825.9, 3775.1]),
    ],
)
def test_the_waits_of_one_refund_are_the_same_for_ever(wait: object, seconds: list[float]) -> None:
    """Their steps and the spread by the refund's id, to a tenth of a second."""
    assert callable(wait)
    told = [(wait("RF6SKMMRXNNKN63X", n, NOW) - NOW).total_seconds() for n in range(len(seconds))]
    assert [round(each, 1) for each in told] == seconds


def test_a_paid_refund_is_looked_at_on_four_days() -> None:
    """A day, three days, a week and two weeks after it was paid; then no more."""
    looks, at = [], NOW
    while (found := schedule.settled(NOW, at)) is not None:
        looks.append(found - NOW)
        at = found
    assert looks == [timedelta(days=days) for days in (1, 3, 7, 14)]


def test_a_hint_is_read_as_it_was_written() -> None:
    """Every field comes back from the ledger, and so does none."""
    privacy = PrivacyRequest(
        kind=PrivacyKind.TELL, request_id="P1", buyers=("email:a@x.pe",), order_ids=("14",)
    )
    full = Hint(
        kind=HintKind.ORDER_CHANGED,
        order_id="14",
        refund_id="15",
        refund_ids=frozenset({"15", "16"}),
        detail="words",
        privacy=privacy,
        delivery_id="d-1",
        at=NOW,
    )
    for hint in (full, Hint(kind=HintKind.REFUND_CREATED)):
        assert hint_of(hint_record(hint)) == hint


@pytest.mark.parametrize("day", [None, "2026-12-02"])
def test_a_note_names_the_day_or_leaves_it_open(day: str | None) -> None:
    """While the rail has named no day the order shows three dots."""
    pending = refund(state=State.PENDING, expected_on=day, attention=None, decision={})
    figures = {
        "amount": pending.amount.shown("en"),
        "expected_on": day or "…",
        "refund": pending.platform_refund_id,
    }
    assert note(pending, "en") == explain("note.pending", "en", figures)


def test_an_attempt_that_was_never_answered_has_no_words() -> None:
    """Neither a status nor a text of the rail: nothing to explain."""
    assert of_attempt(attempt(rail_status=None, rail_text=None), "en") == ()


@pytest.mark.parametrize(
    ("buyer", "named"),
    [("email:ana@x.pe", "buyer/main//email:ana@x.pe"), ("7", "buyer/main/tienda-pe/7")],
)
async def test_a_buyers_mark_is_kept_for_ever(buyer: str, named: str) -> None:
    """An e-mail is one buyer at all stores of an account, a number only at its own."""
    world = await World().open()
    assert buyer_mark(world.ports, await store_of(world), buyer) == KeyedHash(HOUSE_KEY)(named)


async def test_a_store_whose_clock_runs_ahead_carries_nobody_past_refunds_to_come() -> None:
    """The cursor stops at our own time, and each difference is an alarm of its order."""
    world = await World().open()
    now = world.clock.now()
    found = Finding(code="code.REFUND_NOT_CALLED", order_id="14", figures={"order": "14"})

    async def changes(*_: object) -> Changes:
        return Changes(hints=(), cursor=now + timedelta(hours=1), findings=(found,))

    world.platform.find_changes = changes  # type: ignore[method-assign]
    for _ in range(2):
        assert await poll_store(world.ports, await store_of(world)) == 0
    assert (await store_of(world)).poll_cursor == now
    async with world.book.begin() as ledger:
        alarms = await ledger.open_alarms()
    assert alarms == [
        Alarm(
            key="code.REFUND_NOT_CALLED/tienda-pe/14",
            subject="store/tienda-pe",
            code="code.REFUND_NOT_CALLED",
            figures={"order": "14", "store": "tienda-pe"},
            raised_at=now,
        )
    ]


async def test_what_became_of_a_delivery_is_said_of_each_hint() -> None:
    """Different ends in the order of the alphabet; a notification in the order of its hints."""
    world = await World().open()
    known = await world.deliver("15")
    at_home = [hint_record(Hint(kind=HintKind.REFUND_CREATED, refund_id="16"))]
    at_home.append(hint_record(Hint(kind=HintKind.STORE_TROUBLE, detail="no")))
    both = await keep(
        world.ports,
        source=Source.STORE,
        owner_id="tienda-pe",
        topic="t",
        body=b"1",
        hints=tuple(at_home),
    )
    nobodys = await keep(
        world.ports, source=Source.RAIL, owner_id="gone", topic="t", body=b"2", hints=({},)
    )
    twice = await keep(
        world.ports,
        source=Source.RAIL,
        owner_id="main",
        topic="t",
        body=b"3",
        hints=({"event": "odd"}, {"event": "refund.changed", "merchant_refund_id": "RFX-1"}),
    )
    await world.run()
    async with world.book.begin() as ledger:
        ended = [await ledger.received(each) for each in (known, both, nobodys, twice)]
    assert [each.outcome if each else None for each in ended] == [
        "none of ours",
        "none of ours, store trouble",
        "account gone",
        "nothing to do, not ours",
    ]


async def test_only_alarms_about_a_store_its_account_or_its_refunds_are_its_own() -> None:
    """Another store's alarms, and those of refunds nobody knows, are not shown to it."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    own = (await world.refund()).id
    subjects = ("store/tienda-pe", "account/main", f"refund/{own}", "refund/RFX", "store/otra-pe")
    other = replace(await store_of(world), id="otra-pe", identity="https://otra.pe")
    async with world.book.begin() as ledger:
        await ledger.add_store(other)
        for number, subject in enumerate(subjects):
            at = world.clock.now() + timedelta(seconds=number)
            alarm = Alarm(key=subject, subject=subject, code="c", figures={}, raised_at=at)
            await ledger.raise_alarm(alarm)
    seen = {
        name: sorted(alarm.subject for alarm in (await store_overview(world.ports, store)).alarms)
        for name, store in (("own", await store_of(world)), ("other", other))
    }
    assert seen == {"own": sorted(subjects[:3]), "other": ["account/main", "store/otra-pe"]}


async def test_an_exchange_is_told_with_what_was_asked_and_answered() -> None:
    """Every part that is there, and none that is not."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    key = f"{(await world.refund()).id}-1"
    exchange = Exchange(
        account_id="main",
        merchant_refund_id=key,
        purpose="find_refund",
        request="GET https://rail.example/refunds",
        request_body=None,
        status=200,
        answer_body=None,
        answer_sha256=None,
        response_id="RSP-1",
        rail_timestamp=None,
        fault=None,
        started_at=NOW,
        ended_at=NOW,
    )
    async with world.book.begin() as ledger:
        await ledger.add_exchange(exchange)
    (line,) = [
        line
        for line in (await tell(world.ports, key[:-2], "en")).lines
        if line.what == "find_refund"
    ]
    assert (line.at, line.actor, dict(line.detail)) == (
        NOW,
        "rail",
        {
            "request": "GET https://rail.example/refunds",
            "id": key,
            "status": 200,
            "response_id": "RSP-1",
        },
    )


async def test_at_the_end_of_the_replay_window_the_rail_is_asked_before_a_send() -> None:
    """A second before it recognises the id by itself; from then on it is looked up first."""
    for late, asked in ((-1, 0), (0, 1)):
        world = await World().open()
        found: list[str] = []
        usual = world.rail.find_refund

        async def find(attempt, usual=usual, found=found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            found.append(attempt.merchant_refund_id)
            return await usual(attempt)

        world.rail.find_refund = find  # type: ignore[method-assign]
        world.rail.pay(CIP, world.rail.payments[CIP].amount, world.clock.now())
        await world.press("15", 5000)
        world.clock.advance(seconds=world.ports.replay_window_seconds + late)
        await world.run()
        assert (len(found), len(world.rail.sends)) == (asked, 1)
