"""Sandbox and live are two worlds."""

import pytest

from pef_adapters.core.errors import KeysMixed, PefError, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.pagoefectivo.keys import HostKind, host_kind, keep_apart
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings

SANDBOX_KEY = "SBX00000000000000001"
OTHER_KEY = "TESTACCESSKEY0000001"
LIVE_HOST = "https://services.pagoefectivo.pe"
PRE_PRODUCTION = "https://pre1a.services.pagoefectivo.pe"
LOOPBACK = "http://127.0.0.1:8801"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (LIVE_HOST, HostKind.LIVE),
        ("https://pagoefectivo.pe", HostKind.LIVE),
        ("https://gateway.company.pe", HostKind.LIVE),
        ("https://8.8.8.8", HostKind.LIVE),
        ("https://pre1a.services.pagoefectivo.pe.evil.com", HostKind.LIVE),
        (PRE_PRODUCTION, HostKind.PRE_PRODUCTION),
        ("http://pre.services.pagoefectivo.pe", HostKind.PRE_PRODUCTION),
        (LOOPBACK, HostKind.SANDBOX),
        ("http://[::1]:8801", HostKind.SANDBOX),
        ("http://localhost:8801", HostKind.SANDBOX),
        ("http://sandbox:8801", HostKind.SANDBOX),
        ("http://10.0.0.7", HostKind.SANDBOX),
    ],
)
def test_hosts_are_sorted(url: str, kind: HostKind) -> None:
    """Whatever is not known to be a test host counts as live."""
    assert host_kind(url) is kind


@pytest.mark.parametrize(
    ("mode", "url", "key"),
    [
        (Mode.SANDBOX, LOOPBACK, SANDBOX_KEY),
        (Mode.SANDBOX, PRE_PRODUCTION, OTHER_KEY),
        (Mode.LIVE, LIVE_HOST, OTHER_KEY),
    ],
)
def test_one_world_is_accepted(mode: Mode, url: str, key: str) -> None:
    """Mode, host and key that belong together pass."""
    keep_apart(mode, url, key)


@pytest.mark.parametrize(
    ("mode", "url", "key"),
    [
        (Mode.SANDBOX, LIVE_HOST, SANDBOX_KEY),
        (Mode.SANDBOX, LIVE_HOST, OTHER_KEY),
        (Mode.LIVE, LIVE_HOST, SANDBOX_KEY),
        (Mode.LIVE, LOOPBACK, OTHER_KEY),
        (Mode.LIVE, PRE_PRODUCTION, OTHER_KEY),
        (Mode.SANDBOX, LOOPBACK, OTHER_KEY),
        (Mode.SANDBOX, PRE_PRODUCTION, SANDBOX_KEY),
    ],
)
def test_mixed_worlds_are_refused(mode: Mode, url: str, key: str) -> None:
    """No request leaves, and the error does not show the key."""
    with pytest.raises(KeysMixed) as refused:
        keep_apart(mode, url, key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "services.pagoefectivo.pe", "https://", "https://u:p@services.pagoefectivo.pe"],
)
def test_an_odd_address_is_refused(url: str) -> None:
    """Only a plain http(s) address will do."""
    with pytest.raises(PefError):
        keep_apart(Mode.LIVE, url, OTHER_KEY)


def test_keys_never_leave_unencrypted() -> None:
    """Beyond a sandbox, https is needed."""
    with pytest.raises(SettingInvalid):
        keep_apart(Mode.LIVE, "http://services.pagoefectivo.pe", OTHER_KEY)


def test_the_sandbox_refuses_a_live_looking_key_for_itself() -> None:
    """It can't even be configured with one."""
    with pytest.raises(ValueError, match="SBX"):
        SandboxSettings(access_key=OTHER_KEY)
