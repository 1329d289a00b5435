"""CIPs for checkouts: what is asked, and which answers are not about it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from checkout_samples import EMAIL, EXPIRES_AT, checkout
from pagoefectivo_bench import Bench, bench, sandbox_account
from pef_adapters.core.errors import (
    AnsweredNo,
    AnsweredNonsense,
    InvalidInput,
    MaybeSent,
    PefError,
    RailError,
    SettingInvalid,
)
from pef_adapters.engine.ports import RailCip, RailPayment
from pef_adapters.pagoefectivo.wire import CipState
from pef_adapters.testing.hostile_rail import HostileRail

TOKEN = {"token": "aaa.bbb.ccc", "tokenExpires": "2999-01-01T00:00:00-05:00"}
CREATED: Mapping[str, Any] = {
    "cip": 2523136,
    "currency": "PEN",
    "amount": 129.8,
    "transactionCode": "CK7Q2M4X9B",
    "dateExpiry": "2999-01-01T12:00:00-05:00",
    "cipUrl": "https://pay.example/AB803C1C.html",
}


class Scripted(httpx.AsyncBaseTransport):
    """A rail that answers each call but the first, for a token, with one thing."""

    def __init__(self, data: object, status: int = 200, code: str = "100") -> None:
        self.answer = {"code": code, "message": "", "data": data}
        self.status = status
        self.asked: list[tuple[str, str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if request.url.path == "/v1/authorizations":
            return httpx.Response(201, json={"code": "100", "data": TOKEN})
        sent = json.loads(body) if body else None
        self.asked.append((request.method, request.url.path, sent))
        return httpx.Response(self.status, json=self.answer)


def made(rail: httpx.AsyncBaseTransport, **settings: object) -> Bench:
    """A client whose requests meet a script."""
    return bench(sandbox_account("http://127.0.0.1:9", settings), http=lambda _account: rail)


async def test_a_checkout_becomes_the_cip_that_the_fact_sheet_describes() -> None:
    """Amount, own code, expiry in Lima time, concept and e-mail; the answer is what is kept."""
    rail = Scripted(CREATED, 201)
    cip = await made(rail).rail.create_payment(checkout(), EMAIL)
    assert cip == RailCip(
        transaction_id="2523136",
        pay_url="https://pay.example/AB803C1C.html",
        expires_at=EXPIRES_AT,
    )
    (method, path, body) = rail.asked[0]
    assert (method, path) == ("POST", "/v1/cips")
    assert body == {
        "currency": "PEN",
        "amount": 129.8,
        "transactionCode": "CK7Q2M4X9B",
        "dateExpiry": "2999-01-01T12:00:00-05:00",
        "paymentConcept": "Pedido 1014",
        "userEmail": EMAIL,
    }


async def test_what_the_store_does_not_tell_is_taken_from_the_account() -> None:
    """An account can say what its PagoEfectivo insists on; a long order number is cut."""
    rail = Scripted(CREATED, 201)
    defaults = {
        "user_email": "caja@tienda.pe",
        "user_phone": "987654321",
        "user_code_country": "+51",
    }
    long = checkout(order_number="9" * 80)
    await made(rail, cip_defaults=defaults).rail.create_payment(long, "")
    body = rail.asked[0][2]
    assert (body["userEmail"], body["userPhone"]) == ("caja@tienda.pe", "987654321")
    assert body["userCodeCountry"] == "+51"
    assert body["paymentConcept"] == "Pedido " + "9" * 43


@pytest.mark.parametrize(
    "defaults", [{"user_phone": "no number"}, {"user_code_country": "51"}, {"phone": "1"}]
)
def test_defaults_that_cannot_be_used_are_named(defaults: dict[str, str]) -> None:
    """A mistyped setting is found when the account is used first, not by a buyer."""
    with pytest.raises(SettingInvalid, match="cip_defaults"):
        made(Scripted(CREATED), cip_defaults=defaults)


@pytest.mark.parametrize(
    ("asked", "email", "said"),
    [
        (checkout(), "", "the buyer's e-mail is missing"),
        (checkout("100", "CLP"), EMAIL, "PEN and USD, not CLP"),
        (checkout("0"), EMAIL, "the payment's amount can't be used"),
        (checkout(), "x" * 101, "the payment's user_email can't be used"),
    ],
)
async def test_what_can_not_be_asked_is_not_sent(asked: Any, email: str, said: str) -> None:
    """A payment that PagoEfectivo can't take is refused here, and says what is wrong."""
    rail = Scripted(CREATED, 201)
    with pytest.raises(InvalidInput, match=said) as caught:
        await made(rail).rail.create_payment(asked, email)
    assert rail.asked == []
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "USD"),
        ("amount", 129.81),
        ("amount", 12980),
        ("transactionCode", "CK000"),
        ("cip", "12ab"),
        ("cip", 0),
        ("cip", "9" * 15),
        ("cipUrl", None),
        ("cipUrl", ""),
        ("cipUrl", "javascript:alert(1)"),
        ("cipUrl", "https:///x"),
        ("cipUrl", "https://[x"),
        ("dateExpiry", None),
        ("dateExpiry", "1900-01-01T00:00:00-05:00"),
        ("dateExpiry", "tomorrow"),
    ],
)
async def test_an_answer_about_another_cip_is_no_result(field: str, value: object) -> None:
    """A buyer is shown nothing whose amount, currency, code or page is not this checkout's."""
    rail = made(Scripted({**CREATED, field: value}, 201)).rail
    with pytest.raises(AnsweredNonsense):
        await rail.create_payment(checkout(), EMAIL)


