"""`python -m pef_adapters.testing.fake_shopify '{"port": 8082}'`: settings as JSON."""

import sys

from pef_adapters.testing.fake_shopify import ShopSettings, run

if __name__ == "__main__":
    run(ShopSettings.model_validate_json(sys.argv[1] if sys.argv[1:] else "{}"))
