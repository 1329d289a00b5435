"""One running service for all tests of this folder; each store at it is a test's own."""

from collections.abc import AsyncIterator

import pytest

pytest.register_assert_rewrite("vtex_service", "vtex_shop", "vtex_scenes")

from database_server import Server  # noqa: E402 - what they assert is to be shown
from vtex_service import House, house  # noqa: E402


@pytest.fixture(scope="session")
async def running(
    postgres: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The service, the sandbox and the ledger."""
    folder = tmp_path_factory.mktemp("vtex-service")
    with postgres.fresh() as dsn:
        async with house(dsn, folder) as everything:
            yield everything
