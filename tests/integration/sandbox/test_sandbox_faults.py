"""Every fault of the sandbox, met by the real client over real HTTP."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from pagoefectivo_bench import Bench, SandboxProcess, attempt, bench
from pef_adapters.core.errors import AnsweredNonsense, MaybeSent, NotSent, RailError
from pef_adapters.engine.ports import RailRefund, RailRefusal, RailStatus, Refusal
from pef_adapters.pagoefectivo.sandbox.faults import MAGIC_CENTS, Fault

_numbers = count(1)

BROKEN = [
    (Fault.LOST_REQUEST, MaybeSent, 0),
    (Fault.ANSWER_LOST, MaybeSent, 1),
    (Fault.DELAY, MaybeSent, 1),
    (Fault.SERVER_ERROR, MaybeSent, 0),
    (Fault.SERVER_ERROR_AFTER, MaybeSent, 1),
    (Fault.NONSENSE, AnsweredNonsense, 1),
    (Fault.TRUNCATED, AnsweredNonsense, 1),
    (Fault.REDIRECT, AnsweredNonsense, 1),
    (Fault.WRONG_AMOUNT, AnsweredNonsense, 1),
    (Fault.WRONG_CURRENCY, AnsweredNonsense, 1),
    (Fault.RAIL_DOWN, MaybeSent, 0),
    (Fault.RAIL_UNAVAILABLE, MaybeSent, 0),
]
REFUSED = [
    (Fault.RATE_LIMITED, Refusal.BUSY, "RATE_LIMITED"),
    (Fault.KYC_EXPIRED, Refusal.NEEDS_OWNER, "MERCHANT_KYC_EXPIRED"),
    (Fault.ACCOUNT_BLOCKED, Refusal.NEEDS_OWNER, "MERCHANT_BLOCKED"),
    (Fault.REFUND_EXPIRED, Refusal.FINAL, "REFUND_EXPIRED"),
    (Fault.INVALID_AMOUNT, Refusal.FINAL, "INVALID_AMOUNT"),
    (Fault.INSUFFICIENT_FUNDS, Refusal.BUSY, "INSUFFICIENT_FUNDS"),
    (Fault.BENEFICIARY_REQUIRED, Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"),
]
HARMLESS = [
    Fault.TOKEN_EXPIRED,
    Fault.DUPLICATE_CALLBACKS,
    Fault.EARLY_CALLBACK,
    Fault.INDENTED_CALLBACK,
    Fault.BANK_RETURN,
    Fault.EXTORNO,
]


@pytest.fixture
async def client(sandbox: SandboxProcess) -> AsyncIterator[Bench]:
    """A client with a token in hand, so that faults strike the refund."""
    made = bench(sandbox.account())
    assert await made.rail.find_payment(sandbox.paid_cip()) is not None
    yield made
    await made.rails.aclose()


def new_id() -> str:
    """An id nobody used before."""
    return f"RF-{next(_numbers)}"


def test_every_fault_has_its_case() -> None:
    """No fault is left untried."""
    tried = [case[0] for case in BROKEN] + [case[0] for case in REFUSED] + HARMLESS
    assert sorted(tried) == sorted(Fault)


@pytest.mark.parametrize(("fault", "error", "booked"), BROKEN)
async def test_a_broken_exchange_is_named_by_what_may_have_happened(
    sandbox: SandboxProcess, client: Bench, fault: Fault, error: type[RailError], booked: int
) -> None:
    """The client raises, the book knows, and the same id afterwards pays exactly once."""
    intent = attempt(new_id(), sandbox.paid_cip())
    sandbox.post("faults", fault=fault, seconds=3)
    with pytest.raises(error):
        await client.rail.send(intent)
    assert sandbox.payments(intent.merchant_refund_id) == booked
    known = await client.rail.find_refund(intent)
    assert (known is not None) == bool(booked)
    answer = await client.rail.send(intent)
    assert isinstance(answer, RailRefund)
    assert sandbox.payments(intent.merchant_refund_id) == 1


@pytest.mark.parametrize(("fault", "refusal", "code"), REFUSED)
async def test_a_refusal_books_nothing(
    sandbox: SandboxProcess, client: Bench, fault: Fault, refusal: Refusal, code: str
) -> None:
    """The rail's code comes through with what it asks for."""
    intent = attempt(new_id(), sandbox.paid_cip())
    sandbox.post("faults", fault=fault)
    answer = await client.rail.send(intent)
    assert isinstance(answer, RailRefusal)
    assert (answer.refusal, answer.code) == (refusal, code)
    assert sandbox.payments(intent.merchant_refund_id) == 0


