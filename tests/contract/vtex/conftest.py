"""One fake VTEX behind a wire for the suite; each test gets a healed, connected store."""

from collections.abc import Iterator

import pytest
from vtex_harness import OurSide, VtexHarness, Wire, vtex_behind_a_wire

from pef_adapters.platforms import http
from vtex_bench import Listener, RemoteVtex


@pytest.fixture(scope="session")
def our_side() -> OurSide:
    """Where VTEX's gateway calls."""
    return OurSide()


@pytest.fixture(scope="session")
def vtex_and_wire(our_side: OurSide) -> Iterator[tuple[RemoteVtex, Wire]]:
    """The account, and the wire before it."""
    with vtex_behind_a_wire(our_side) as both:
        yield both


@pytest.fixture(scope="session")
def hook_listener() -> Iterator[Listener]:
    """Where the Orders hook is delivered."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
def harness(
    vtex_and_wire: tuple[RemoteVtex, Wire], our_side: OurSide, hook_listener: Listener
) -> Iterator[VtexHarness]:
    """The store, connected and well."""
    http.allow_private_stores(True)
    vtex, wire = vtex_and_wire
    yield VtexHarness(vtex, wire, our_side, hook_listener)
    http.allow_private_stores(False)
