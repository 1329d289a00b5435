"""The table of faults by states, as the reliability page shows it."""

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.campaign import Totals
from pef_adapters.testing.simulation.palette import Fault


def table(totals: Totals) -> str:
    """How often each fault fired while a refund of its world stood in each state."""
    head = ["Fault", "fired", *(state.value for state in State)]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += [_row(totals, fault) for fault in Fault]
    return "\n".join(lines) + "\n"


def _row(totals: Totals, fault: Fault) -> str:
    cells = [str(totals.of(fault)), *(str(totals.of(fault, state)) for state in State)]
    return f"| {fault} | " + " | ".join(cells) + " |"
