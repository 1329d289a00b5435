"""Addresses by which a stranger might lead us into a private network, grouped by their trick.

Data only. `ADDRESSES` are typed as a store's address, `NAMES` are what the names in them
resolve to, ask after ask (the last answer stays), `REDIRECTS` are what a store on a public
address answers. The tricks are the published ones: RFC 6890 and IANA's special-purpose
registries for the ranges, WHATWG's and inet_aton's number forms, OWASP's list for the rest.
"""

from collections.abc import Mapping
from typing import Final

from ssrf_ranges import (
    CARRIER_AND_SPECIAL,
    LINK_LOCAL,
    LOOPBACK,
    METADATA,
    NUMBERS,
    RFC1918,
    V6_CARRYING_V4,
    V6_LOCAL,
    ZONES,
)
from ssrf_spellings import (
    SCHEMES,
    SPELLING,
    UNICODE,
    USERINFO,
)

PUBLIC: Final = "93.184.215.14"
PUBLIC_V6: Final = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
CONTROL: Final = "tienda-publica.example"
"""A name that leads where a store may be; without it a run could prove nothing."""
CONTROL_V6: Final = "tienda-publica-seis.example"
SHOP: Final = "tienda-publica.myshopify.com"
RAIL: Final = "riel-publico.pe"
"""The same, in the form of a Shopify shop and of a live rail."""

NAMES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    CONTROL: ((PUBLIC,),),
    CONTROL_V6: ((PUBLIC_V6,),),
    "localhost": (("127.0.0.1", "::1"),),
    "localhost.": (("127.0.0.1", "::1"),),
    "localhost.localdomain": (("127.0.0.1",),),
    "ip6-localhost": (("::1",),),
    "foo.localhost": (("127.0.0.1",),),
    "broadcasthost": (("255.255.255.255",),),
    "metadata": (("169.254.169.254",),),
    "metadata.google.internal": (("169.254.169.254",),),
    "metadata.google.internal.": (("169.254.169.254",),),
    "instance-data": (("169.254.169.254",),),
    "169.254.169.254.nip.example": (("169.254.169.254",),),
    "168.63.129.16.local.": (("169.254.169.254",),),
    "interna.example": (("10.0.0.1",),),
    "xn--nterna-q9c.example": (("10.0.0.1",),),
    "xn--zca.interna.example": (("10.0.0.1",),),
    "fass.interna.example": (("10.0.0.1",),),
    "xn--fa-hia.interna.example": (("10.0.0.1",),),
    "tienda.interna.example": (("10.0.0.1",),),
    "kubernetes.default.svc": (("10.96.0.1",),),
    "loop.example": (("127.0.0.1",),),
    "loop-six.example": (("::1",),),
    "ten.example": (("10.0.0.1",),),
    "oneseventwo.example": (("172.16.0.1",),),
    "onenine.example": (("192.168.0.1",),),
    "carrier.example": (("100.64.0.1",),),
    "link.example": (("169.254.1.1",),),
    "cloud.example": (("169.254.169.254",),),
    "zero.example": (("0.0.0.0",),),  # noqa: S104 - an address to refuse, nothing binds to it
    "many.example": (("224.0.0.1",),),
    "reserved.example": (("240.0.0.1",),),
    "papers.example": (("192.0.2.1",),),
    "unique-local.example": (("fd00::1",),),
    "link-six.example": (("fe80::1",),),
    "link-zone.example": (("fe80::1%lo",),),
    "site-six.example": (("fec0::1",),),
    "mapped.example": (("::ffff:127.0.0.1",),),
    "mapped-ten.example": (("::ffff:10.0.0.1",),),
    "compatible.example": (("::127.0.0.1",),),
    "translated.example": (("::ffff:0:127.0.0.1",),),
    "nat.example": (("64:ff9b::7f00:1",),),
    "nat-local.example": (("64:ff9b:1::7f00:1",),),
    "six-to-four.example": (("2002:7f00:1::1",),),
    "teredo.example": (("2001:0:7f00:1::1",),),
    "isatap.example": (("2600::5efe:10.0.0.1",),),
    "group-six.example": (("ff02::1",),),
    "all-zero-six.example": (("::",),),
    "nothing.example": ((),),
    "mixed-last.example": ((PUBLIC, "127.0.0.1"),),
    "mixed-first.example": (("127.0.0.1", PUBLIC),),
    "mixed-ten.example": ((PUBLIC, "1.1.1.1", "10.0.0.1"),),
    "mixed-six.example": ((PUBLIC, "::1"),),
    "mixed-mapped.example": ((PUBLIC_V6, "::ffff:10.0.0.1"),),
    "mixed-cloud.example": ((PUBLIC, PUBLIC_V6, "169.254.169.254"),),
    "rebinding.example": ((PUBLIC,), ("127.0.0.1",)),
    "rebinding-ten.example": ((PUBLIC,), ("10.0.0.1",)),
    "rebinding-cloud.example": ((PUBLIC,), ("169.254.169.254",)),
    "rebinding-six.example": ((PUBLIC_V6,), ("::1",)),
    "rebinding-back.example": (("127.0.0.1",), (PUBLIC,), ("127.0.0.1",)),
    "rebinding-mixed.example": ((PUBLIC,), (PUBLIC, "127.0.0.1"), ("127.0.0.1",)),
    "rebinding-late.example": ((PUBLIC,), (PUBLIC,), (PUBLIC,), ("127.0.0.1",)),
}

