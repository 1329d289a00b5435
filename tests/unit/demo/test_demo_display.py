"""What a person sees of the demo, drawn on a terminal."""

import io
from dataclasses import dataclass

from rich.console import Console, RenderableType

from pef_adapters.demo import show
from pef_adapters.demo.shop import Scene
from pef_adapters.demo.watch import STEPS

_LONG = "1500000618001-01"


@dataclass
class _Store:
    """As much of a store as a table shows."""

    name: str
    store_id: str = ""
    admin: str = ""


def _scenes() -> list[Scene]:
    done = Scene("order cancelled", _Store("VTEX"), _LONG, "r1", set(STEPS))  # type: ignore[arg-type]
    begun = Scene("partial refund", _Store("WooCommerce"), "15", "r2", {"received"})  # type: ignore[arg-type]
    return [done, begun]


def _console() -> Console:
    return Console(file=io.StringIO(), width=80, color_system=None)


def _drawn(what: RenderableType) -> list[str]:
    console = _console()
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_progress_fits_a_terminal() -> None:
    """On 80 columns every heading and name is whole, and each step done has its mark."""
    _, headings, _, cancelled, begun = _drawn(show.progress(_scenes()))
    assert headings.split()[-6:] == ["heard", "decided", "sent", "accepted", "refunded", "note"]
    assert (cancelled.count("✔"), begun.count("✔"), begun.count("·")) == (6, 1, 5)
    assert cancelled.startswith("VTEX")
    assert "…618001-01 order cancelled" in cancelled
    assert begun.startswith("WooCommerce 15")


def test_outcome_fits_a_terminal() -> None:
    """On 80 columns the outcome's table cuts nothing but a long order number."""
    console, scenes = _console(), _scenes()
    told = {"currency": "PEN", "state": "refunded", "rail_payments": 1}
    found = [
        {**told, "amount": "314.30", "written_back": True},
        {**told, "amount": "100.00", "written_back": False},
    ]
    show.results(console, scenes, found)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert "store says so payments at the rail" in lines[2]
    assert lines[-2].split() == ["VTEX", "…618001-01", "314.30", "PEN", "refunded", "yes", "1"]
    assert lines[-1].split() == ["WooCommerce", "15", "100.00", "PEN", "refunded", "no", "1"]
