"""The modules of core, engine and rail, for tests that look at all of them."""

import pkgutil
from collections.abc import Iterator

from pef_adapters import core, engine, pagoefectivo

_SANDBOX = "pef_adapters.pagoefectivo.sandbox"


def modules() -> Iterator[str]:
    """The name of each."""
    for room in (core, engine, pagoefectivo):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not found.name.startswith(_SANDBOX):
                yield found.name
