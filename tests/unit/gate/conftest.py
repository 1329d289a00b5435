"""A house with three stores and nobody in it."""

import pytest

from gate_world import House


@pytest.fixture
async def house() -> House:
    """Three stores of two agencies, on the twin."""
    return await House.opened()
