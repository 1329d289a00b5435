"""The whole product on its real wires: store, sandbox and service as processes."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pef_adapters.demo.stage import Stage, stage


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Stage]:
    """Everything running, with the worker inside the service."""
    folder = Path(tempfile.mkdtemp(prefix="pef-acceptance-"))
    async with stage(folder, usual_ports=False) as everything:
        yield everything
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def without_worker() -> AsyncIterator[Stage]:
    """Everything running but a worker, which the test brings itself."""
    folder = Path(tempfile.mkdtemp(prefix="pef-acceptance-"))
    async with stage(folder, usual_ports=False, with_worker=False) as everything:
        yield everything
    shutil.rmtree(folder, ignore_errors=True)
