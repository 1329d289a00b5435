"""`pef policy backtest` and `export`: past refunds, from a CSV or from the ledger."""

from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.cli import files, moments, output, policy_file, policy_plot, policy_report
from pef_adapters.cli.options import Json, Language, NewFile, StoreOption, check_one
from pef_adapters.cli.running import run
from pef_adapters.core.errors import HistoryUnreadable, InvalidInput
from pef_adapters.core.policy import Policy
from pef_adapters.core.policy.backtest import Backtest, PastRefund, backtest
from pef_adapters.core.policy.history import read_history, write_history
from pef_adapters.engine import history
from pef_adapters.engine.ports import Ports
from pef_adapters.settings import Settings

PolicyFile = Annotated[Path, typer.Argument(help="The policy, in YAML or JSON.")]
Since = typer.Option(help="Refunds decided from this day in Lima on, such as 2026-10-01.")


def try_on_the_past(
    file: PolicyFile,
    csv: Annotated[
        Path | None, typer.Option(help="Past refunds; docs/how-to/write-a-policy.md.")
    ] = None,
    since: Annotated[str | None, Since] = None,
    store: StoreOption = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the outcomes into this new SVG file.")
    ] = None,
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """Decide past refunds again by this policy, and show what would change.

    With --store only that store's refunds count, and its agency's policy stands over the file.
    """
    with output.errors_explained(json_wanted=json_wanted):
        check_one(csv=csv, since=since)
        policy = policy_file.read(file)
        if plot is not None:
            files.check_new(plot)
    if csv is not None:
        report = _on_csv(policy, csv, store, json_wanted=json_wanted)
    else:
        report = _on_ledger(policy, str(since), store, json_wanted=json_wanted)
    with output.errors_explained(json_wanted=json_wanted):
        if plot is not None:
            files.write_new(plot, policy_plot.drawn(report).encode())
    if json_wanted:
        output.as_json(report.as_record())
    else:
        policy_report.print_backtest(report, language)


def export(
    since: Annotated[str, Since],
    *,
    store: StoreOption = None,
    out: NewFile,
    json_wanted: Json = False,
) -> None:
    """Write past refunds as the CSV that a back-test reads."""
    with output.errors_explained(json_wanted=json_wanted):
        start = moments.start_of(since)
        files.check_new(out)

    async def use_case(ports: Ports, _: Settings) -> list[PastRefund]:
        past = await history.past_refunds(ports, start, store)
        # With its mark, because a spreadsheet takes UTF-8 for something else without it.
        files.write_new(out, write_history(past).encode("utf-8-sig"))
        return past

    past = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"refunds": len(past), "file": str(out)})
    else:
        output.say(f"{output.counted(len(past), 'refund')} in {out}")


def _on_csv(policy: Policy, csv: Path, store: str | None, *, json_wanted: bool) -> Backtest:
    with output.errors_explained(json_wanted=json_wanted):
        if store is not None:
            raise InvalidInput(
                "--store goes with --since; of a CSV, keep only the lines that you want"
            )
        return backtest(read_history(files.text(csv, HistoryUnreadable)), policy)


def _on_ledger(policy: Policy, since: str, store: str | None, *, json_wanted: bool) -> Backtest:
    with output.errors_explained(json_wanted=json_wanted):
        start = moments.start_of(since)

    async def use_case(ports: Ports, _: Settings) -> Backtest:
        whole = await history.as_published(ports, store, policy) if store else policy
        return backtest(await history.past_refunds(ports, start, store), whole)

    return run(use_case, "Reading…", json_wanted=json_wanted)
