"""`python -m pef_adapters.pagoefectivo.sandbox '{"port": 8801}'`: settings as JSON."""

import sys

from pef_adapters.pagoefectivo.sandbox.serve import run
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings

if __name__ == "__main__":
    run(SandboxSettings.model_validate_json(sys.argv[1] if sys.argv[1:] else "{}"))
