"""Golden histories: what each release kept about refunds, replayed by this one.

    golden.py            replay all of them
    golden.py --write    record what the corpus lacks, never over anything

Each history is one payment with its refunds. A release's histories are recorded by that
release's own code; the corpus grows by those of each new schema. Beside them stand the rows
of refunds in flight that each release left behind: this one migrates them, and carries
every refund to the one end that is right.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

import record
from golden_inflight import FOLDER, carried, dumps, recorded
from golden_replay import CORPUS, RETIRED, cells, corpus, differences
from pef_adapters import logs
from pef_adapters.core.states import moves
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import newest_revision
from upgrade_releases import COMMITS, NEW, Code, history_fault, old_code

_PROGRAM = Path(__file__).parent / "golden_record.py"
_SEEDS = 600


def recorded_by(code: Code, seeds: int) -> list[dict[str, Any]]:
    """The histories that a release records of itself."""
    path = f"{code.environment['PYTHONPATH']}:{code.root / 'tests'}"
    done = subprocess.run(
        (sys.executable, str(_PROGRAM), str(seeds)),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def write_beside(folder: Path, schema: str, histories: list[dict[str, Any]]) -> list[str]:
    """Add the histories that show what none of this schema shows yet; answers their names."""
    known = corpus(folder)
    own = {name: each for name, each in known.items() if each["schema"] == schema}
    shown = {cell for each in own.values() for cell in cells(each)}
    new = {
        f"{schema}-{'-'.join(each['shows'])}": {"schema": schema, **each}
        for each in histories
        if tuple(each["shows"]) not in shown
    }
    lines = (f"{json.dumps(name)}: {json.dumps(each)}" for name, each in {**new, **own}.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{schema}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return [name for name in new if name not in own]


def write_all(seeds: int) -> list[str]:
    """Of every release whose histories can be recorded here."""
    new = []
    if (fault := history_fault()) is None:
        with tempfile.TemporaryDirectory(prefix="pef-golden-") as name:
            for schema in COMMITS:
                new += write_beside(
                    CORPUS, schema, recorded_by(old_code(schema, Path(name)), seeds)
                )
    else:
        print(f"golden: old releases not recorded: {fault}")
    if newest_revision() not in COMMITS:
        new += write_beside(CORPUS, newest_revision(), recorded_by(NEW, seeds))
    return new


def write_in_flight(server: str) -> list[str]:
    """The rows of refunds in flight of each release whose rows are not kept yet."""
    if history_fault() is not None:
        return []
    lacking = [schema for schema in COMMITS if not (FOLDER / f"{schema}.json").exists()]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pef-golden-") as name:
        for schema in lacking:
            with fresh(server, f"record_{schema}") as dsn:
                rows = recorded(old_code(schema, Path(name)), dsn)
            (FOLDER / f"{schema}.json").write_text(f"{rows}\n")
    return lacking


def carry_all(server: str) -> dict[str, list[str]]:
    """Each release's refunds in flight, carried on; what went wrong, by schema."""
    wrong = {}
    for schema, dump in dumps().items():
        with fresh(server, f"carry_{schema}") as dsn:
            wrong[schema] = asyncio.run(carried(dump, dsn))
    return wrong


@contextmanager
def fresh(server: str, name: str) -> Iterator[str]:
    """An empty database."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def uncovered(histories: dict[str, dict[str, Any]]) -> list[str]:
    """Cells of today's table that no history shows."""
    shown = {cell for history in histories.values() for cell in cells(history)}
    return [f"{state} × {event}" for state, event, _ in moves() if (state, event) not in shown]


def main() -> int:
    """Record or replay, and carry on; 1 where anything differs or a cell is shown by none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seeds", type=int, default=_SEEDS)
    chosen = parser.parse_args()
    logs.configure("error", as_json=False)
    with (
        tempfile.TemporaryDirectory(prefix="pef-golden-") as name,
        EmbeddedPostgres(Path(name)) as own,
    ):
        if chosen.write:
            added = [*write_all(chosen.seeds), *write_in_flight(own.dsn)]
            print(f"golden: {len(added)} added")
        ends = carry_all(own.dsn)
    histories = corpus()
    differ = {key: found for key, each in histories.items() if (found := differences(each))}
    figures = _figures(histories, differ, ends)
    record.keep("golden", figures)
    for key, found in {**differ, **{f"in flight {k}": v for k, v in ends.items()}}.items():
        print(*(f"  {key}: {each}" for each in found), sep="\n", end="")
    print(
        f"golden: {figures['histories']} histories, {figures['differ']} differ; "
        f"{figures['in_flight']} refunds in flight, {figures['wrong_ends']} end wrongly"
    )
    return int(bool(figures["differ"] or figures["wrong_ends"] or figures["cells_not_shown"]))


def _figures(
    histories: dict[str, Any], differ: dict[str, list[str]], ends: dict[str, list[str]]
) -> dict[str, Any]:
    told = [entries for each in histories.values() for entries in each["entries"].values()]
    return {
        "histories": len(histories),
        "steps": sum(map(len, told)),
        "differ": len(differ),
        "cells_of_table": sum(1 for _ in moves()),
        "cells_not_shown": uncovered(histories),
        "retired_cells": len(RETIRED),
        "schemas": [*ends],
        "in_flight": sum(len(each["scenes"]) for each in dumps().values()),
        "wrong_ends": sum(map(len, ends.values())),
    }


if __name__ == "__main__":
    sys.exit(main())
