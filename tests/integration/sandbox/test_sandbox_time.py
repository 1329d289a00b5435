"""Time, restarts and callbacks of the sandbox."""

import json
from datetime import date, datetime
from itertools import count
from pathlib import Path

import pytest

from pagoefectivo_bench import Receiver, SandboxProcess, attempt, bench, sandbox_process
from pef_adapters.core.calendar import add_business_days
from pef_adapters.core.errors import MaybeSent
from pef_adapters.engine.ports import RailRefund, RailStatus
from pef_adapters.pagoefectivo import Notification, read_notification
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_SECRET_KEY

_numbers = count(1)


async def sent(sandbox: SandboxProcess, merchant_refund_id: str, amount: str = "22.05") -> str:
    """Send one refund; answers the CIP it is on."""
    made = bench(sandbox.account())
    cip = sandbox.paid_cip()
    await made.rail.send(attempt(merchant_refund_id, cip, amount))
    await made.rails.aclose()
    return cip


def new_id() -> str:
    """An id nobody used before."""
    return f"RT-{next(_numbers)}"


def told(receiver: Receiver, merchant_refund_id: str) -> list[Notification]:
    """The verified notifications about one refund, in order of arrival."""
    read = [read_notification(b, h, DEFAULT_SECRET_KEY) for b, h in receiver.deliveries]
    return [n for n in read if n.merchant_refund_id == merchant_refund_id]


