"""A fake Shopify on the real wire, for the demo and for tests: one shop and its apps.

Speaks Admin GraphQL, the payments platform, OAuth and webhooks as platforms/shopify.md
records them, bad habits included. It knows no adapter's code and must never import it; the
schemas that it validates against are data which lie in the adapter's package.
"""

from pef_adapters.testing.fake_shopify.app import create_app, run, running
from pef_adapters.testing.fake_shopify.settings import (
    Limits,
    PaymentsExtension,
    ShopifyApp,
    ShopSettings,
    Subscription,
)

__all__ = [
    "Limits",
    "PaymentsExtension",
    "ShopSettings",
    "ShopifyApp",
    "Subscription",
    "create_app",
    "run",
    "running",
]
