"""`kill -9` of the worker at every boundary, with real processes and a real database."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acceptance_steps import order_says, paid_order, payments_of, reaches
from pef_adapters.core.states import CARE, State
from pef_adapters.demo.processes import outside, stop
from pef_adapters.demo.stage import Stage, environment_of
from pef_adapters.engine.ports import Boundary

_PROGRAM = Path(__file__).parent / "mortal_worker.py"
_LEASE = CARE[State.SENDING].look_again


@contextmanager
def worker(stage: Stage, deadly: str, ahead: float = 0) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that dies at `deadly`."""
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), deadly, str(ahead)],
        env={**outside(), **environment_of(stage.settings)},
    )
    try:
        yield process
    finally:
        stop(process)


@pytest.mark.parametrize("boundary", list(Boundary))
async def test_killed_at_each_boundary_pays_once(without_worker: Stage, boundary: Boundary) -> None:
    """Whichever boundary the worker dies at, its successor pays once and tells the order."""
    stage, number = without_worker, list(Boundary).index(boundary)
    order = await paid_order(stage, "75.00", f"7100000{number}")
    refund_id = await stage.press_refund(order, None, "kill -9")
    with worker(stage, boundary) as mortal:
        assert await asyncio.to_thread(mortal.wait, 60) == -signal.SIGKILL
    assert _LEASE is not None
    with worker(stage, "none", ahead=_LEASE.total_seconds() + 30 * (number + 1)):
        refund = await reaches(stage, refund_id, State.PENDING)
        await stage.pass_business_days(3)
        await order_says(stage, order, refund_id, State.REFUNDED)
    assert await payments_of(stage, refund) == 1
    async with stage.ports.book.begin() as ledger:
        payment = await ledger.payment(refund.account_id, f"7100000{number}")
    assert payment is not None
    assert (payment.refunded, payment.reserved.minor) == (refund.amount, 0)
