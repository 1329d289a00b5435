"""Which network address asks, behind however many proxies of ours.

Only what a proxy of ours wrote is believed: of the addresses in X-Forwarded-For the
rightmost that is none of our proxies'. All left of it anybody may have written.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from pef_adapters.core.errors import SettingInvalid

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(written: str) -> Networks:
    """Addresses and networks, separated by commas.

    Raises:
        SettingInvalid: one of them is neither.
    """
    try:
        return tuple(ip_network(each.strip()) for each in written.split(",") if each.strip())
    except ValueError as fault:
        said = f"PEF_TRUSTED_PROXIES: {fault}; write addresses or networks such as 10.0.0.0/8"
        raise SettingInvalid(said) from None


LOOPBACK: Networks = networks("127.0.0.0/8, ::1")


def origin_of(request: Request) -> str:
    """The network address that asks; empty where the connection has none."""
    peer = request.client.host if request.client else ""
    ours: Networks = getattr(request.app.state, "trusted_proxies", LOOPBACK)
    if not _is_in(ours, peer):
        return peer
    named = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    return next(_strangers(ours, reversed(named)), peer)


def _strangers(ours: Networks, named: Iterable[str]) -> Iterator[str]:
    written = filter(None, map(str.strip, named))
    return (each for each in written if not _is_in(ours, each))


def _is_in(ours: Networks, address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in ours)
