"""PagoEfectivo refunds from a store's own refund button."""

from importlib.metadata import version

__version__ = version("pef-adapters")
