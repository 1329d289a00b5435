"""Starts and stops the demo's processes; each one is a program of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pef_adapters.core.errors import PefError

_PATIENCE_SECONDS = 60
_STOP_SECONDS = 15
_LOOK_SECONDS = 0.05
# Only Linux lets a server listen where another socket is bound and doesn't listen.
_BOUND_BESIDE_A_LISTENER = sys.platform == "linux"
_reserved: list[socket.socket] = []


class ProcessFailed(PefError):
    """One of the demo's processes did not start."""

    code = "PROCESS_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What `python -m module arguments` runs; it has started once the address `ready` answers."""

    module: str
    arguments: tuple[str, ...] = ()
    log: Path
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A program and its process."""

    program: Program
    process: subprocess.Popen[bytes]


def free_port(preferred: int = 0) -> int:
    """The preferred port where nobody listens on it, else any free one.

    On Linux it stays ours until this process ends: a server may still listen on it, but
    no connection that goes out, and nobody else who looks for a free port, is given it.
    """
    for port in (preferred, 0):
        probe = socket.socket()
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        found = int(probe.getsockname()[1])
        if _BOUND_BESIDE_A_LISTENER:
            _reserved.append(probe)
        else:
            probe.close()
        return found
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
    wanted = Program(
        module=module, arguments=arguments, log=log, ready=ready, environment=environment or {}
    )
    with started(wanted) as running:
        wait_for(running)
        yield running[0].process


@contextmanager
def started(*programs: Program) -> Iterator[list[Running]]:
    """Start all of them at once, and stop them so at the end; `wait_for` says when they answer."""
    running: list[Running] = []
    try:
        for each in programs:
            running.append(Running(each, _start(each)))  # noqa: PERF401 - what runs must be stopped
        yield running
    finally:
        for each_running in running:
            each_running.process.terminate()
        for each_running in running:
            _wait_until_ended(each_running.process)


def wait_for(running: Iterable[Running]) -> None:
    """Wait until each of them answers.

    Raises:
        ProcessFailed: one ended, or did not answer in time; the message names its log.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with httpx.Client(timeout=2, trust_env=False, follow_redirects=True) as client:
        for each in running:
            _wait_until_ready(each, client, deadline)


def outside() -> dict[str, str]:
    """The environment without our own settings: the demo never meets a real database."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PEF_")}


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and end it where it does not listen."""
    process.terminate()
    _wait_until_ended(process)


def _start(wanted: Program) -> subprocess.Popen[bytes]:
    with wanted.log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own modules, our own arguments
            (sys.executable, "-m", wanted.module, *wanted.arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**outside(), **wanted.environment},
        )


def _wait_until_ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(running: Running, client: httpx.Client, deadline: float) -> None:
    address, log = running.program.ready, running.program.log
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            if client.get(address).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(_LOOK_SECONDS)
    raise ProcessFailed(f"{address} does not answer; what happened is in {log}")