_REBINDING = tuple(f"https://{name}/" for name in NAMES if name.startswith("rebinding"))
_MIXED = tuple(f"https://{name}/" for name in NAMES if name.startswith("mixed"))
_ELSEWHERE = frozenset({CONTROL, CONTROL_V6})
_TO_PRIVATE = tuple(
    f"{scheme}://{name}/"
    for name in NAMES
    if name.endswith(".example")
    and not name.startswith(("rebinding", "mixed", "xn--"))
    and name not in _ELSEWHERE
    for scheme in ("http", "https")
)

ADDRESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "loopback": LOOPBACK,
    "rfc1918": RFC1918,
    "carrier and special ranges": CARRIER_AND_SPECIAL,
    "link-local": LINK_LOCAL,
    "cloud metadata": METADATA,
    "ipv4 as other numbers": NUMBERS,
    "ipv6 that is local": V6_LOCAL,
    "ipv6 that carries ipv4": V6_CARRYING_V4,
    "ipv6 zones": ZONES,
    "user names": USERINFO,
    "unicode": UNICODE,
    "spelling": SPELLING,
    "other schemes": SCHEMES,
    "names that lead inside": _TO_PRIVATE,
    "names with public and private answers": _MIXED,
    "rebinding": _REBINDING,
}

REDIRECT_STATUSES: Final = (201, 300, 301, 302, 303, 304, 305, 307, 308)
REDIRECTS: Final = (
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "//127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://localhost/",
    "https://loop.example/",
    "http://user@127.0.0.1/",
    "http://tienda-publica.example@127.0.0.1/",
    "/\\127.0.0.1/",
    "\\\\127.0.0.1\\",
    "http:127.0.0.1",
    "https:///127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/_x",
    "unix:///var/run/docker.sock",
    "http://127.0.0.1:99999/",
    "http://[::1/",
    "http://\u0661\u0662\u0667.0.0.1/",
    "http://127.0.0.1/\x7f",
    "/elsewhere",
    "?again",
    "",
)
BODIES: Final = (
    b'<meta http-equiv="refresh" content="0;url=http://127.0.0.1/">',
    b'<script>location="http://169.254.169.254/"</script>',
    b'<base href="http://127.0.0.1/"><img src="/x">',
    b'{"location":"http://127.0.0.1/","_links":{"self":[{"href":"http://10.0.0.1/"}]}}',
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1/">]><r>&x;</r>',
)


def every_address() -> list[tuple[str, str]]:
    """Each address once, with its kind."""
    seen: dict[str, str] = {}
    for kind, addresses in ADDRESSES.items():
        for address in addresses:
            seen.setdefault(address, kind)
    return [(kind, address) for address, kind in seen.items()]
