"""Sees every connection of this process at the lowest place, and lets none leave the machine.

Python tells its audit hooks of each `socket.connect` before it happens, whatever library
asked. While a watch is on, each is written down; one to this machine goes on (a real
listener waits there and must hear nothing), and any other is stopped. Names resolve by the
corpus, so that no name server is asked; other people's spellings of numbers go to the
system's own resolver, which knows them all.
"""

import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from unittest.mock import patch

# Written out here once more, and not taken from the product, which is what is on trial.
_INSIDE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/3", "168.63.129.16/32"),
        ),
    )
)
_V6_OUTSIDE: Final = ipaddress.ip_network("2000::/3")
_V6_INSIDE: Final = tuple(
    map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"))
)
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})


def leads_inside(host: str) -> bool:
    """Whether a connection to this address stays on the machine or in a network around it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True  # a path of a Unix socket, or something nobody can judge
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in net for net in _INSIDE)
    number = int(address)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return leads_inside(str(ipaddress.IPv4Address(number & 0xFFFFFFFF)))
    return address not in _V6_OUTSIDE or any(address in net for net in _V6_INSIDE)


class Watch:
    """What was connected to, and how often the listener was reached, while it is on."""

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.connects: list[str] = []
        self.heard = 0
        self.port = 0
        self._names = names
        self._asked: dict[str, int] = {}
        self._system = socket.getaddrinfo

    @property
    def inside(self) -> list[str]:
        """The connections that must never be made."""
        return [host for host in self.connects if leads_inside(host)]

    def forget(self) -> None:
        """Begin anew: names answer as if for the first time."""
        self.connects.clear()
        self._asked.clear()
        self.heard = 0

    def connecting(self, address: Any) -> None:
        host = str(address[0]) if isinstance(address, tuple) else repr(address)
        self.connects.append(host)
        if host not in {"127.0.0.1", "::1"}:
            raise ConnectionRefusedError("the watch lets no connection leave this machine")

    def resolve(self, host: Any, port: Any, *_more: Any, **_how: Any) -> Any:
        """As `socket.getaddrinfo`, without a name server."""
        name = host.decode() if isinstance(host, bytes) else host
        number = self._as_number(name, port)
        if number:
            return number
        asked = self._asked.get(name, 0)
        self._asked[name] = asked + 1
        answers = self._names.get(name)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "not in the corpus")
        return [each for one in answers[min(asked, len(answers) - 1)] for each in self._one(one)]

    def _as_number(self, name: Any, port: Any) -> list[Any]:
        try:
            return list(
                self._system(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            )
        except (socket.gaierror, UnicodeError):
            return []

    def _one(self, address: str) -> list[Any]:
        return self._system(address, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)


_present: list[Watch] = []


@contextmanager
def watching(names: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[Watch]:
    """A watch that is on while the context lasts, with a real listener on this machine."""
    _hook_once()
    watch = Watch(names)
    with _listening(watch), patch("socket.getaddrinfo", watch.resolve):
        _present.append(watch)
        try:
            yield watch
        finally:
            _present.remove(watch)


@cache
def _hook_once() -> None:
    """An audit hook can't be taken away again; without a watch it does nothing."""
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _present:
        _present[-1].connecting(args[1])


@contextmanager
def _listening(watch: Watch) -> Iterator[None]:
    """Counts whoever knocks, at both of this machine's own addresses, on one port."""
    with socket.create_server(("127.0.0.1", 0)) as four:
        watch.port = four.getsockname()[1]
        servers = [four, *_six(watch.port)]
        threads = [threading.Thread(target=_count, args=(s, watch), daemon=True) for s in servers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for server in servers:
                server.shutdown(socket.SHUT_RDWR)
                server.close()
            for thread in threads:
                thread.join(5)


def _six(port: int) -> list[socket.socket]:
    """Where the machine has IPv6 at all."""
    try:
        return [socket.create_server(("::1", port), family=socket.AF_INET6)]
    except OSError:
        return []


def _count(server: socket.socket, watch: Watch) -> None:
    while True:
        try:
            came, _ = server.accept()
        except OSError:
            return
        watch.heard += 1
        came.close()
