"""Runs `pef` again and again as a process of its own, without starting Python each time.

A program that has read the command line's modules once, and done nothing with them, forks for
each command: what is asked comes in as a line of JSON, and out goes the code it ended with.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from pef_adapters.cli import main


def serve() -> None:
    """Run what is asked, one command after the other, until nobody asks any more."""
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(asked: dict[str, Any]) -> None:
    """The command, in the child; it never comes back."""
    code = 70
    try:
        _redirect(1, asked["out"])
        _redirect(2, asked["err"])
        os.environ.update(asked["environment"])
        sys.argv = ["pef", *asked["arguments"]]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(descriptor: int, path: str) -> None:
    with Path(path).open("wb") as file:
        os.dup2(file.fileno(), descriptor)


if __name__ == "__main__":
    serve()
