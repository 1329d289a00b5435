"""`python -m pef_adapters.testing.fake_woocommerce '{"port": 8081}'`: settings as JSON."""

import sys

from pef_adapters.testing.fake_woocommerce import StoreSettings, run

if __name__ == "__main__":
    run(StoreSettings.model_validate_json(sys.argv[1] if sys.argv[1:] else "{}"))
