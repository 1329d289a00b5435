"""The lock files as data: which release of what is locked, for where, and by which hashes.

Whatever is no such line is a fault: an address of an index, a package from a repository or a
file, a release that isn't pinned, a line without hashes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME, DEV = (ROOT / "requirements" / name for name in ("runtime.txt", "dev.txt"))
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!+_-]+)(?: ; (?P<marker>.+))?"
)
_HASH = re.compile(r"--hash=sha256:(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    """One release, and the SHA-256 of each file that may be installed for it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def is_for_here(self) -> bool:
        """Whether this machine and this Python install it."""
        return not self.marker or Marker(self.marker).evaluate()


def locked(path: Path) -> list[Locked]:
    """The releases of a lock file, in its order.

    Raises:
        ValueError: a line is no pinned release with its hashes.
    """
    return [_read(line) for line in _whole_lines(path.read_text(encoding="utf-8"))]


def _whole_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            yield " ".join(line.split())


def _read(line: str) -> Locked:
    pin, *hashes = line.split(" --hash=")
    found = _PIN.fullmatch(pin)
    digests = [_HASH.fullmatch(f"--hash={each}") for each in hashes]
    if found is None or not digests or None in digests:
        raise ValueError(f"no pinned release with its hashes: {line[:80]}")
    name = canonicalize_name(found["name"])
    whole = tuple(each["digest"] for each in digests if each)
    return Locked(name, found["version"], found["marker"] or "", whole)
