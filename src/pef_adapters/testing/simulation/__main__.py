"""`python -m pef_adapters.testing.simulation`: play one seed as a story, or many."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.testing.simulation.campaign import Totals, campaign, resumed, written
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.play import play
from pef_adapters.testing.simulation.table import table

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def replay(seed: int) -> None:
    """Tell the story of one seed; exit code 1 where something did not hold."""
    played = play(seed)
    sys.stdout.write(played.trace)
    for wrong in played.wrongs:
        sys.stdout.write(f"VIOLATION {wrong}\n")
    sys.stdout.write(f"seed {seed}: {len(played.wrongs)} violations\n")
    raise typer.Exit(bool(played.wrongs))


@app.command()
def run(  # noqa: PLR0917 - Typer passes options by name
    seeds: Annotated[int, typer.Option(help="How many.")] = 10_000,
    first: Annotated[int, typer.Option(help="The first one.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes side by side.")] = os.cpu_count() or 1,
    state: Annotated[
        Path | None, typer.Option(help="File in which to leave off and go on.")
    ] = None,
    repeat_every: Annotated[int, typer.Option(help="Play every so many a seed twice.")] = 100,
    faults_by_states: Annotated[bool, typer.Option(help="Print the table.")] = False,  # noqa: FBT002
) -> None:
    """Play many seeds; the last line says how many violations there were."""
    totals = resumed(state, first) if state else Totals(first=first)
    began, before = time.monotonic(), totals.done

    def keep(so_far: Totals) -> None:
        if state:
            written(state)(so_far)
        rate = (so_far.done - before) / (time.monotonic() - began)
        sys.stderr.write(f"\r{so_far.done} of {seeds} seeds, {rate:.1f}/s ")

    campaign(totals, seeds, jobs=jobs, repeat_every=repeat_every, keep=keep)
    _report(totals, whole=faults_by_states)
    raise typer.Exit(bool(totals.violations or totals.differed))


def _report(totals: Totals, *, whole: bool) -> None:
    say = sys.stdout.write
    if whole:
        say(table(totals))
    for found in totals.violations[:20]:
        say(f"seed {found['seed']}: {found['wrongs'][0]}\n")
    rarest = min(Fault, key=totals.of)
    empty = sum(1 for _ in totals.empty_cells())
    say(f"\n{totals.refunds} refunds, {totals.virtual_seconds / 86400:.0f} virtual days\n")
    say(f"rarest fault: {rarest}, {totals.of(rarest)} times; {empty} empty cells\n")
    say(f"played twice: {totals.repeated}, {totals.differed} differed\n")
    say(f"sim: {totals.done} seeds, {len(totals.violations)} violations\n")


if __name__ == "__main__":
    app()
