"""A restored backup pays nothing again, however much later it comes back."""

import asyncio
from datetime import timedelta

import pytest

from database_server import Server
from golden_inflight import dumps
from upgrade_restore import restored


@pytest.mark.parametrize("later", [timedelta(days=3)], ids=["late"])
def test_a_restored_backup_sends_nothing_twice(postgres: Server, later: timedelta) -> None:
    """Inside the rail's window its id is recognised; beyond it the rail is asked first."""
    with (
        postgres.fresh(template="template1") as backup,
        postgres.fresh(template="template1") as lost,
    ):
        assert asyncio.run(restored(dumps()["0001"], backup, lost, later)) == []
