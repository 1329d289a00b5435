"""Payments as the rail tells them, clients and their tokens, and the evidence of it all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pagoefectivo_bench import attempt, bench, sandbox_account
from pef_adapters.core.errors import (
    AnsweredNo,
    AnsweredNonsense,
    KeysMixed,
    NotSent,
    SettingInvalid,
)
from pef_adapters.core.money import Money
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.wire import NewCip
from rail_line import CIP, NOW, REFUND, URL, client_of, lined

# payments


_NEW = NewCip.model_validate(
    {"currency": "PEN", "amount": "1.00", "transactionCode": "PC1", "userEmail": "a@b.pe"}
)
_MADE = {"cip": 7, "currency": "PEN", "amount": 1, "transactionCode": "PC1"}


async def test_a_payment_is_read_whole() -> None:
    """Number, exact amount, and when it was paid."""
    made, line, _ = lined([CIP])
    payment = await made.rail.find_payment("0010000001")
    assert line.last() == ("POST", "/v1/cips/search", {"data": [{"cip": 10000001}]})
    assert payment is not None
    assert (payment.transaction_id, payment.amount) == ("10000001", Money(12980, "PEN"))
    assert payment.paid_at == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert not payment.over


@pytest.mark.parametrize(
    "answer",
    [
        [{**CIP, "cip": 10000002}],
        [CIP, CIP],
        [{**CIP, "amount": None}],
        [{**CIP, "currency": None}],
        [{**CIP, "datePayment": None}],
        [{**CIP, "amount": 1.005}],
        [{**CIP, "currency": "XXZ"}],
    ],
    ids=[
        "another CIP",
        "two for one",
        "no amount",
        "no currency",
        "paid, but never",
        "more decimals than the currency has",
        "no such currency",
    ],
)
async def test_an_answer_that_can_not_be_about_the_payment_is_nonsense(answer: object) -> None:
    """Refunding against it could pay another buyer, or another amount."""
    made, _, _ = lined(answer)
    with pytest.raises(AnsweredNonsense):
        await made.rail.find_payment("10000001")


@pytest.mark.parametrize("answer", [[], [{}], [{"cip": 0}]])
async def test_an_unknown_cip_is_no_payment(answer: object) -> None:
    """Empty structures stand for what PagoEfectivo does not know."""
    made, _, _ = lined(answer)
    assert await made.rail.find_payment("10000001") is None


async def test_a_code_has_to_be_the_very_same() -> None:
    """Zeros before a CIP's number mean nothing; in a store's own code they do."""
    made, line, _ = lined(
        [{**CIP, "transactionCode": "0077"}], transaction_reference="transaction_code"
    )
    payment = await made.rail.find_payment("0077")
    assert line.last()[2] == {"data": [{"transactionCode": "0077"}]}
    assert payment is not None
    assert payment.transaction_id == "0077"
    with pytest.raises(AnsweredNonsense):
        await made.rail.find_payment("77")


# accounts and their clients


async def test_changed_keys_or_settings_give_a_new_client() -> None:
    """An account's client is kept as long as nothing that it is built from changes."""
    made = bench(sandbox_account(URL))
    assert made.rails.of(sandbox_account(URL)) is made.rail
    changed: tuple[Account, ...] = (
        sandbox_account("http://127.0.0.1:10"),
        sandbox_account(URL, {"origin": "ios"}),
        sandbox_account(URL, id="account-2"),
        sandbox_account(URL, service_id="7"),
        sandbox_account(URL, secrets={"access_key": "SBX-2", "secret_key": "s"}),
    )
    rails = {id(made.rails.of(account)) for account in changed} | {id(made.rail)}
    assert len(rails) == len(changed) + 1
    await made.rails.aclose()


async def test_closing_ends_every_connection() -> None:
    """And the next call builds a new client."""
    made, line, _ = lined([])
    await made.rails.aclose()
    assert line.closed
    assert made.rails.of(sandbox_account(URL)) is not made.rail


def test_a_missing_key_is_named_and_not_shown() -> None:
    """The owner learns which one; no log learns what stood in it."""
    with pytest.raises(SettingInvalid, match=r"^account key secret_key: Field required$"):
        bench(sandbox_account(URL, secrets={"access_key": "SBX-1"}))
    with pytest.raises(SettingInvalid, match="account key service_id") as refused:
        bench(sandbox_account(URL, service_id="none of these"))
    assert "none of these" not in str(refused.value)


