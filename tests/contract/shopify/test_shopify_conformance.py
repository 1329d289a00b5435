"""The Shopify adapter keeps every promise of the contract by its app, over real HTTP."""

from pef_adapters.testing.conformance import AdapterConformance


class TestShopifyConformance(AdapterConformance):
    """All of the suite, against the fake shop's real wire."""
