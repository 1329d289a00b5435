"""A fake VTEX of one's own for each test, and the tiny provider that it drives."""

from collections.abc import Iterator

import pytest

from tiny_provider import TinyProvider
from vtex_bench import RemoteVtex, vtex_running


@pytest.fixture
def provider() -> Iterator[TinyProvider]:
    """A provider that keeps the protocol."""
    with TinyProvider().serving() as running:
        yield running


@pytest.fixture
def vtex(provider: TinyProvider) -> Iterator[RemoteVtex]:
    """A fresh account with that provider."""
    with vtex_running(provider.url) as running:
        yield running
