"""What the rail's client takes, keeps and hides, to the letter: tokens, line, evidence."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from pagoefectivo_bench import Witness, attempt, bench, sandbox_account
from pef_adapters.core.errors import (
    AnsweredNo,
    AnsweredNonsense,
    NotSent,
    RailError,
)
from pef_adapters.engine.records import Exchange
from pef_adapters.pagoefectivo.evidence import Answer, Call, Evidence
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from pef_adapters.pagoefectivo.signature import hash_string
from pef_adapters.pagoefectivo.wire import (
    Beneficiary,
    NewCip,
)
from rail_bodies import NEW, TOKEN, WHO
from rail_line import NOW, REFUND, URL, Clock, client_of, lined

Answering = Callable[[httpx.Request], httpx.Response]


class Told(httpx.AsyncBaseTransport):
    """Answers calls for a token and all others as told, and counts both."""

    def __init__(self, answer: Answering, authorize: Answering | None = None) -> None:
        self.answer, self.authorize = answer, authorize
        self.tokens: list[httpx.Request] = []
        self.calls: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path == "/v1/authorizations":
            self.tokens.append(request)
            if self.authorize:
                return self.authorize(request)
            return httpx.Response(201, json={"code": "100", "data": TOKEN})
        self.calls.append(request)
        return self.answer(request)


def empty(_request: httpx.Request) -> httpx.Response:
    """A search that found nothing."""
    return httpx.Response(200, json={"code": "100", "data": []})


def told(line: httpx.AsyncBaseTransport, url: str = URL, **settings: object) -> Any:
    """A client whose calls end in this line."""
    return bench(sandbox_account(url, settings), http=lambda _account: line)


# tokens


async def test_a_token_is_asked_for_as_the_fact_sheet_says() -> None:
    """Key, service, moment in Lima, and the hash of all with the secret; as JSON."""
    made, line, _ = lined([])
    await made.rail.find_refund(attempt("RF-1", "10000001"))
    at = "2026-11-23T10:00:00-05:00"
    service = sandbox_account(URL).service_id
    assert line.tokens == [
        {
            "accessKey": DEFAULT_ACCESS_KEY,
            "idService": int(service),
            "dateRequest": at,
            "hashString": hash_string(service, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, at),
        }
    ]
    asked = Told(empty)
    await told(asked).rail.find_refund(attempt("RF-1", "10000001"))
    (request,) = asked.tokens
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/json")


@pytest.mark.parametrize(
    ("status", "answer", "fault", "said"),
    [
        (429, {"code": "1"}, NotSent, "PagoEfectivo gives out no token just now"),
        (500, {}, NotSent, "no token: PagoEfectivo answered HTTP 500"),
        (
            201,
            {"code": "100", "data": {}},
            NotSent,
            "no token: the answer that should hold it can't be read",
        ),
        (
            201,
            {"code": "100", "data": {**TOKEN, "token": "tab\there"}},
            NotSent,
            "no token: the answer that should hold it can't be read",
        ),
        (
            201,
            {"code": "100", "data": {**TOKEN, "token": "señal"}},
            NotSent,
            "no token: the answer that should hold it can't be read",
        ),
        (400, {"code": "111"}, AnsweredNo, "PagoEfectivo refused: INVALID_SIGNATURE 111"),
        (
            400,
            {"code": "508", "message": "Bloqueado."},
            AnsweredNo,
            "PagoEfectivo refused: 508 508 Bloqueado.",
        ),
    ],
)
async def test_without_a_token_it_is_told_why(
    status: int, answer: object, fault: type[Exception], said: str
) -> None:
    """And nothing else is asked of the rail."""
    line = Told(empty, lambda _request: httpx.Response(status, json=answer))
    with pytest.raises(fault) as raised:
        await told(line).rail.find_refund(attempt("RF-1", "10000001"))
    assert (type(raised.value), str(raised.value)) == (fault, said)
    assert line.calls == []


async def test_a_token_that_does_not_come_in_time_sends_nothing() -> None:
    """Neither for the call that asks for it nor for one that waits behind."""

    class Silent(Told):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.calls.append(request)
            await asyncio.Event().wait()
            raise AssertionError

    line = Silent(empty)
    rail = told(line, timeouts={"whole": 0.05}).rail
    asked = (rail.find_refund(attempt(name, "10000001")) for name in ("RF-1", "RF-2"))
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert [(type(end), str(end)) for end in ends] == [(NotSent, "no token in time")] * 2
    assert {request.url.path for request in line.calls} == {"/v1/authorizations"}


async def test_a_token_that_was_replaced_meanwhile_is_not_dropped_with_the_old_one() -> None:
    """Of two calls that are refused with one token, the later finds the new token there."""
    line = Told(empty)
    renewed = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path == "/v1/authorizations":
            line.tokens.append(request)
            token = {**TOKEN, "token": f"token-{len(line.tokens)}"}
            return httpx.Response(201, json={"code": "100", "data": token})
        if request.headers["Authorization"] != "Bearer token-1":
            renewed.set()
            return empty(request)
        if "RF-2" in str(request.url):
            await renewed.wait()
        return httpx.Response(401, json={"code": "TOKEN_EXPIRED"})

    line.handle_async_request = slow  # type: ignore[method-assign]
    rail = told(line).rail
    asked = (rail.find_refund(attempt(name, "10000001")) for name in ("RF-1", "RF-2"))
    assert await asyncio.gather(*asked) == [None, None]
    assert len(line.tokens) == 2


# the line


async def test_a_redirect_is_never_followed() -> None:
    """The token would go wherever the answer says."""
    there = {"Location": f"{URL}/v1/elsewhere"}
    line = Told(lambda _request: httpx.Response(302, headers=there))
    with pytest.raises(AnsweredNonsense):
        await told(line).rail.find_refund(attempt("RF-1", "10000001"))
    assert [request.url.path for request in line.calls] == ["/api/v1/refunds"]


@pytest.mark.parametrize(
    ("base", "path"), [(f"{URL}/", "/v1/cips/search"), (f"{URL}/a~", "/a~/v1/cips/search")]
)
async def test_the_paths_stand_below_the_base_url(base: str, path: str) -> None:
    """One slash at its end is not doubled, and all else in it stays."""
    seen: list[str] = []

    class Any200(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.path)
            data = TOKEN if "authorizations" in request.url.path else []
            return httpx.Response(200, json={"code": "100", "data": data})

    assert await told(Any200(), base).rail.find_payment("1") is None
    assert seen[-1] == path


class Flowing(httpx.AsyncByteStream):
    """An answer in pieces that says whether it was closed, and how much was taken."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.taken, self.closed = pieces, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def test_of_an_endless_answer_one_byte_more_than_allowed_is_kept() -> None:
    """The rest is not even taken from the line, which is given back."""
    stream = Flowing([b"x" * 1024 * 1024, b"yz", b"more", b"and more"])
    made = told(Told(lambda _request: httpx.Response(200, stream=stream)))
    with pytest.raises(AnsweredNonsense):
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert (stream.taken, stream.closed) == (2, True)
    kept = made.witness.exchanges[-1]
    assert kept.answer_sha256 == hashlib.sha256(b"x" * 1024 * 1024 + b"y").hexdigest()


