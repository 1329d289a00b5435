"""How answers look: tables and colours for people, one JSON object for machines."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from pef_adapters.core.errors import PefError
from pef_adapters.core.states import CARE, Owner, State
from pef_adapters.platforms.contract import Check

out = Console()
err = Console(stderr=True)

_COLOURS = {Owner.CLOCK: "cyan", Owner.RAIL: "blue", Owner.PERSON: "yellow", Owner.NOBODY: "green"}
_SAD_ENDS = frozenset({State.REJECTED, State.FAILED, State.REVERSED})


def as_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    # Whoever reads along must not wait for a process that goes on.
    sys.stdout.flush()


def coloured(state: State) -> Text:
    """A state in the colour of who has to act on it."""
    return Text(state, "red" if state in _SAD_ENDS else _COLOURS[CARE[state].owner])


def say(sentence: str) -> None:
    """A sentence as it is: brackets in it are no markup."""
    out.print(Text(sentence))


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as "1 refund" and "2 refunds"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or a sentence where it would be empty; the first column can be copied."""
    shown = Table(title=title, title_justify="left", header_style="bold")
    for number, column in enumerate(columns):
        shown.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    out.print(shown if shown.row_count else f"{title}: nothing yet.")


def checks(found: Sequence[Check]) -> None:
    """Each check with its mend where it failed."""
    for check in found:
        mark = Text("✔", "green") if check.passed else Text("✘", "red")
        out.print(Text.assemble(mark, " ", (check.name, "bold"), f"  {check.detail}"))
        if not check.passed and check.mend:
            say(f"    → {check.mend}")


def check_records(found: Sequence[Check]) -> list[Mapping[str, Any]]:
    """The checks as plain data."""
    return [{"name": c.name, "passed": c.passed, "detail": c.detail, "mend": c.mend} for c in found]


@contextmanager
def working(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on standard error while something takes its time."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns, console=err, transient=True, disable=quiet or not err.is_terminal
    ) as progress:
        progress.add_task(what)
        yield


@contextmanager
def errors_explained(*, json_wanted: bool = False) -> Iterator[None]:
    """Turn our errors into a sentence (or a JSON object) and exit code 1."""
    try:
        yield
    except PefError as error:
        if json_wanted:
            as_json({"error": {"code": error.code, "message": str(error)}})
        else:
            err.print(Text.assemble((error.code, "red"), f" {error}"))
        raise typer.Exit(1) from None
