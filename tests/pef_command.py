"""`pef` as a person or a script types it, in the environment of a running stage."""

import json
import subprocess
import sys
from typing import Any

from pef_adapters.demo.processes import outside
from pef_adapters.demo.stage import Stage, environment_of


def pef(stage: Stage, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `pef`; the process as it ended."""
    return subprocess.run(
        [sys.executable, "-m", "pef_adapters", *map(str, arguments)],
        env={**outside(), **environment_of(stage.settings), "COLUMNS": "200", **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def said(stage: Stage, *arguments: object) -> str:
    """What a command that goes well prints for people."""
    done = pef(stage, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(stage: Stage, *arguments: object) -> Any:
    """The one JSON document that a command prints that goes well."""
    return json.loads(said(stage, *arguments, "--json"))


def refusal(stage: Stage, *arguments: object) -> dict[str, str]:
    """The error of a command that is refused."""
    done = pef(stage, *arguments, "--json")
    assert done.returncode == 1, done.stdout
    error: dict[str, str] = json.loads(done.stdout)["error"]
    return error
