"""A fake VTEX on the real wire, for the demo and for tests: its gateway, its OMS, its admin.

As a gateway it calls the payment provider whose address it is given; as a store it answers
the APIs of orders, notes, hooks and transactions. It knows no adapter and must never
import one.
"""

from pef_adapters.testing.fake_vtex.app import create_app, run, running
from pef_adapters.testing.fake_vtex.settings import AppKey, VtexSettings

__all__ = ["AppKey", "VtexSettings", "create_app", "run", "running"]
