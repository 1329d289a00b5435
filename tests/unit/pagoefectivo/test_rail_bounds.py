"""The rail's bounds: exact JSON, large and compressed answers, odd bytes, what is masked."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from pagoefectivo_bench import Witness, attempt, bench, sandbox_account
from pef_adapters.core.errors import (
    AnsweredNonsense,
    BodyTooLarge,
    BodyUnreadable,
)
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.evidence import Answer, Call, Evidence
from pef_adapters.pagoefectivo.masking import KEPT_CHARACTERS, masked, masked_text
from pef_adapters.pagoefectivo.notifications import MAX_BODY_BYTES, read_notification
from pef_adapters.pagoefectivo.signature import sign
from pef_adapters.pagoefectivo.transport import MAX_ANSWER_BYTES, judge

TOKEN = '{"code":"100","data":{"token":"t","tokenExpires":"2999-01-01T00:00:00-05:00"}}'


# exact JSON


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{\x00}\x00",
        b'{"a":NaN}',
        b'{"a":1e41}',
        b'{"a":' + b"1" * 41 + b".5}",
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        b'{"a":1.5e999999999999999999}',
        b"{",
    ],
    ids=["UTF-16", "NaN", "large", "long", "twice", "deep", "endless", "cut off"],
)
def test_json_that_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    """Or that would take for ever to write out again."""
    with pytest.raises(ValueError, match=r".+"):
        exact_json.read(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"a":1.50}', {"a": Decimal("1.50")}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a":{"b":1},"b":2}', {"a": {"b": 1}, "b": 2}),
        (f'{{"a":{"1" * 38}.5}}', {"a": Decimal("1" * 38 + ".5")}),
        ('{"a":1e40}', {"a": Decimal("1E+40")}),
    ],
)
def test_numbers_come_as_they_were_written(body: str | bytes, value: object) -> None:
    """With a mark of UTF-8 before them or not, up to forty digits."""
    assert exact_json.read(body) == value


def test_values_are_written_exactly() -> None:
    """Digits, names, lists, letters; a float never."""
    value = {"a": Decimal("22.50"), 7: [True, None, -3, ("ñ", 'say "hi"')], "b": "tab\t"}
    assert exact_json.write(value) == (
        '{"a":22.50,"7":[true,null,-3,["ñ","say \\"hi\\""]],"b":"tab\\t"}'.encode()
    )
    with pytest.raises(TypeError, match="float has no exact form"):
        exact_json.write({"a": 1.5})


# answers


class Flood(httpx.AsyncBaseTransport):
    """Hands out a token, then answers with so many bytes, perhaps said to be compressed."""

    def __init__(self, size: int, **headers: str) -> None:
        self.size, self.headers = size, headers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path == "/v1/authorizations":
            return httpx.Response(201, text=TOKEN)
        body = b'{"code":"100","message":"","data":[]}'
        content = body + b" " * (self.size - len(body))
        return httpx.Response(200, stream=httpx.ByteStream(content), headers=self.headers)


@pytest.mark.parametrize("over", [0, 1])
async def test_an_answer_is_read_up_to_a_mebibyte(over: int) -> None:
    """One byte more is none."""
    flood = Flood(MAX_ANSWER_BYTES + over)
    made = bench(sandbox_account("http://127.0.0.1:9"), http=lambda _account: flood)
    if over:
        with pytest.raises(AnsweredNonsense, match="larger than 1048576"):
            await made.rail.find_refund(attempt("RF-1", "10000001"))
    else:
        assert await made.rail.find_refund(attempt("RF-1", "10000001")) is None


async def test_an_answer_in_pieces_is_read_whole() -> None:
    """However the network cuts it."""

    class Pieces(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            if request.url.path == "/v1/authorizations":
                return httpx.Response(201, text=TOKEN)

            async def pieces() -> AsyncIterator[bytes]:
                for piece in (b'{"code":"100",', b'"message":"",', b'"data":[]}'):
                    yield piece

            return httpx.Response(200, content=pieces())

    made = bench(sandbox_account("http://127.0.0.1:9"), http=lambda _account: Pieces())
    assert await made.rail.find_refund(attempt("RF-1", "10000001")) is None


async def test_a_compressed_answer_was_not_asked_for() -> None:
    """A small one could unfold to anything; one that says it is plain is read."""
    for encoding, read in (("gzip", False), ("identity", True)):
        flood = Flood(100, **{"content-encoding": encoding})
        made = bench(sandbox_account("http://127.0.0.1:9"), http=lambda _account, f=flood: f)
        if read:
            assert await made.rail.find_refund(attempt("RF-1", "10000001")) is None
        else:
            with pytest.raises(AnsweredNonsense):
                await made.rail.find_refund(attempt("RF-1", "10000001"))
            assert made.witness.exchanges[-1].answer_body == ""


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (500, b"{}", "RAIL_MAYBE_SENT"),
        (408, b"{}", "RAIL_MAYBE_SENT"),
        (400, b'{"code":"166"}', "RAIL_MAYBE_SENT"),
        (302, b'{"code":"100"}', "RAIL_ANSWERED_NONSENSE"),
        (302, b'{"code":"111"}', "RAIL_ANSWERED_NONSENSE"),
        (100, b'{"code":"111"}', "RAIL_ANSWERED_NONSENSE"),
        (200, b'{"code":"111"}', "RAIL_ANSWERED_NONSENSE"),
        (400, b'{"code":"100"}', "RAIL_ANSWERED_NONSENSE"),
        (200, b"<html>", "RAIL_ANSWERED_NONSENSE"),
        (400, b'{"code":"111","message":"no"}', "RAIL_ANSWERED_NO"),
    ],
)
def test_an_answer_means_what_it_proves(status: int, body: bytes, fault: str) -> None:
    """No more."""
    with pytest.raises(Exception, match=r".+") as raised:
        judge(Answer(status, body))
    known = {"RAIL_MAYBE_SENT": "MaybeSent", "RAIL_ANSWERED_NONSENSE": "AnsweredNonsense"}
    assert type(raised.value).__name__ == known.get(fault, "AnsweredNo")


# notifications


def notification(**data: Any) -> bytes:
    """A delivery's body."""
    body = {"eventType": "cip.paid", "operationNumber": "77", "data": {"cip": "10", **data}}
    return json.dumps(body).encode()


