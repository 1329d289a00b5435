"""The sandbox keeps the proposed contract (fact sheet 7.2 to 7.5)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from pagoefectivo_bench import Bench, SandboxProcess, attempt, bench, sandbox_account
from pef_adapters.core.calendar import LIMA
from pef_adapters.core.errors import AnsweredNo
from pef_adapters.engine.ports import RailRefund, RailRefusal, RailStatus, Refusal
from pef_adapters.pagoefectivo.client import PagoEfectivoClient
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from pef_adapters.pagoefectivo.wire import Beneficiary, CipState, NewCip, lima_text

_numbers = count(1)
ANA = Beneficiary(
    first_name="Ana",
    last_name="Quispe Rojas",
    document_type="DNI",
    document_number="12345678",
    cci="00219310000000000117",
    account_type="SAVINGS",
)


def new_id() -> str:
    """An id nobody used before."""
    return f"RC-{next(_numbers)}"


@pytest.fixture
async def made(sandbox: SandboxProcess) -> AsyncIterator[Bench]:
    """A client of the module's sandbox."""
    fresh = bench(sandbox.account())
    yield fresh
    await fresh.rails.aclose()


@pytest.fixture
def client(made: Bench) -> PagoEfectivoClient:
    """The calls below the rail."""
    return made.rail._client


async def test_a_cip_lives_through_its_states(
    sandbox: SandboxProcess, client: PagoEfectivoClient
) -> None:
    """Created, found, prolonged, paid; and another one deleted."""
    order = NewCip.model_validate(
        {"currency": "PEN", "amount": "25.00", "transactionCode": "T1", "userEmail": "a@b.pe"}
    )
    cip = (await client.create_cip(order)).cip
    until = lima_text(datetime(2999, 1, 1, tzinfo=LIMA))
    await client.patch_cip(cip, until)
    sandbox.post(f"cips/{cip}/pay")
    (found,) = await client.search_cips([cip])
    assert (found.status, found.amount) == (CipState.PAID, Decimal(25))
    assert found.date_payment is not None
    assert found.date_removal is None
    with pytest.raises(AnsweredNo):
        await client.delete_cip(cip)
    other = (await client.create_cip(order)).cip
    await client.delete_cip(other)
    (deleted,) = await client.search_cips([other])
    assert deleted.status == CipState.DELETED


async def test_an_unknown_cip_is_empty_among_others(
    sandbox: SandboxProcess, client: PagoEfectivoClient
) -> None:
    """A search for two answers two items, one of them empty."""
    known = sandbox.paid_cip()
    found = await client.search_cips([known, "99"])
    assert [item.known for item in found] == [True, False]


async def test_the_same_id_and_content_answers_the_first_answer_again(
    sandbox: SandboxProcess, made: Bench
) -> None:
    """Even when the refund went on meanwhile."""
    intent = attempt(new_id(), sandbox.paid_cip())
    first = await made.rail.send(intent)
    sandbox.post(f"refunds/{intent.merchant_refund_id}/status", status="REFUNDED")
    assert await made.rail.send(intent) == first
    assert [e.status for e in made.witness.exchanges if e.purpose == "send_refund"] == [201, 200]
    found = await made.rail.find_refund(intent)
    assert found is not None
    assert found.status is RailStatus.REFUNDED


async def test_the_same_id_with_other_content_is_disputed(
    sandbox: SandboxProcess, made: Bench
) -> None:
    """409, and what was booked first stays as it is."""
    number, cip = new_id(), sandbox.paid_cip()
    await made.rail.send(attempt(number, cip, "10.00"))
    answer = await made.rail.send(attempt(number, cip, "10.01"))
    assert isinstance(answer, RailRefusal)
    assert answer.refusal is Refusal.DISPUTED_ID


async def test_partial_refunds_add_up_to_the_cent(sandbox: SandboxProcess, made: Bench) -> None:
    """The last cent can be refunded, one more can't."""
    cip = sandbox.paid_cip("100.00")
    answers = [
        await made.rail.send(attempt(new_id(), cip, amount))
        for amount in ("33.33", "33.33", "33.35", "33.34", "0.01")
    ]
    codes = [answer.code if isinstance(answer, RailRefusal) else "ok" for answer in answers]
    assert codes == ["ok", "ok", "AMOUNT_EXCEEDED", "ok", "ALREADY_REFUNDED"]


