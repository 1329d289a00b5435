"""The WooCommerce adapter keeps every promise of the contract, over real HTTP."""

from pef_adapters.testing.conformance import AdapterConformance


class TestWooCommerceConformance(AdapterConformance):
    """All of the suite, against the fake store's real wire, new and old."""
