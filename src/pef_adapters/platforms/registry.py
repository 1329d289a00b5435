"""Finds the installed adapters by entry point, ours and anybody else's alike."""

from functools import cache
from importlib.metadata import entry_points

from pef_adapters.core.errors import NotThere
from pef_adapters.platforms.contract import Platform

GROUP = "pef_adapters.platforms"


def names() -> list[str]:
    """The platforms that an installed adapter serves."""
    return sorted({point.name for point in entry_points(group=GROUP)})


@cache
def load(name: str) -> Platform:
    """The adapter registered under `name`.

    Raises:
        NotThere: no installed distribution registers such an adapter.
    """
    for point in entry_points(group=GROUP, name=name):
        make = point.load()
        platform: Platform = make()
        return platform
    raise NotThere(f"no adapter for {name!r} is installed; there are: {', '.join(names())}")