@pytest.mark.parametrize(
    ("days", "outcome"),
    [(0, "PROCESSING"), (30, "PROCESSING"), (31, "MANUAL_REQUIRED"), (90, "MANUAL_REQUIRED")],
)
async def test_the_window_has_tiers(
    sandbox: SandboxProcess, made: Bench, days: int, outcome: str
) -> None:
    """Day 30 is still automatic, day 90 still manual (Lima dates)."""
    answer = await made.rail.send(attempt(new_id(), paid_days_ago(sandbox, days)))
    assert isinstance(answer, RailRefund)
    assert answer.status_word == outcome


async def test_after_ninety_days_it_is_too_late(sandbox: SandboxProcess, made: Bench) -> None:
    """Day 91 is refused."""
    answer = await made.rail.send(attempt(new_id(), paid_days_ago(sandbox, 91)))
    assert isinstance(answer, RailRefusal)
    assert answer.code == "REFUND_EXPIRED"


def paid_days_ago(sandbox: SandboxProcess, days: int) -> str:
    """A CIP paid that many Lima days before the sandbox's today."""
    now = datetime.fromisoformat(sandbox.get("clock")["now"])
    return sandbox.paid_cip(paid_at=(now - timedelta(days=days)).isoformat())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"refund_amount": 0}, "INVALID_AMOUNT"),
        ({"refund_amount": -1}, "INVALID_AMOUNT"),
        ({"refund_amount": 1.005}, "INVALID_AMOUNT"),
        ({"refund_amount": "x"}, "INVALID_AMOUNT"),
        ({"currency": "USD"}, "CURRENCY_MISMATCH"),
        ({"original_transaction_id": "404404"}, "TRANSACTION_NOT_FOUND"),
        ({"merchant_refund_id": "a b"}, "111"),
        ({"merchant_refund_id": None}, "111"),
        ({"beneficiary": {"cci": "1"}}, "BENEFICIARY_INVALID"),
        ({"notification_url": "http://plain"}, "111"),
    ],
)
async def test_wrong_orders_are_refused_with_their_code(
    sandbox: SandboxProcess, client: PagoEfectivoClient, change: dict[str, object], code: str
) -> None:
    """Each rule has its code, and nothing is booked."""
    order = {
        "original_transaction_id": sandbox.paid_cip(),
        "refund_amount": 10,
        "currency": "PEN",
        "merchant_refund_id": new_id(),
    }
    headers = {**await bearer(client), "Origin": "web"}
    before = len(sandbox.get("refunds")["refunds"])
    answer = sandbox.send("/api/v1/refunds", json={**order, **change}, headers=headers).json()
    assert answer["code"] == code
    assert answer["response_id"].startswith("RSP-")
    assert answer["timestamp"].endswith("-05:00")
    assert len(sandbox.get("refunds")["refunds"]) == before


async def bearer(client: PagoEfectivoClient) -> dict[str, str]:
    """The header of a valid token."""
    return {"Authorization": f"Bearer {await client._authorizer.token()}"}


async def test_an_unpaid_cip_is_not_refunded(sandbox: SandboxProcess, made: Bench) -> None:
    """There is nothing to give back yet."""
    cip = str(sandbox.post("cips", amount="100", paid=False)["cip"])
    answer = await made.rail.send(attempt(new_id(), cip))
    assert isinstance(answer, RailRefusal)
    assert answer.code == "INVALID_TRANSACTION_STATE"


