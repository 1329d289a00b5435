"""A fake WooCommerce store on the real wire, for the demo and for tests.

Speaks REST v3, webhooks and one-click keys as they were recorded on real stores,
bad habits included. It knows no adapter and must never import one.
"""

from pef_adapters.testing.fake_woocommerce.app import create_app, run, running
from pef_adapters.testing.fake_woocommerce.settings import ApiKey, StoreSettings

__all__ = ["ApiKey", "StoreSettings", "create_app", "run", "running"]
