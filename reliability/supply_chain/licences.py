"""Under which licence a locked package comes, as an SPDX expression, and which ones we take.

Packages tell it in four ways, of which the newest is believed first. What can't be read is
no licence of ours: somebody has to look, and write it down here.
"""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PostgreSQL",
        "PSF-2.0",
    }
)
"""What may be installed beside code under Apache-2.0 and used unchanged."""

_TEXTS = {
    "apache license, version 2.0": "Apache-2.0",
    "dual license": "Apache-2.0 OR BSD-3-Clause",
    "isc license": "ISC",
    "bsd": "BSD-2-Clause",
    "lgpl": "LGPL-2.1-or-later",
}
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Not installed here, because they are for another system; as their own metadata say.
_ELSEWHERE = {"colorama": "BSD-3-Clause", "tzdata": "Apache-2.0"}


def licence_of(name: str) -> str:
    """The SPDX expression; empty where none can be read."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return _ELSEWHERE.get(name, "")
    return _by_expression(found) or _by_text(found) or _by_classifiers(found)


def is_allowed(expression: str) -> bool:
    """Whether one of the alternatives is wholly made of licences that we take."""
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(set(re.split(r"\s+AND\s+", each)) <= ALLOWED for each in alternatives)


def _by_expression(found: Distribution) -> str:
    return found.metadata.get("License-Expression") or ""


def _by_text(found: Distribution) -> str:
    text = (found.metadata.get("License") or "").strip()
    return text if text in ALLOWED else _TEXTS.get(text.lower(), "")


def _by_classifiers(found: Distribution) -> str:
    told = found.metadata.get_all("Classifier") or []
    names = [each.rpartition(" :: ")[2] for each in told if each.startswith("License ::")]
    read = sorted({_CLASSIFIERS[name] for name in names if name in _CLASSIFIERS})
    return " OR ".join(read)
