"""The VTEX adapter keeps every promise of a payment provider, over real HTTP."""

from pef_adapters.testing.conformance_provider import ProviderConformance


class TestVtexConformance(ProviderConformance):
    """All of the suite, against the fake VTEX's real wire."""
