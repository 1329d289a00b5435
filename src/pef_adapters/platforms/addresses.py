"""Which IP addresses a stranger may make us connect to. Pure.

`ipaddress.is_global` alone is too kind: it lets multicast, site-local, 6to4 and
NAT64 through, and older Pythons know fewer special ranges. Whatever carries an
IPv4 address inside is judged by that address as well.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE: Final = IPv6Network("::/96")
# ISATAP (RFC 5214, 6.1): under any prefix, these 32 bits say that an IPv4 address follows.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# Special-purpose ranges (IANA's, mostly) that some supported Pythons call global.
_SPECIAL: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    # Looks public, but is Azure's own agent on the machine (its virtual public IP).
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)


def is_public(text: str) -> bool:
    """Whether `text` is an IP address on the public internet; False for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    carried = list(_carried(address))
    if carried:
        return all(map(_is_global, carried))
    return _is_global(address)


def _carried(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return
    number = int(address)
    is_isatap = (number >> 32) & 0xFFFFFFFF in _ISATAP
    if is_isatap or address in _NAT64 or address in _V4_COMPATIBLE:
        yield IPv4Address(number & 0xFFFFFFFF)
    yield from filter(None, (address.ipv4_mapped, address.sixtofour))
    yield from address.teredo or ()


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or address.is_reserved or any(address in net for net in _SPECIAL):
        return False
    return address.is_global
