"""The sandbox: a PagoEfectivo to try things on, with faults on demand.

A separate HTTP server with its own storage that speaks the wire of the fact sheet
(1.2 to 1.6, and the proposed contract of section 7). It moves no money and refuses
keys that look live.
"""

from pef_adapters.pagoefectivo.sandbox.app import create_app
from pef_adapters.pagoefectivo.sandbox.serve import make_server, run
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "create_app", "make_server", "run"]