@pytest.mark.parametrize(
    ("status", "code", "fault"), [(400, "111", AnsweredNo), (500, "166", MaybeSent)]
)
async def test_a_refused_creation_says_so(status: int, code: str, fault: type[PefError]) -> None:
    """A refusal made no CIP; a failure of the rail perhaps did."""
    rail = made(Scripted([{"code": "113", "field": "UserEmail"}], status, code)).rail
    with pytest.raises(fault):
        await rail.create_payment(checkout(), EMAIL)


async def test_the_buyers_address_stays_out_of_the_evidence() -> None:
    """What is kept of the exchange names no e-mail and no phone."""
    bench_made = made(Scripted(CREATED, 201), cip_defaults={"user_phone": "987654321"})
    await bench_made.rail.create_payment(checkout(), EMAIL)
    kept = str(bench_made.witness.exchanges)
    assert "CK7Q2M4X9B" in kept
    assert EMAIL not in kept
    assert "987654321" not in kept


async def test_a_cip_is_withdrawn_by_its_number() -> None:
    """DELETE names the CIP; where stores know the code, the number is looked up first."""
    rail = Scripted({})
    await made(rail).rail.cancel_payment("2523136")
    assert rail.asked == [("DELETE", "/v1/cips/2523136", None)]
    coded = Scripted([{**CREATED, "status": CipState.GENERATED}])
    by_code = made(coded, transaction_reference="transaction_code").rail
    await by_code.cancel_payment("CK7Q2M4X9B")
    assert coded.asked == [
        ("POST", "/v1/cips/search", {"data": [{"transactionCode": "CK7Q2M4X9B"}]}),
        ("DELETE", "/v1/cips/2523136", None),
    ]


@pytest.mark.parametrize("reference", ["cip", "transaction_code"])
async def test_what_the_rail_can_not_know_is_not_withdrawn(reference: str) -> None:
    """A text that is no CIP, or a code without one, is answered no and never sent."""
    rail = Scripted([{}])
    with pytest.raises(AnsweredNo, match="knows no CIP CK7Q2M4X9B"):
        await made(rail, transaction_reference=reference).rail.cancel_payment("CK7Q2M4X9B")
    assert [path for _, path, _ in rail.asked if "search" not in path] == []


async def test_a_refused_withdrawal_says_so() -> None:
    """A CIP that is paid or over is not withdrawn, and whoever asked has to look."""
    with pytest.raises(AnsweredNo):
        await made(Scripted([], 400, "111")).rail.cancel_payment("2523136")


async def test_where_stores_know_the_code_the_cip_is_known_by_it() -> None:
    """The transaction id of a checkout is whatever its payment is found and refunded by."""
    rail = made(Scripted(CREATED, 201), transaction_reference="transaction_code").rail
    assert (await rail.create_payment(checkout(), EMAIL)).transaction_id == "CK7Q2M4X9B"


