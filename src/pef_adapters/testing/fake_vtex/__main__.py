"""`python -m pef_adapters.testing.fake_vtex '{"port": 8083}'`: settings as JSON."""

import sys

from pef_adapters.testing.fake_vtex import VtexSettings, run

if __name__ == "__main__":
    run(VtexSettings.model_validate_json(sys.argv[1] if sys.argv[1:] else "{}"))
