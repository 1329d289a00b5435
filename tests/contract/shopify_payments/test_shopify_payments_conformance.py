"""Shopify's payments extension keeps every promise of a payment provider, over real HTTP."""

from pef_adapters.testing.conformance_provider import ProviderConformance


class TestShopifyPaymentsConformance(ProviderConformance):
    """All of the suite, against the fake shop's real wire."""