@pytest.mark.parametrize(
    ("state", "paid_on", "over"),
    [
        (CipState.GENERATED, "1900-01-01T00:00:00-05:00", False),
        (CipState.PAID, "2026-11-22T10:00:00-05:00", False),
        (CipState.EXPIRED, "1900-01-01T00:00:00-05:00", True),
        (CipState.DELETED, "1900-01-01T00:00:00-05:00", True),
    ],
)
async def test_a_dead_cip_is_over(state: CipState, paid_on: str, *, over: bool) -> None:
    """Expired and withdrawn CIPs can't be paid any more; the others can, or are."""
    found = await made(
        Scripted([{**CREATED, "status": state, "datePayment": paid_on}])
    ).rail.find_payment("2523136")
    assert found is not None
    assert (found.over, found.paid_at is not None) == (over, state is CipState.PAID)


# --- the rail in memory keeps the same rules ------------------------------------


async def test_the_hostile_rail_makes_counts_and_ends_cips() -> None:
    """Numbers follow each other; a CIP waits, is paid, expires or is withdrawn, once."""
    rail = HostileRail()
    first, second, third = [await rail.create_payment(checkout(), EMAIL) for _ in range(3)]
    assert rail.created == [first.transaction_id, second.transaction_id, third.transaction_id]
    assert int(second.transaction_id) == int(first.transaction_id) + 1
    assert first.expires_at == EXPIRES_AT
    rail.pay(first.transaction_id, checkout().amount, EXPIRES_AT - timedelta(days=1))
    rail.expire(second.transaction_id)
    await rail.cancel_payment(third.transaction_id)
    for each in (first, second, third):
        with pytest.raises(AnsweredNo):
            await rail.cancel_payment(each.transaction_id)
    found = [await rail.find_payment(number) for number in rail.created]
    assert [(each.over, each.paid_at is None) for each in _all(found)] == [
        (False, False),
        (True, True),
        (True, True),
    ]


async def test_the_hostile_rail_loses_answers_on_request() -> None:
    """A lost answer leaves a CIP that nobody was shown; a fault before it leaves none."""
    rail = HostileRail()
    rail.lose_created = 1
    with pytest.raises(MaybeSent):
        await rail.create_payment(checkout(), EMAIL)
    rail.create_faults.append(RailError())
    with pytest.raises(RailError):
        await rail.create_payment(checkout(), EMAIL)
    shown = await rail.create_payment(checkout(expires_at=None), EMAIL)
    assert len(rail.created) == 2
    assert rail.created[1] == shown.transaction_id
    assert shown.expires_at == checkout().created_at + timedelta(days=3)


def _all(found: list[RailPayment | None]) -> list[RailPayment]:
    assert None not in found
    return [each for each in found if each is not None]


@pytest.mark.parametrize(
    ("states", "paid"),
    [
        ((CipState.GENERATED, CipState.PAID), True),
        ((CipState.GENERATED, CipState.GENERATED), False),
        ((CipState.EXPIRED, CipState.GENERATED), False),
    ],
)
async def test_of_two_cips_of_one_code_the_paid_one_counts(
    states: tuple[CipState, ...], *, paid: bool
) -> None:
    """A lost answer can leave a spare CIP; the checkout is paid when one of them is."""
    found = [
        {
            **CREATED,
            "cip": 2523136 + number,
            "status": state,
            "datePayment": "2026-11-22T10:00:00-05:00",
        }
        for number, state in enumerate(states)
    ]
    rail = made(Scripted(found), transaction_reference="transaction_code").rail
    payment = await rail.find_payment("CK7Q2M4X9B")
    assert payment is not None
    assert (payment.paid_at is not None) is paid
    assert not payment.over


async def test_two_payments_of_one_code_are_for_a_person() -> None:
    """The buyer paid twice: nobody may guess which of the two is meant."""
    one = {**CREATED, "status": CipState.PAID, "datePayment": "2026-11-22T10:00:00-05:00"}
    rail = made(Scripted([one, {**one, "cip": 9}]), transaction_reference="transaction_code").rail
    with pytest.raises(AnsweredNonsense):
        await rail.find_payment("CK7Q2M4X9B")
