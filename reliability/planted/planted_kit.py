"""What a planted mistake is, and the list of all that are known.

A mistake is switched on only here, by patching the product in this process; the product
itself has no switch for it. The simulation's own eyes (`pef_adapters.testing`) stay whole.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

Patches = Sequence[AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: what it is, and where it is known from."""

    name: str
    room: str
    what: str
    known: str
    make: Callable[[], Patches]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """While the context lasts, the product makes this mistake."""
        with ExitStack() as stack:
            for each in self.make():
                stack.enter_context(each)
            yield


MISTAKES: Final[dict[str, Planted]] = {}


def mistake(*, known: str) -> Callable[[Callable[[], Patches]], Callable[[], Patches]]:
    """Enter a function of patches into the list: its docstring says what the mistake is."""

    def enter(make: Callable[[], Patches]) -> Callable[[], Patches]:
        room, what = make.__module__.removeprefix("planted_"), make.__doc__ or ""
        MISTAKES[make.__name__] = Planted(make.__name__, room, what, known, make)
        return make

    return enter


def everywhere(original: object, mistaken: object) -> Patches:
    """Put `mistaken` wherever a module of the product knows `original` by a name."""
    patches = [
        patch.object(module, name, mistaken)
        for module in _product()
        for name, value in list(vars(module).items())
        if value is original
    ]
    if not patches:
        raise LookupError(f"no module of the product knows {original}")
    return patches


def _product() -> Iterator[Any]:
    for name, module in list(sys.modules.items()):
        if name.startswith("pef_") and not name.startswith("pef_adapters.testing"):
            yield module
