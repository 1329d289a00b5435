"""A process that is told to end leaves nothing running behind."""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from pef_adapters.demo.processes import free_port, outside, program
from pef_adapters.storage.migrations import newest_revision


async def test_serve_ends_by_sigterm_with_its_database() -> None:
    """SIGTERM stops worker, web and the private PostgreSQL, with exit code 0."""
    with tempfile.TemporaryDirectory(prefix="pef-ending-") as name:
        folder, port = Path(name), free_port()
        environment = {"PEF_DATA_DIR": name, "PEF_PORT": str(port)}
        ready, log = f"http://127.0.0.1:{port}/health/ready", folder / "serve.log"
        with program(
            "pef_adapters", "serve", log=log, ready=ready, environment=environment
        ) as process:
            assert _postgres_in(folder)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
        assert not _postgres_in(folder)


def test_every_answer_can_be_had_as_json() -> None:
    """`pef migrate --json` answers with one JSON object, like the commands beside it."""
    with tempfile.TemporaryDirectory(prefix="pef-ending-") as name:
        done = subprocess.run(
            [sys.executable, "-m", "pef_adapters", "migrate", "--json"],
            env={**outside(), "PEF_DATA_DIR": name},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"revision": newest_revision()}


def test_brackets_in_what_was_typed_are_no_markup() -> None:
    """A strange argument gets an error in words, not a trace."""
    with tempfile.TemporaryDirectory(prefix="pef-ending-") as name:
        done = subprocess.run(
            [sys.executable, "-m", "pef_adapters", "refund", "show", "[/b]"],
            env={**outside(), "PEF_DATA_DIR": name},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "NOT_THERE there is no refund [/b]" in done.stderr


def _postgres_in(folder: Path) -> list[int]:
    """The processes of the private PostgreSQL that lives in this folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or ())
        and "postgres" in (process.info["cmdline"] or [""])[0]
    ]
