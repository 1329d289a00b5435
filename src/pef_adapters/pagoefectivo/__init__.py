"""PagoEfectivo: the client behind the engine's rail port, and a sandbox to try it on."""

from pef_adapters.pagoefectivo.notifications import Notification, read_notification
from pef_adapters.pagoefectivo.rail import PagoEfectivoRail, PagoEfectivoRails

__all__ = ["Notification", "PagoEfectivoRail", "PagoEfectivoRails", "read_notification"]