@pytest.mark.parametrize("fault", HARMLESS)
async def test_other_faults_don_t_touch_the_answer(
    sandbox: SandboxProcess, client: Bench, fault: Fault
) -> None:
    """The refund is accepted and booked once, whatever happens around it."""
    intent = attempt(new_id(), sandbox.paid_cip())
    sandbox.post("faults", fault=fault)
    answer = await client.rail.send(intent)
    assert isinstance(answer, RailRefund)
    assert answer.status is RailStatus.ACCEPTED
    assert sandbox.payments(intent.merchant_refund_id) == 1


async def test_an_expired_token_is_renewed_in_the_middle(
    sandbox: SandboxProcess, client: Bench
) -> None:
    """401, a new token, and the same refund again: seen in the evidence."""
    sandbox.post("faults", fault="token_expired")
    await client.rail.send(attempt(new_id(), sandbox.paid_cip()))
    assert client.witness.purposes()[-3:] == ["send_refund", "authorize", "send_refund"]


async def test_a_bank_return_is_seen_by_the_next_query(
    sandbox: SandboxProcess, client: Bench
) -> None:
    """Accepted first, returned afterwards."""
    intent = attempt(new_id(), sandbox.paid_cip())
    sandbox.post("faults", fault="bank_return")
    await client.rail.send(intent)
    found = await client.rail.find_refund(intent)
    assert found is not None
    assert found.status is RailStatus.RETURNED


async def test_an_extorno_makes_the_payment_unpaid(sandbox: SandboxProcess, client: Bench) -> None:
    """The CIP is known and no longer paid."""
    cip = sandbox.paid_cip()
    sandbox.post(f"cips/{cip}/extorno")
    payment = await client.rail.find_payment(cip)
    assert payment is not None
    assert payment.paid_at is None


@pytest.mark.parametrize("cents", MAGIC_CENTS)
async def test_each_magic_amount_meets_its_fault(sandbox: SandboxProcess, cents: int) -> None:
    """The sandbox's own log names the fault that the cents stand for."""
    rail = bench(sandbox.account(timeouts={"read": 0.3})).rail
    intent = attempt(new_id(), sandbox.paid_cip(), f"10.{cents}")
    try:
        await rail.send(intent)
    except RailError as fault:
        assert fault.code in {"RAIL_MAYBE_SENT", "RAIL_ANSWERED_NONSENSE"}  # noqa: PT017 - either is right here
    struck = [r["fault"] for r in sandbox.get("requests")["requests"]]
    if cents != 63:  # the delayed request is still being worked on
        assert MAGIC_CENTS[cents][0] in struck
    await rail.aclose()


async def test_a_fault_can_be_aimed_at_one_refund(sandbox: SandboxProcess, client: Bench) -> None:
    """Other refunds pass by unharmed."""
    aimed, other = (attempt(new_id(), sandbox.paid_cip()) for _ in range(2))
    sandbox.post(
        "faults", fault="answer_lost", match={"merchant_refund_id": aimed.merchant_refund_id}
    )
    assert isinstance(await client.rail.send(other), RailRefund)
    with pytest.raises(MaybeSent):
        await client.rail.send(aimed)


async def test_nobody_at_the_address_means_not_sent(sandbox: SandboxProcess) -> None:
    """A refused connection proves that nothing happened."""
    made = bench(sandbox.account())
    intent = attempt(new_id(), "10000001")
    silent = SandboxProcess(sandbox.database)
    rail = made.rails.of(silent.account())
    with pytest.raises(NotSent):
        await rail.send(intent)
    await made.rails.aclose()
