"""Hosts, addresses, failures of the line, and moments, as the rail may name them."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from pagoefectivo_bench import attempt, bench, sandbox_account
from pef_adapters.core.errors import (
    KeysMixed,
    MaybeSent,
    NotSent,
    SettingInvalid,
)
from pef_adapters.core.moments import in_utc, within_reach, written
from pef_adapters.core.policy import Mode
from pef_adapters.pagoefectivo.checkout_cips import _is_page, can_be_cip
from pef_adapters.pagoefectivo.keys import HostKind, host_kind, keep_apart
from pef_adapters.pagoefectivo.transport import sort_failure
from pef_adapters.pagoefectivo.wire import CipRecord

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


@pytest.mark.parametrize(
    ("mode", "url", "key"),
    [
        (Mode.LIVE, "https://pre1a.services.pagoefectivo.pe", "K"),
        (Mode.LIVE, "http://sandbox", "SBX-1"),
        (Mode.SANDBOX, "https://services.pagoefectivo.pe", "K"),
        (Mode.SANDBOX, "http://sandbox", "K"),
        (Mode.SANDBOX, "https://pre1a.services.pagoefectivo.pe", "SBX-1"),
    ],
)
def test_worlds_that_do_not_belong_together_are_named_as_such(
    mode: Mode, url: str, key: str
) -> None:
    """By mode and host, or by host and key."""
    with pytest.raises(KeysMixed):
        keep_apart(mode, url, key)


@pytest.mark.parametrize(("digits", "good"), [(18, True), (19, False)])
def test_an_amount_has_eighteen_digits_at_most(digits: int, *, good: bool) -> None:
    """More than any currency needs, and few enough for every column."""
    answer = {"cip": 1, "amount": Decimal("9" * digits)}
    if good:
        assert CipRecord.model_validate(answer).amount == answer["amount"]
    else:
        with pytest.raises(ValidationError):
            CipRecord.model_validate(answer)


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


@pytest.mark.parametrize(
    ("url", "is_page"),
    [
        ("https://pay.example/x", True),
        ("http://10.0.0.7/x", True),
        ("ftp://x.pe", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_a_buyer_can_be_sent_to_a_page(url: str | None, *, is_page: bool) -> None:
    """And nowhere else; an address that can't be read is none."""
    assert _is_page(url) is is_page


def test_an_address_that_httpx_can_not_read_was_never_called() -> None:
    """Such a failure proves that nothing left."""
    for error, kind in (
        (httpx.InvalidURL("odd"), NotSent),
        (httpx.UnsupportedProtocol("odd"), NotSent),
        (httpx.ProxyError("odd"), NotSent),
        (UnicodeError("odd"), MaybeSent),
        (TimeoutError("odd"), MaybeSent),
        (OSError("odd"), MaybeSent),
    ):
        assert type(sort_failure(error)) is kind


@pytest.mark.parametrize("kind", [httpx.InvalidURL, UnicodeError, TimeoutError, OSError])
async def test_each_failure_of_the_line_is_kept_as_evidence(kind: type[Exception]) -> None:
    """None goes by unnamed."""

    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            raise kind("odd")

    made = bench(sandbox_account("http://127.0.0.1:9"), http=lambda _account: Broken())
    with pytest.raises(NotSent):
        await made.rail.find_refund(attempt("RF-1", "10000001"))
    assert made.witness.exchanges[-1].fault is not None


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
