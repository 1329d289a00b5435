"""Who asks, as far as proxies can be believed."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.server.origins import LOOPBACK, networks, origin_of


def asked(peer: str, *forwarded: str, ours: str = "127.0.0.1, 10.0.0.0/8") -> str:
    """The origin of a request that came from `peer` with these headers."""
    app = Starlette()
    app.state.trusted_proxies = networks(ours)
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope = {"type": "http", "app": app, "client": (peer, 1), "headers": headers}
    return origin_of(Request(scope))


@pytest.mark.parametrize(
    ("peer", "forwarded", "origin"),
    [
        ("200.1.1.1", (), "200.1.1.1"),
        ("200.1.1.1", ("1.2.3.4",), "200.1.1.1"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("1.2.3.4",), "1.2.3.4"),
        ("10.9.9.9", ("6.6.6.6, 1.2.3.4, 10.0.0.2",), "1.2.3.4"),
        ("10.9.9.9", ("6.6.6.6", "1.2.3.4"), "1.2.3.4"),
        ("10.9.9.9", ("10.0.0.2, ,",), "10.9.9.9"),
        ("127.0.0.1", ("unknown",), "unknown"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: tuple[str, ...], origin: str) -> None:
    """The rightmost address that is no proxy of ours counts, and a stranger's word never does."""
    assert asked(peer, *forwarded) == origin


def test_without_a_setting_only_this_machine_is_believed() -> None:
    """An application that was told nothing believes a proxy on its own machine."""
    headers = [(b"x-forwarded-for", b"1.2.3.4")]
    scope = {"type": "http", "app": Starlette(), "client": ("127.0.0.1", 1), "headers": headers}
    assert origin_of(Request(scope)) == "1.2.3.4"
    assert networks("127.0.0.0/8, ::1") == LOOPBACK


def test_what_is_no_address_is_refused() -> None:
    """A name instead of an address is refused with what to write."""
    with pytest.raises(SettingInvalid, match=r"PEF_TRUSTED_PROXIES.*10\.0\.0\.0/8"):
        networks("proxy.internal")
