"""Starts and stops the demo's processes; each one is a program of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from pef_adapters.core.errors import PefError

_PATIENCE_SECONDS = 60
_STOP_SECONDS = 15


class ProcessFailed(PefError):
    """One of the demo's processes did not start."""

    code = "PROCESS_FAILED"


def free_port(preferred: int = 0) -> int:
    """The preferred port where nobody listens on it, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProcessFailed("no port is free on this machine")


@contextmanager
def program(
    module: str,
    *arguments: str,
    log: Path,
    ready: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m module` until the context ends; given once `ready` answers.

    Raises:
        ProcessFailed: it ended, or did not answer in time; the message names its log.
    """
    command: Sequence[str] = (sys.executable, "-m", module, *arguments)
    with ExitStack() as stack:
        output = stack.enter_context(log.open("ab"))
        process = subprocess.Popen(  # noqa: S603 - our own modules, our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**outside(), **(environment or {})},
        )
        stack.callback(stop, process)
        _wait_until_ready(process, ready, log)
        yield process


def outside() -> dict[str, str]:
    """The environment without our own settings: the demo never meets a real database."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PEF_")}


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and end it where it does not listen."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise ProcessFailed(f"{address} does not answer; what happened is in {log}")
