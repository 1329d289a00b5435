"""Finds the installed bank formats by entry point, ours and anybody else's alike."""

from functools import cache
from importlib.metadata import entry_points

from pef_adapters.bank_files.contract import BankFormat
from pef_adapters.core.errors import NotThere

GROUP = "pef_adapters.bank_formats"


def names() -> list[str]:
    """The formats that a batch can be written in."""
    return sorted({point.name for point in entry_points(group=GROUP)})


@cache
def load(name: str) -> BankFormat:
    """The format registered under `name`.

    Raises:
        NotThere: no installed distribution registers such a format.
    """
    for point in entry_points(group=GROUP, name=name):
        make = point.load()
        bank_format: BankFormat = make()
        return bank_format
    raise NotThere(f"no bank format {name!r} is installed; there are: {', '.join(names())}")
