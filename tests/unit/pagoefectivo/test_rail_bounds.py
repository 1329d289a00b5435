"""The rail's bounds: exact JSON, large and compressed answers, odd bytes, what is masked."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from pagoefectivo_bench import Witness, attempt, bench, sandbox_account
from pef_adapters.core.errors import (
    AnsweredNonsense,
    BodyTooLarge,
    BodyUnreadable,
    SettingInvalid,
)
from pef_adapters.core.moments import in_utc, within_reach, written
from pef_adapters.core.policy import Mode
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.checkout_cips import can_be_cip
from pef_adapters.pagoefectivo.evidence import Answer, Call, Evidence
from pef_adapters.pagoefectivo.keys import HostKind, host_kind, keep_apart
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


# hosts


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://services.pagoefectivo.pe", HostKind.LIVE),
        ("https://pre1a.services.pagoefectivo.pe", HostKind.PRE_PRODUCTION),
        ("https://pagoefectivo.pe.evil.com", HostKind.LIVE),
        ("https://services.pagoefectivo.pe.", HostKind.LIVE),
        ("http://sandbox", HostKind.SANDBOX),
        ("http://sandbox.shop.pe", HostKind.SANDBOX),
        ("http://rail.test", HostKind.SANDBOX),
        ("http://rail.internal", HostKind.SANDBOX),
        ("http://10.0.0.7:8080", HostKind.SANDBOX),
        ("http://[::1]:8080", HostKind.SANDBOX),
        ("https://8.8.8.8", HostKind.LIVE),
    ],
)
def test_a_host_is_live_unless_it_is_known_not_to_be(url: str, kind: HostKind) -> None:
    """Every unknown public name counts as the real thing."""
    assert host_kind(url) is kind


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.pe",
        "https://",
        "https://u@x.pe",
        "https://:p@x.pe",
        "https://x.pe?q=1",
        "https://x.pe#f",
        "https://x.pe:0",
        "https://x.pe:99999",
        "http://127.1",
        "http://0x7f.1",
        "http://2130706433",
        "https://[",
    ],
)
def test_an_address_that_can_mean_two_things_is_refused(url: str) -> None:
    """Plain http(s), one host, at most a port."""
    with pytest.raises(SettingInvalid):
        host_kind(url)


def test_keys_leave_only_encrypted() -> None:
    """A sandbox of one's own may be plain; PagoEfectivo's hosts never."""
    keep_apart(Mode.SANDBOX, "http://sandbox", "SBX-1")
    keep_apart(Mode.LIVE, "https://services.pagoefectivo.pe", "K")
    keep_apart(Mode.SANDBOX, "https://pre1a.services.pagoefectivo.pe", "K")
    with pytest.raises(SettingInvalid, match="https"):
        keep_apart(Mode.LIVE, "http://services.pagoefectivo.pe", "K")


@pytest.mark.parametrize("suffix", [".test", ".example", ".localhost", ".local", ".internal"])
def test_names_that_no_public_host_has_are_ours(suffix: str) -> None:
    """Reserved names lead nowhere but home."""
    assert host_kind(f"http://rail{suffix}") is HostKind.SANDBOX
    assert host_kind(f"http://rail{suffix}.pe") is HostKind.LIVE


@pytest.mark.parametrize(
    ("number", "can"),
    [("1", True), ("1" * 14, True), ("1" * 15, False), ("", False), ("12a", False), ("١٢", False)],
)
def test_a_cip_is_one_to_fourteen_digits(number: str, *, can: bool) -> None:
    """Digits of other scripts are letters to the rail."""
    assert can_be_cip(number) is can


# moments


@pytest.mark.parametrize("odd", [1_700_000_000, "20261123", "-1", "", None, b"2026-11-23"])
def test_a_time_is_text_with_a_date(odd: object) -> None:
    """A bare number would be taken for seconds since 1970."""
    with pytest.raises(ValueError, match="not a time"):
        written(odd)


@pytest.mark.parametrize(
    ("year", "good"), [(1899, False), (1900, True), (2999, True), (3000, False)]
)
def test_a_year_is_one_that_calendars_can_reckon_with(year: int, *, good: bool) -> None:
    """Others would overflow in the first zone they are put into."""
    moment = in_utc(written_moment(2026)).replace(year=year)
    if good:
        assert within_reach(moment) == moment
    else:
        with pytest.raises(ValueError, match="no refund"):
            in_utc(moment)


def written_moment(year: int) -> Any:
    """Noon in Lima on a day of that year."""
    moment = datetime(year, 11, 23, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert written(moment) is moment
    assert written("2026-11-23T15:00:27Z") == "2026-11-23T15:00:27Z"
    assert in_utc(moment).hour == 17
    return moment