async def test_a_compressed_answer_is_closed_unread() -> None:
    """Its line is free for the next call."""
    stream = Flowing([b"zip"])
    headers = {"content-encoding": "gzip"}
    line = Told(lambda _request: httpx.Response(200, stream=stream, headers=headers))
    with pytest.raises(AnsweredNonsense):
        await told(line).rail.find_refund(attempt("RF-1", "10000001"))
    assert (stream.taken, stream.closed) == (0, True)


@pytest.mark.parametrize("name", ["~", "~.", "a~b"])
async def test_an_odd_id_is_still_an_id(name: str) -> None:
    """Only dots alone could climb out of the path."""
    made, line, _ = lined(REFUND)
    await client_of(made.rail).refund(name)
    assert line.last()[:2] == ("GET", f"/api/v1/refunds/{name}")


async def test_naming_who_is_paid_is_kept_as_such() -> None:
    """Evidence tells it from the refund itself, and shows no whole number."""
    made, _, _ = lined(REFUND)
    await client_of(made.rail).give_beneficiary("RFD-1", Beneficiary.model_validate(WHO))
    kept = made.witness.exchanges[-1]
    assert (kept.purpose, kept.request) == (
        "give_beneficiary",
        f"PUT {URL}/api/v1/refunds/RFD-1/beneficiary",
    )
    assert json.loads(kept.request_body or "") == {
        **WHO,
        "document_number": "***1234",
        "cci": "***9012",
        "email": "***",
    }


