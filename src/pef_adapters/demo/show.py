"""What a person sees of the demo: progress while it runs, the order at its end."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pef_adapters.demo.scenarios import Scene
from pef_adapters.demo.stage import Stage
from pef_adapters.demo.watch import STEPS

_HEADINGS = {
    "received": "webhook",
    "decided": "decided",
    "sent": "sent",
    "accepted": "accepted",
    "refunded": "refunded",
    "noted": "note",
}


def progress(scenes: list[Scene]) -> RenderableType:
    """One row a refund, one column a step."""
    table = Table(title="Refunds under way", title_justify="left", header_style="bold")
    table.add_column("order")
    table.add_column("what happens")
    for step in STEPS:
        table.add_column(_HEADINGS[step], justify="center")
    for scene in scenes:
        marks = [Text("✔", "green") if s in scene.steps else Text("·", "dim") for s in STEPS]
        table.add_row(f"#{scene.order}", scene.title, *marks)
    return table


def orders(found: list[dict[str, Any]]) -> RenderableType:
    """Each refunded order with its private notes, as the store now shows it."""
    return Group(*(_order(order) for order in found if order["refunds"]))


def results(console: Console, found: list[dict[str, Any]]) -> None:
    """What the ledger, the store and the rail's own book say, side by side."""
    table = Table(title="Outcome", title_justify="left", header_style="bold")
    for heading in ("order", "amount", "state", "order says so", "payments at the rail"):
        table.add_column(heading)
    for refund in found:
        says = "yes" if refund["written_back"] else "no"
        amount = f"{refund['amount']} {refund['currency']}"
        payments = str(refund["rail_payments"])
        table.add_row(f"#{refund['order']}", amount, refund["state"], says, payments)
    console.print(table)


def addresses(console: Console, stage: Stage) -> None:
    """Where to look in a browser, and what to try."""
    console.print(f"[bold]Store[/bold]    {stage.store.base_url}")
    console.print(f"[bold]Sandbox[/bold]  {stage.sandbox.base_url}")
    console.print("Press a refund button in the store and watch its order. Ctrl-C ends the demo.")


def _order(order: dict[str, Any]) -> RenderableType:
    notes = "\n".join(f"• {note}" for note in order["notes"])
    refunded = f"{order['refunded']} of {order['total']} {order['currency']} refunded"
    return Panel(notes, title=f"Order #{order['id']}: {refunded}", title_align="left")
