"""Commands of `pef` for the road of the canaries, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ZYGOTE = Path(__file__).with_name("canary_zygote.py")


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Commands:
    """The program that forks for each command."""

    process: subprocess.Popen[str]
    folder: Path

    def run(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Said:
        """One command, to its end."""
        out, err = (self.folder / f"command.{name}" for name in ("out", "err"))
        asked = {
            "arguments": arguments,
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Said(code, out.read_text("utf-8"), err.read_text("utf-8"))


@contextmanager
def commands(folder: Path) -> Iterator[Commands]:
    """Ready as soon as its modules are read; told of no secret before the first command."""
    with subprocess.Popen(
        [sys.executable, str(_ZYGOTE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "300"},
    ) as process:
        yield Commands(process, folder)
        assert process.stdin is not None
        process.stdin.close()