# evidence


async def test_an_exchange_is_kept_to_the_letter() -> None:
    """All that a dispute could ask for, from the first moment to the last."""
    witness, clock = Witness(), Clock()
    evidence = Evidence("account-1", clock, witness, ("hush",))
    body = b'{"code":400,"message":"hush","response_id":7,"timestamp":"T"}'
    call = Call(purpose="p", method="PUT", path="/x", body=b'{"a":1}', merchant_refund_id="RF-1")
    clock.moment = NOW + timedelta(seconds=3)
    fault = AnsweredNo(rail_code="400")
    await evidence.keep(call, "PUT /x?hush", NOW, answer=Answer(422, body), fault=fault)
    assert witness.exchanges == [
        Exchange(
            account_id="account-1",
            merchant_refund_id="RF-1",
            purpose="p",
            request="PUT /x?***",
            request_body='{"a":1}',
            status=422,
            answer_body='{"code":400,"message":"***","response_id":7,"timestamp":"T"}',
            answer_sha256=hashlib.sha256(body).hexdigest(),
            response_id="7",
            rail_timestamp="T",
            fault="RAIL_ANSWERED_NO",
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=3),
        )
    ]


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, {"code": "100", "data": []}, None),
        (400, {"code": "111"}, "RAIL_ANSWERED_NO"),
        (500, {"code": "111"}, "RAIL_MAYBE_SENT"),
        (200, {"code": "111"}, "RAIL_ANSWERED_NONSENSE"),
    ],
)
async def test_evidence_names_what_an_answer_proved(
    status: int, body: object, fault: str | None
) -> None:
    """The same word as the engine hears."""
    made = told(Told(lambda _request: httpx.Response(status, json=body)))
    if fault is None:
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    else:
        with pytest.raises(RailError) as raised:
            await made.rail.find_refund(attempt("RF-1", "10000001"))
        assert raised.value.code == fault
    assert made.witness.exchanges[-1].fault == fault


async def test_evidence_that_could_not_be_kept_is_logged() -> None:
    """By what it was for and what went wrong, without a word of it."""

    async def broken(_exchange: Exchange) -> None:
        raise OSError("disk full")

    evidence = Evidence("a", Clock(), broken, ())
    with capture_logs() as logged:
        await evidence.keep(Call(purpose="p", method="GET", path="/"), "GET /", NOW)
    assert logged == [
        {
            "event": "evidence_not_recorded",
            "purpose": "p",
            "error": "OSError",
            "log_level": "error",
        }
    ]


def test_calls_answers_and_people_are_not_shown_whole() -> None:
    """A traceback prints them: bodies, headers and numbers stay out of it."""
    call = Call(purpose="p", method="GET", path="/", body=b"hush", headers={"h": "hush"})
    assert "hush" not in f"{call!r} {Answer(200, b'hush')!r}"
    shown = repr(Beneficiary.model_validate(WHO))
    assert [WHO[name] in shown for name in ("first_name", "document_number", "cci", "email")] == [
        True,
        False,
        False,
        False,
    ]
    buyer = {**NEW, "user_document_number": "45671234"}
    assert "45671234" not in repr(NewCip.model_validate(buyer))
