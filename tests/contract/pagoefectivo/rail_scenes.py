"""The conversations that cassettes hold: what is set up, asked and expected."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from checkout_samples import EMAIL, EXPIRES_AT, checkout
from pagoefectivo_bench import Bench, SandboxProcess, attempt
from pef_adapters.core.errors import AnsweredNo
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import RailRefund, RailRefusal, RailStatus, Refusal
from pef_adapters.pagoefectivo.wire import Beneficiary, CipState, NewCip

CIP = "11546901"
BENEFICIARY = Beneficiary(
    first_name="Ana",
    last_name="Quispe Rojas",
    document_type="DNI",
    document_number="12345678",
    cci="00219310000000000117",
    account_type="SAVINGS",
    email="ana@example.com",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One cassette: `prepare` sets the sandbox up, `play` asks and checks."""

    name: str
    prepare: Callable[[SandboxProcess], object]
    play: Callable[[Bench], Awaitable[None]]


def _paid(sandbox: SandboxProcess) -> None:
    sandbox.paid_cip("59.90", cip=int(CIP), transaction_code="ORD-2026-000123")


def _paid_with(fault: str) -> Callable[[SandboxProcess], None]:
    def prepare(sandbox: SandboxProcess) -> None:
        _paid(sandbox)
        sandbox.post("faults", fault=fault)

    return prepare


async def payment_is_found(made: Bench) -> None:
    """A paid CIP, and one that nobody knows."""
    found = await made.rail.find_payment(CIP)
    assert found is not None
    assert found.amount == Money(5990, "PEN")
    assert found.paid_at is not None
    assert await made.rail.find_payment("99") is None


async def refund_is_sent_and_found(made: Bench) -> None:
    """Unknown, sent, replayed, found."""
    intent = attempt("RF-2026-000123-1", CIP)
    assert await made.rail.find_refund(intent) is None
    answer = await made.rail.send(intent)
    assert isinstance(answer, RailRefund)
    assert (answer.status, answer.status_word) == (RailStatus.ACCEPTED, "PROCESSING")
    assert await made.rail.send(intent) == answer
    assert await made.rail.find_refund(intent) == answer


async def refund_exceeds(made: Bench) -> None:
    """More than was paid is refused for good."""
    answer = await made.rail.send(attempt("RF-2026-000123-2", CIP, "59.91"))
    assert isinstance(answer, RailRefusal)
    assert (answer.refusal, answer.code) == (Refusal.FINAL, "AMOUNT_EXCEEDED")


async def rail_is_busy(made: Bench) -> None:
    """429 asks for patience."""
    answer = await made.rail.send(attempt("RF-2026-000123-3", CIP))
    assert isinstance(answer, RailRefusal)
    assert answer.refusal is Refusal.BUSY


async def token_is_renewed(made: Bench) -> None:
    """401 in the middle costs one more token, nothing else."""
    assert isinstance(await made.rail.send(attempt("RF-2026-000123-4", CIP)), RailRefund)
    assert made.witness.purposes().count("authorize") == 2


async def cip_is_made(made: Bench) -> None:
    """Created, searched, deleted."""
    client = made.rail._client
    order = NewCip.model_validate(
        {"currency": "PEN", "amount": "1.00", "transactionCode": "101", "userEmail": "a@b.pe"}
    )
    created = await client.create_cip(order)
    await client.delete_cip(created.cip)
    (found,) = await client.search_cips([created.cip])
    assert (found.status, found.date_payment) == (CipState.DELETED, None)


async def checkout_is_made_and_withdrawn(made: Bench) -> None:
    """A CIP for a checkout waits for its buyer; withdrawn it is over, and stays so."""
    cip = await made.rail.create_payment(checkout(), EMAIL)
    assert cip.expires_at == EXPIRES_AT
    waiting = await made.rail.find_payment(cip.transaction_id)
    assert waiting is not None
    assert (waiting.amount, waiting.paid_at, waiting.over) == (checkout().amount, None, False)
    await made.rail.cancel_payment(cip.transaction_id)
    over = await made.rail.find_payment(cip.transaction_id)
    assert over is not None
    assert (over.paid_at, over.over) == (None, True)
    with pytest.raises(AnsweredNo):
        await made.rail.cancel_payment(cip.transaction_id)


async def beneficiary_is_given(made: Bench) -> None:
    """A returned refund goes out again; bank data stay out of the cassette."""
    intent = attempt("RF-2026-000123-5", CIP)
    await made.rail.send(intent)
    found = await made.rail.find_refund(intent)
    assert found is not None
    assert found.status is RailStatus.RETURNED
    again = await made.rail._client.give_beneficiary(found.rail_refund_id, BENEFICIARY)
    assert again.status == "PROCESSING"


SCENES = (
    Scene("payment", _paid, payment_is_found),
    Scene("refund", _paid, refund_is_sent_and_found),
    Scene("refund_exceeds", _paid, refund_exceeds),
    Scene("busy", _paid_with("rate_limited"), rail_is_busy),
    Scene("token_renewed", _paid_with("token_expired"), token_is_renewed),
    Scene("cip", lambda _sandbox: None, cip_is_made),
    Scene("checkout", lambda _sandbox: None, checkout_is_made_and_withdrawn),
    Scene("beneficiary", _paid_with("bank_return"), beneficiary_is_given),
)