def test_a_live_account_needs_a_live_host() -> None:
    """A sandbox's host must not be taken for the real one."""
    with pytest.raises(KeysMixed):
        bench(sandbox_account("https://pre1a.services.pagoefectivo.pe"))


# tokens


async def test_a_token_serves_until_a_minute_before_its_end() -> None:
    """Then a new one is asked for, so that none dies on its way."""
    made, line, clock = lined([])
    ask = attempt("RF-1", "10000001")
    await made.rail.find_refund(ask)
    clock.moment += timedelta(minutes=58, seconds=59)
    await made.rail.find_refund(ask)
    assert len(line.tokens) == 1
    clock.moment += timedelta(seconds=1)
    await made.rail.find_refund(ask)
    assert len(line.tokens) == 2
    assert line.requests[-1].headers["Authorization"] == "Bearer token-2"


async def test_the_proof_for_a_token_is_of_this_account_and_moment() -> None:
    """Key, service, Lima's time, and a hash instead of the secret."""
    made, line, _ = lined([])
    await made.rail.find_refund(attempt("RF-1", "10000001"))
    (asked,) = line.tokens
    assert asked["dateRequest"] == "2026-11-23T10:00:00-05:00"
    assert isinstance(asked["idService"], int)
    assert set(asked) == {"accessKey", "idService", "dateRequest", "hashString"}
    assert made.witness.purposes() == ["authorize", "find_refund"]


async def test_too_many_tokens_is_no_refusal() -> None:
    """429 on the way to a token: nothing was sent, and later it will be."""
    made, line, _ = lined([])

    async def busy(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(429, json={"code": "RATE_LIMITED", "message": "espere"})

    line.handle_async_request = busy  # type: ignore[method-assign]
    with pytest.raises(NotSent):
        await made.rail.find_refund(attempt("RF-1", "10000001"))


@pytest.mark.parametrize(
    ("code", "told"),
    [("508", "508"), ("MERCHANT_BLOCKED", "MERCHANT_BLOCKED"), ("111", "INVALID_SIGNATURE")],
)
async def test_refused_keys_say_what_the_owner_has_to_mend(code: str, told: str) -> None:
    """A code about the owner stays; any other means that the keys are wrong."""
    made, line, _ = lined([])

    async def refuse(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(400, json={"code": code, "message": "no"})

    line.handle_async_request = refuse  # type: ignore[method-assign]
    with pytest.raises(AnsweredNo) as refused:
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert (refused.value.rail_code, refused.value.status) == (told, 401)
    assert refused.value.rail_text == f"{code} no"


# evidence


async def test_an_exchange_is_kept_whole() -> None:
    """Who, what, when, the answer and its hash, and the pair that a dispute asks for."""
    made, _, _ = lined(REFUND)
    await made.rail.send(attempt("RF-1", "10000001"))
    kept = made.witness.exchanges[-1]
    assert (kept.account_id, kept.purpose, kept.merchant_refund_id) == (
        "account-1",
        "send_refund",
        "RF-1",
    )
    assert (kept.request, kept.status, kept.fault) == (f"POST {URL}/api/v1/refunds", 200, None)
    assert kept.response_id == "R-77"
    assert (kept.started_at, kept.ended_at) == (NOW, NOW)
    assert len(kept.answer_sha256 or "") == 64
    assert '"merchant_refund_id":"RF-1"' in (kept.request_body or "")


@pytest.mark.parametrize(
    ("call", "data", "purpose"),
    [
        (lambda c: c.create_cip(_NEW), _MADE, "create_cip"),
        (lambda c: c.search_cips(["1"]), [], "find_payment"),
        (lambda c: c.patch_cip("1", "2026-11-30T10:00:00-05:00"), None, "patch_cip"),
        (lambda c: c.delete_cip("1"), None, "delete_cip"),
        (lambda c: c.refund("R"), REFUND, "read_refund"),
        (lambda c: c.refunds_of("1"), [], "list_refunds"),
        (lambda c: c.cancel_refund("R"), REFUND, "cancel_refund"),
    ],
)
async def test_evidence_says_what_a_call_was_for(
    call: Callable[[Any], Any], data: object, purpose: str
) -> None:
    """Whoever reads it later can tell a look from a payment."""
    made, _, _ = lined(data)
    await call(client_of(made.rail))
    assert made.witness.purposes() == ["authorize", purpose]