async def test_business_days_settle_a_refund_and_tell_about_it(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """On the day that was promised, not before."""
    number = new_id()
    await sent(sandbox, number)
    booked = sandbox.get("refunds")["refunds"][0]
    today = datetime.fromisoformat(sandbox.get("clock")["now"]).date()
    assert date.fromisoformat(booked["estimated_payment_date"]) == add_business_days(today, 3)
    sandbox.post("clock", advance_business_days=2)
    assert sandbox.get("refunds")["refunds"][0]["status"] == "PROCESSING"
    sandbox.post("clock", advance_business_days=1)
    assert sandbox.get("refunds")["refunds"][0]["status"] == "REFUNDED"
    receiver.wait_for(lambda r: len(told(r, number)) == 2)
    events = [n.event_type for n in told(receiver, number)]
    assert events == ["refund.processing", "refund.refunded"]


async def test_a_failing_receiver_gets_two_deliveries_and_no_third(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """PagoEfectivo promises one second attempt; the queue is empty afterwards."""
    receiver.status = 500
    number = new_id()
    await sent(sandbox, number)
    receiver.wait_for(
        lambda r: len(told(r, number)) == 2 and sandbox.get("callbacks")["callbacks"][0]["outcome"]
    )
    receiver.status = 200
    cip = sandbox.paid_cip()
    sandbox.post(f"cips/{cip}/extorno")
    receiver.wait_for(lambda r: b"cip.refunded" in r.deliveries[-1][0])
    assert len(told(receiver, number)) == 2
    assert sandbox.get("callbacks")["callbacks"][1]["tries"] == 2


async def test_an_early_callback_comes_before_the_answer(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """When the client has its answer, the callback was there already."""
    sandbox.post("faults", fault="early_callback")
    number = new_id()
    await sent(sandbox, number)
    assert len(told(receiver, number)) == 1


async def test_a_duplicate_callback_is_the_same_event_twice(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """Same operation number, so that a receiver can recognise it."""
    sandbox.post("faults", fault="duplicate_callbacks")
    number = new_id()
    await sent(sandbox, number)
    receiver.wait_for(lambda r: len(told(r, number)) == 2)
    first, second = told(receiver, number)
    assert first == second


async def test_an_indented_callback_is_signed_over_its_compact_form(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """The trap of the fact sheet, on the wire: it verifies all the same."""
    sandbox.post("faults", fault="indented_callback")
    number = new_id()
    await sent(sandbox, number)
    receiver.wait_for(lambda r: len(told(r, number)) == 1)
    assert b"\n  " in receiver.deliveries[-1][0]


async def test_an_extorno_is_told_as_cip_refunded(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    """The bank's reversal names the CIP."""
    cip = sandbox.paid_cip()
    sandbox.post(f"cips/{cip}/extorno")
    receiver.wait_for(lambda r: bool(r.deliveries))
    body, headers = receiver.deliveries[-1]
    seen = read_notification(body, headers, DEFAULT_SECRET_KEY)
    assert seen.is_extorno
    assert seen.cip == cip


async def test_the_book_outlives_kill_9(tmp_path: Path) -> None:
    """Refunds, clock, faults and tokens are there after a restart, and nothing doubles."""
    with sandbox_process(tmp_path / "book.db") as mine:
        made = bench(mine.account())
        intent = attempt("RF-1", mine.paid_cip())
        await made.rail.send(intent)
        mine.post("clock", advance_days=2)
        ahead = mine.get("clock")["now"]
        mine.post("faults", fault="kyc_expired", times=None)
        mine.kill()
        mine.start()
        assert mine.get("clock")["now"] >= ahead
        assert [f["fault"] for f in mine.get("faults")["faults"]] == ["kyc_expired"]
        mine.clear_faults()
        found = await made.rail.find_refund(intent)
        assert isinstance(found, RailRefund)
        assert isinstance(await made.rail.send(intent), RailRefund)
        assert mine.payments("RF-1") == 1
        await made.rails.aclose()


async def test_a_refund_booked_before_kill_9_is_found_afterwards(tmp_path: Path) -> None:
    """The answer was lost with the process, the booking was not."""
    with sandbox_process(tmp_path / "book.db") as mine:
        mine.post("faults", fault="answer_lost")
        made = bench(mine.account())
        intent = attempt("RF-1", mine.paid_cip())
        with pytest.raises(MaybeSent):
            await made.rail.send(intent)
        mine.kill()
        mine.start()
        found = await made.rail.find_refund(intent)
        await made.rails.aclose()
        assert found is not None
        assert found.status is RailStatus.ACCEPTED


async def test_bank_data_that_never_comes_expire_the_refund(tmp_path: Path) -> None:
    """Five days, then the amount is free again."""
    with sandbox_process(tmp_path / "book.db", require_beneficiary=True) as mine:
        await sent(mine, "RF-1")
        assert mine.get("refunds")["refunds"][0]["status"] == "AWAITING_BENEFICIARY"
        mine.post("clock", advance_days=5)
        expired = mine.get("refunds")["refunds"][0]
        assert (expired["status"], expired["remaining"]) == ("EXPIRED", 100.0)


async def test_the_page_shows_the_book_and_its_levers_work(sandbox: SandboxProcess) -> None:
    """States with their meaning, masked requests, and forms that lead back."""
    number = new_id()
    await sent(sandbox, number)
    page = sandbox.fetch()
    assert number in page.text
    assert "PAID" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert sandbox.fetch("/sandbox.css").headers["content-type"].startswith("text/css")
    for lever, fields in (
        ("settle", {}),
        ("next-day", {}),
        ("fault", {"fault": "delay", "times": "2"}),
        ("clear-faults", {}),
    ):
        answer = sandbox.send(f"/levers/{lever}", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert sandbox.get("refunds")["refunds"][0]["status"] == "REFUNDED"
    wrong = sandbox.send("/levers/fault", data={"fault": "<script>"})
    assert wrong.status_code == 422


def test_control_calls_with_odd_bodies_are_refused(sandbox: SandboxProcess) -> None:
    """A clear status instead of a crash."""
    for path, body in (
        ("clock", {"advance_days": -1}),
        ("faults", {"fault": "unheard_of"}),
        ("cips", {"amount": "1.001"}),
        ("callback-url", {"url": "ftp://x"}),
    ):
        assert sandbox.send(f"/sandbox/{path}", json=body).status_code == 422
    broken = sandbox.send("/sandbox/clock", content=b"{")
    assert broken.status_code == 422
    assert json.loads(broken.text)["error"]
