"""The service of one release as real processes on a database that others share."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pef_adapters.demo.processes import (
    ProcessFailed,
    Program,
    Running,
    free_port,
    outside,
    wait_for,
)
from upgrade_releases import Code

_STOP_SECONDS = 120
_TIMES_PATIENT = 5
STORE_KEYS = ("ck_demo", "cs_demo_opens_nothing_else")


@dataclass(frozen=True, slots=True)
class Ground:
    """What every process of a play shares: the database, a key, an address, a folder of logs."""

    dsn: str
    secret_key: str
    address: str
    folder: Path

    def environment(self, code: Code, **more: str) -> dict[str, str]:
        """The settings of a process of this release."""
        return {
            **code.environment,
            "PEF_DATABASE_URL": self.dsn,
            "PEF_SECRET_KEY": self.secret_key,
            "PEF_PUBLIC_URL": self.address,
            "PEF_DATA_DIR": str(self.folder),
            "PEF_ALLOW_PRIVATE_STORES": "1",
            "PEF_LOG_JSON": "1",
            **more,
        }


@dataclass(slots=True)
class Fleet:
    """Web and worker processes of one release; `homes` are the webs' addresses.

    `killed` are those that did not end when they were told to.
    """

    ground: Ground
    code: Code
    label: str
    homes: list[str] = field(default_factory=list)
    webs: list[Running] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    def start(self, webs: int, workers: int) -> None:
        """Start them all at once, without waiting: two may migrate at the same moment."""
        for number in range(webs):
            self.webs.append(_started(self._web(number)))
        for number in range(workers):
            self.workers.append(_started(self._worker(number)))

    def wait(self) -> None:
        """Wait until every web process answers; on a busy machine that takes a while.

        Raises:
            ProcessFailed: one ended or never did; the message names its log.
        """
        for _ in range(_TIMES_PATIENT):
            try:
                return wait_for(self.webs)
            except ProcessFailed:
                if self.dead():
                    raise
        return wait_for(self.webs)

    def dead(self) -> list[str]:
        """Processes that ended though nobody told them to."""
        ended = [each for each in (*self.webs, *self.workers) if each.process.poll() is not None]
        return [each.program.log.name for each in ended]

    def stop(self) -> None:
        """End them as an operator does: by SIGTERM, giving their jobs time to finish."""
        running = (*self.webs, *self.workers)
        for each in running:
            each.process.terminate()
        for each in running:
            try:
                each.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.killed.append(each.program.log.name)
                each.process.kill()
                each.process.wait()

    def _web(self, number: int) -> Program:
        port = free_port()
        home = f"http://127.0.0.1:{port}"
        self.homes.append(home)
        return Program(
            module="pef_adapters",
            arguments=("serve", "--no-worker"),
            log=self._log(f"web{number}"),
            ready=f"{home}/health/ready",
            environment=self.ground.environment(self.code, PEF_PORT=str(port)),
        )

    def _worker(self, number: int) -> Program:
        return Program(
            module="upgrade_worker",
            log=self._log(f"worker{number}"),
            ready="",
            environment=self.ground.environment(self.code),
        )

    def _log(self, name: str) -> Path:
        return self.ground.folder / f"{self.label}-{name}.log"


def _started(wanted: Program) -> Running:
    with wanted.log.open("ab") as output:
        process = subprocess.Popen(
            (sys.executable, "-m", wanted.module, *wanted.arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**outside(), **wanted.environment},
        )
    return Running(wanted, process)


def pef(ground: Ground, code: Code, *arguments: str, **more: str) -> None:
    """Run one command of a release; it must go well."""
    environment: Mapping[str, str] = {**outside(), **ground.environment(code, **more)}
    log = ground.folder / f"{code.name}-commands.log"
    with log.open("ab") as output:
        subprocess.run(
            (sys.executable, "-m", "pef_adapters", *arguments),
            env=environment,
            stdout=output,
            stderr=output,
            timeout=600,
            check=True,
        )
