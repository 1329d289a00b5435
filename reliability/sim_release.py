"""The simulation's release record: many seeds, left and taken up again at any time.

Every run adds to the same totals; each one writes what stands so far into the record.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.campaign import Totals, campaign, resumed, written
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.table import table
from record import keep

_REPEAT_EVERY = 100


def main() -> int:
    """Play on until the wanted number is reached, or the minutes are over."""
    wanted = _arguments()
    totals, began = resumed(wanted.state, 0), time.monotonic()
    target = totals.done
    while target < wanted.seeds and time.monotonic() - began < wanted.minutes * 60:
        target = min(wanted.seeds, target + wanted.at_once)
        totals = campaign(
            totals,
            target,
            jobs=wanted.jobs,
            repeat_every=_REPEAT_EVERY,
            keep=written(wanted.state),
        )
        keep("simulation", figures(totals))
        sys.stderr.write(f"\r{totals.done} of {wanted.seeds} seeds ")
    print(f"\nsim: {totals.done} seeds, {len(totals.violations)} violations")
    return int(bool(totals.violations or totals.differed))


def figures(totals: Totals) -> dict[str, object]:
    """What the page shows of a campaign."""
    rarest = min(Fault, key=totals.of)
    return {
        "command": "make sim-release",
        "done": totals.done,
        "refunds": totals.refunds,
        "virtual_seconds": totals.virtual_seconds,
        "repeated": totals.repeated,
        "differed": totals.differed,
        "violations": totals.violations,
        "rarest": {"fault": rarest.value, "times": totals.of(rarest)},
        "cells": len(Fault) * len(State),
        "empty_cells": [f"{fault} × {state}" for fault, state in totals.empty_cells()],
        "table": table(totals),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--at-once", type=int, default=500)
    parser.add_argument("--state", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