@pytest.mark.parametrize("over", [0, 1])
def test_a_delivery_has_at_most_64_kib(over: int) -> None:
    """Exactly so many are read."""
    body = notification().ljust(MAX_BODY_BYTES + over)
    headers = {"PE-Signature": sign(body, "s")}
    if over:
        with pytest.raises(BodyTooLarge):
            read_notification(body, headers, "s")
    else:
        assert read_notification(body, headers, "s").cip == "10"


def test_a_delivery_is_told_apart_by_event_cip_and_operation() -> None:
    """The rail gives its deliveries no id."""
    body = notification(amount=12.5, currency="PEN", status="23")
    read = read_notification(body, {"pe-signature": sign(body, "s")}, "s")
    assert read.identity == ("cip.paid", "10", "77")
    assert (read.amount, read.currency, read.status) == (Decimal("12.5"), "PEN", "23")
    assert not read.is_extorno
    with pytest.raises(BodyUnreadable):
        read_notification(b"{}", {"pe-signature": sign(b"{}", "s")}, "s")


# masking


def test_what_is_kept_of_a_body_shows_no_secret_and_no_whole_number() -> None:
    """By the field's name, however it is written; by shape; by the secrets themselves."""
    body = json.dumps(
        {
            "accessKey": "a",
            "user_email": "x@y.pe",
            "cci": "00219100123456789012",
            "DocumentNumber": 45671234,
            "reason": "cuenta 12345678",
            "note": "cuenta 12345678",
            "list": [{"token": "t"}, "hush"],
        }
    ).encode()
    kept = json.loads(masked(body, ("hush", "")))
    assert kept == {
        "accessKey": "***",
        "user_email": "***",
        "cci": "***9012",
        "DocumentNumber": "***1234",
        "reason": "cuenta ***5678",
        "note": "cuenta 12345678",
        "list": [{"token": "***"}, "***"],
    }


def test_bytes_that_are_no_text_are_kept_as_far_as_they_can() -> None:
    """Evidence of nonsense is evidence; and it is cut somewhere."""
    assert masked(b"caf\xe9 00219100123456789012") == "caf\ufffd ***9012"
    assert len(masked(b"x" * (KEPT_CHARACTERS + 1))) == KEPT_CHARACTERS
    assert masked_text("Bearer eyJab.cd.ef x") == "Bearer *** x"


async def test_a_recorder_that_fails_changes_no_answer() -> None:
    """The money's answer must not be lost with its evidence."""

    async def broken(_exchange: object) -> None:
        raise OSError("disk full")

    clock = type("Clock", (), {"now": staticmethod(lambda: None)})()
    evidence = Evidence("a", clock, broken, ())
    call = Call(purpose="p", method="GET", path="/")
    await evidence.keep(call, "GET /", None, answer=Answer(200, b"{}"))  # type: ignore[arg-type]
    witness = Witness()
    evidence = Evidence("a", clock, witness, ("hush",))
    await evidence.keep(call, "GET /hush", None)  # type: ignore[arg-type]
    (kept,) = witness.exchanges
    assert (kept.request, kept.status, kept.answer_body, kept.request_body) == (
        "GET /***",
        None,
        None,
        None,
    )
