"""What is said of keys, hosts, settings and deliveries that can't be used: whole sentences."""

from typing import Any

import pytest

from pagoefectivo_bench import sandbox_account
from pef_adapters.core.errors import (
    KeysMixed,
    PefError,
    SettingInvalid,
    SignatureInvalid,
)
from pef_adapters.core.policy import Mode
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.keys import host_kind, keep_apart
from pef_adapters.pagoefectivo.settings import AccountSettings, Credentials
from pef_adapters.pagoefectivo.signature import verify
from rail_line import URL

_PLAIN = "the base URL must be http(s)://host[:port], without a user or query"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x.pe", _PLAIN),
        ("https://", _PLAIN),
        ("https://u@x.pe", _PLAIN),
        ("https://x.pe?q=1", _PLAIN),
        ("https://x.pe#f", _PLAIN),
        ("https://x.pe:0", _PLAIN),
        ("https://x.pe:99999", "the base URL can't be read"),
        ("https://[", "the base URL can't be read"),
        ("http://127.1", "write the base URL's address as four plain numbers, or use a name"),
        ("http://127.0.0.1.", "write the base URL's address as four plain numbers, or use a name"),
        ("http://0X7F.1", "write the base URL's address as four plain numbers, or use a name"),
        ("http://a.0x", "write the base URL's address as four plain numbers, or use a name"),
    ],
)
def test_an_odd_base_url_says_how_to_write_it(url: str, said: str) -> None:
    """The owner of an account reads it next to the field."""
    with pytest.raises(SettingInvalid) as refused:
        host_kind(url)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("mode", "url", "key", "fault", "said"),
    [
        (
            Mode.LIVE,
            "https://pre1a.services.pagoefectivo.pe",
            "K",
            KeysMixed,
            "a live account can't use the pre_production host of its base URL",
        ),
        (
            Mode.SANDBOX,
            "https://services.pagoefectivo.pe",
            "K",
            KeysMixed,
            "a sandbox account can't use the live host of its base URL",
        ),
        (
            Mode.SANDBOX,
            "https://pre1a.services.pagoefectivo.pe",
            "SBX-1",
            KeysMixed,
            "the access key looks like a sandbox key, but the host is pre_production",
        ),
        (
            Mode.SANDBOX,
            "http://sandbox",
            "K",
            KeysMixed,
            "the access key does not look like a sandbox key, but the host is sandbox",
        ),
        (
            Mode.LIVE,
            "http://services.pagoefectivo.pe",
            "K",
            SettingInvalid,
            "the base URL must begin with https://",
        ),
        (
            Mode.SANDBOX,
            "http://pre1a.services.pagoefectivo.pe",
            "K",
            SettingInvalid,
            "the base URL must begin with https://",
        ),
    ],
)
def test_mixed_worlds_are_told_by_what_does_not_fit(
    mode: Mode, url: str, key: str, fault: type[PefError], said: str
) -> None:
    """Mode and host, or key and host; never the key itself."""
    with pytest.raises(fault) as refused:
        keep_apart(mode, url, key)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"timeouts": {"whole": 20.5}}, "timeouts.whole: Input should be less than or equal to 20"),
        ({"timeouts": {"read": 0}}, "timeouts.read: Input should be greater than 0"),
        ({"origin": "fax"}, "origin: Input should be 'web', 'android' or 'ios'"),
        ({"accept_language": "qu-PE"}, "accept_language: Input should be 'es-PE' or 'en-US'"),
        (
            {"transaction_reference": "name"},
            "transaction_reference: Input should be 'cip' or 'transaction_code'",
        ),
        (
            {"paths": {"cip": "/v1/cips"}},
            "paths.cip: Extra inputs are not permitted",
        ),
        (
            {"timeouts": {"all": 1}},
            "timeouts.all: Extra inputs are not permitted",
        ),
        (
            {"cip_defaults": {"user_email": "a@"}},
            "cip_defaults.user_email: String should have at least 3 characters",
        ),
    ],
)
def test_a_setting_that_can_not_be_used_is_told_with_its_place(
    settings: dict[str, object], said: str
) -> None:
    """Which one, and why."""
    with pytest.raises(SettingInvalid) as refused:
        AccountSettings.of(sandbox_account(URL, settings))
    assert str(refused.value) == f"account setting {said}"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"secrets": {"secret_key": "s"}}, "access_key: Field required"),
        (
            {"secrets": {"access_key": "", "secret_key": "s"}},
            "access_key: Value should have at least 1 item after validation, not 0",
        ),
        (
            {"secrets": {"access_key": "SBX-1", "secret_key": ""}},
            "secret_key: Value should have at least 1 item after validation, not 0",
        ),
        ({"service_id": "1234567890"}, "service_id: String should match pattern '^[0-9]{1,9}$'"),
        ({"service_id": ""}, "service_id: String should match pattern '^[0-9]{1,9}$'"),
    ],
)
def test_a_key_that_can_not_be_used_is_told_with_its_name(more: dict[str, Any], said: str) -> None:
    """And without its value."""
    with pytest.raises(SettingInvalid) as refused:
        Credentials.of(sandbox_account(URL, **more))
    assert str(refused.value) == f"account key {said}"


# deliveries and JSON


def test_two_signatures_are_told_as_such() -> None:
    """Whoever sends the deliveries has to choose one."""
    with pytest.raises(SignatureInvalid) as refused:
        verify(b"{}", {"PE-Signature": "0" * 64, "pe-signature": "1" * 64}, "s")
    assert str(refused.value) == "the delivery carries two signatures"


def test_one_signature_in_two_headers_is_one() -> None:
    """A proxy that repeats the header in another case changes nothing."""
    with pytest.raises(SignatureInvalid) as refused:
        verify(b"{}", {"PE-Signature": "0" * 64, "pe-signature": "0" * 64}, "s")
    assert str(refused.value) == "The signature does not fit the body and this store's secret."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":1,"a":2}', "an object gives one field twice"),
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("1e41", "a number out of bounds"),
        ("1e-41", "a number out of bounds"),
        ("1e99999999999999999999", "a number out of bounds"),
        (f"1.{'0' * 39}", "a number out of bounds"),
    ],
    ids=["deep", "twice", "NaN", "endless", "large", "small", "beyond reckoning", "long"],
)
def test_json_that_is_refused_says_why(body: str, said: str) -> None:
    """The sentence reaches the log of whoever sent it."""
    with pytest.raises(ValueError, match=r".+") as refused:
        exact_json.read(body)
    assert (type(refused.value), str(refused.value)) == (ValueError, said)


def test_what_has_no_exact_form_is_named_by_its_kind() -> None:
    """A float has lost its amount already; a set has no order."""
    for value, kind in ((0.1, "float"), ({1}, "set"), (b"x", "bytes")):
        with pytest.raises(TypeError) as refused:
            exact_json.write([value])
        assert str(refused.value) == f"{kind} has no exact form in JSON"
