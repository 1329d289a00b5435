"""What a person sees of the demo: progress while it runs, the orders at its end."""

from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pef_adapters.demo.shop import Scene, ShownOrder
from pef_adapters.demo.stage import Stage
from pef_adapters.demo.watch import STEPS

_HEADINGS = {
    "received": "heard",
    "decided": "decided",
    "sent": "sent",
    "accepted": "accepted",
    "refunded": "refunded",
    "noted": "note",
}

_MOST_DIGITS = 10


def progress(scenes: list[Scene]) -> RenderableType:
    """One row a refund, one column a step."""
    table = _table("Refunds under way", "store", "order", "what happens")
    for step in STEPS:
        table.add_column(_HEADINGS[step], justify="center", no_wrap=True)
    for scene in scenes:
        marks = [Text("✔", "green") if s in scene.steps else Text("·", "dim") for s in STEPS]
        table.add_row(scene.shop.name, _short(scene.order), scene.title, *marks)
    return table


async def orders(stage: Stage) -> RenderableType:
    """Each refunded order with what it says of its refunds, as its store now shows it."""
    return Group(
        *[_order(shop.name, order) for shop in stage.shops for order in await shop.orders()]
    )


def results(console: Console, scenes: list[Scene], found: list[dict[str, Any]]) -> None:
    """What the ledger, the stores and the rail's own book say, side by side."""
    columns = ("store", "order", "amount", "state", "store says so", "payments at the rail")
    console.print()
    table = _table("Outcome", *columns)
    for scene, refund in zip(scenes, found, strict=True):
        says = "yes" if refund["written_back"] else "no"
        amount = f"{refund['amount']} {refund['currency']}"
        payments = str(refund["rail_payments"])
        table.add_row(scene.shop.name, _short(scene.order), amount, refund["state"], says, payments)
    console.print(table)


def addresses(console: Console, stage: Stage, our_console: str) -> None:
    """Where to look in a browser, and what to try; `our_console` may hold a one-time link."""
    console.print()
    table = Table.grid(padding=(0, 2))
    for shop in stage.shops:
        table.add_row(Text(shop.name, "bold"), shop.admin)
    table.add_row(Text("Sandbox", "bold"), f"{stage.sandbox.base_url}")
    console.print(table)
    # Alone on its line, so that a terminal of any width leaves it whole.
    console.print(Text("Console (choose a password once)", "bold"))
    console.print(our_console, soft_wrap=True, highlight=False)
    console.print("Press refund, cancel or return in a store, let a day pass at the sandbox, and")
    console.print("watch the order; VTEX itself asks again after a minute. Ctrl-C ends the demo.")


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    for heading in columns:
        table.add_column(heading, no_wrap=True)
    return table


def _short(order: str) -> str:
    """The end of a long number, so that a row fits a terminal of 80 columns."""
    return order if len(order) <= _MOST_DIGITS else f"…{order[1 - _MOST_DIGITS :]}"


def _order(store: str, order: ShownOrder) -> RenderableType:
    notes = Text("\n".join(f"• {note}" for note in order.notes))
    refunded = f"{order.refunded} of {order.total} {order.currency} refunded"
    title = Text(f"{store}, order {order.number}: {refunded}")
    return Panel(notes, title=title, title_align="left")
