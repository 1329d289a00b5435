"""The audit of what is locked against what is known to be vulnerable: `make audit`.

A package counts as audited only where a service has answered for it. Ends with 0 where each
was audited and is well, with 1 where one is known to be vulnerable or the lock files are not
as they must be, and with 3 where no service was reached: that is neither good nor bad, and
must be said. The program that asks the service ends with 0 in that case, and says that nothing
is known; so its own word is not taken for it.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from licences import is_allowed, licence_of
from locked import DEV, RUNTIME, Locked, locked

WELL, UNWELL, NOT_AUDITED = 0, 1, 3
SERVICES = ("osv", "pypi")
_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Found:
    """What a service answered: for which packages, and what is known of them."""

    audited: frozenset[str] = frozenset()
    vulnerable: dict[str, list[str]] = field(default_factory=dict)


def found_in(answer: str) -> Found:
    """What the program printed; nothing was audited where it printed no answer."""
    try:
        told: list[dict[str, Any]] = json.loads(answer)["dependencies"]
        asked = [each for each in told if "vulns" in each]
    except (ValueError, KeyError, TypeError):
        return Found()
    known = {
        f"{canonicalize_name(each['name'])} {each['version']}": [v["id"] for v in each["vulns"]]
        for each in asked
        if each["vulns"]
    }
    return Found(frozenset(canonicalize_name(each["name"]) for each in asked), known)


def verdict(wanted: frozenset[str], found: Found) -> tuple[int, str]:
    """The code to end with, and what to say."""
    if found.vulnerable:
        told = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in found.vulnerable.items())
        return UNWELL, f"audit: KNOWN TO BE VULNERABLE: {told}"
    if missing := wanted - found.audited:
        said = f"no service answered for {len(missing)} of {len(wanted)} packages"
        return NOT_AUDITED, f"audit: NOT AUDITED: {said}; repeat it where the network allows"
    return WELL, f"audit: {len(wanted)} packages, none known to be vulnerable"


def unlicensed(parts: list[Locked]) -> list[str]:
    """The packages under a licence that we don't take."""
    return [each.name for each in parts if not is_allowed(licence_of(each.name))]


def ask(service: str) -> Found:
    """What one service says of both lock files; nothing is installed for it."""
    files = [word for path in (RUNTIME, DEV) for word in ("-r", str(path))]
    words = ["--disable-pip", "--require-hashes", *files, "-s", service, "-f", "json"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *words, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Found()
    return found_in(done.stdout)


def main() -> int:
    """Ask one service after the other until one has answered for each package."""
    if barred := unlicensed(locked(RUNTIME)):
        print(f"audit: under a licence that we don't take: {', '.join(barred)}")
        return UNWELL
    wanted = frozenset(each.name for each in locked(DEV) + locked(RUNTIME) if each.is_for_here)
    code, said = NOT_AUDITED, "audit: NOT AUDITED"
    for service in SERVICES:
        code, said = verdict(wanted, ask(service))
        if code != NOT_AUDITED:
            break
    print(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