async def test_a_returned_refund_goes_out_again_with_new_bank_data(
    sandbox: SandboxProcess, made: Bench, client: PagoEfectivoClient
) -> None:
    """The bank sends it back, the buyer gives another account."""
    intent = attempt(new_id(), sandbox.paid_cip())
    await made.rail.send(intent)
    returned = sandbox.post(f"refunds/{intent.merchant_refund_id}/return")
    again = await client.give_beneficiary(returned["refund_id"], ANA)
    assert again.status == "PROCESSING"
    evidence = made.witness.exchanges[-1].request_body or ""
    assert ANA.cci not in evidence
    assert ANA.document_number not in evidence
    assert ANA.cci not in repr(ANA)


async def test_a_refund_under_way_can_t_be_cancelled_and_a_waiting_one_can(
    sandbox: SandboxProcess, made: Bench, client: PagoEfectivoClient
) -> None:
    """DELETE works before PROCESSING only, and gives the amount back."""
    cip = sandbox.paid_cip("22.05")
    intent = attempt(new_id(), cip)
    sent = await made.rail.send(intent)
    assert isinstance(sent, RailRefund)
    with pytest.raises(AnsweredNo, match="REFUND_IN_PROGRESS"):
        await client.cancel_refund(sent.rail_refund_id)
    sandbox.post(f"refunds/{intent.merchant_refund_id}/status", status="AWAITING_BENEFICIARY")
    assert (await client.cancel_refund(sent.rail_refund_id)).status == "CANCELLED"
    assert isinstance(await made.rail.send(attempt(new_id(), cip)), RailRefund)
    listed = await client.refunds_of(cip)
    assert [item.status for item in listed] == ["CANCELLED", "PROCESSING"]


async def test_twenty_parallel_sends_of_one_id_book_one_refund(
    sandbox: SandboxProcess, made: Bench
) -> None:
    """All get the same answer."""
    intent = attempt(new_id(), sandbox.paid_cip())
    answers = await asyncio.gather(*(made.rail.send(intent) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert sandbox.payments(intent.merchant_refund_id) == 1


async def test_a_live_looking_key_is_refused_with_a_clear_word(sandbox: SandboxProcess) -> None:
    """Whoever tries it learns why, and the key is not repeated or kept."""
    key = "LIVELOOKINGKEY000001"
    body = {"accessKey": key, "idService": 1, "dateRequest": "x", "hashString": "y"}
    answer = sandbox.send("/v1/authorizations", json=body)
    assert answer.status_code == 401
    assert "SBX" in answer.json()["message"]
    assert key not in answer.text
    assert key not in sandbox.fetch().text


async def test_a_wrong_secret_needs_its_owner(sandbox: SandboxProcess) -> None:
    """The hash does not fit, so no token is given."""
    secrets = {"access_key": DEFAULT_ACCESS_KEY, "secret_key": "another-secret"}
    made = bench(sandbox_account(sandbox.url, secrets=secrets))
    answer = await made.rail.send(attempt(new_id(), "10000001"))
    assert isinstance(answer, RailRefusal)
    assert answer.refusal is Refusal.NEEDS_OWNER
    await made.rails.aclose()


async def test_no_secret_is_shown_anywhere(
    sandbox: SandboxProcess, made: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in evidence, repr, output, the page, or what the control API tells."""
    await made.rail.send(attempt(new_id(), sandbox.paid_cip()))
    token = await made.rail._client._authorizer.token()
    asked = sandbox.fetch("/sandbox/requests").text
    page = sandbox.fetch().text
    shown = [repr(made.witness.exchanges), repr(vars(made.rail)), *capfd.readouterr()]
    shown += [repr(vars(made.rail._client._authorizer)), repr(sandbox.account()), asked, page]
    for secret in (DEFAULT_SECRET_KEY, DEFAULT_ACCESS_KEY, token):
        assert not [place for place in shown if secret in place]


async def test_every_answer_leaves_its_evidence(made: Bench) -> None:
    """response_id, timestamp and hash, for refusals too."""
    await made.rail.send(attempt(new_id(), "404404"))
    last = made.witness.exchanges[-1]
    assert (last.status, last.fault) == (404, "RAIL_ANSWERED_NO")
    assert (last.response_id or "").startswith("RSP-")
    assert (last.rail_timestamp or "").endswith("-05:00")
    assert len(last.answer_sha256 or "") == 64
