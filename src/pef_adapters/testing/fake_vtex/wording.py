"""The words on the account's pages, for people: what VTEX's own words mean.

VTEX says `online` when the provider said that the money is back, and
`email-notification` when somebody has to do it by hand; nothing else is ever painted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pef_adapters.testing.fake_vtex.state import Ask

_STATUSES: Final = {
    "payment-pending": "Pago pendiente",
    "payment-approved": "Pago aprobado",
    "ready-for-handling": "Listo para preparar",
    "invoiced": "Facturado",
    "canceled": "Cancelado",
}
_PAYMENTS: Final = {
    "started": "iniciado",
    "undefined": "esperando el pago",
    "approved": "aprobado",
    "denied": "denegado",
    "settled": "liquidado",
    "cancelled": "cancelado",
}
_TEMPLATES: Final = {
    "gateway-manual-reversal-requested": "Hay que devolver un pago a mano",
    "vtexcommerce-order-refunded": "Se facturó su devolución",
}


@dataclass(frozen=True, slots=True)
class Painted:
    """How one refund looks in the transaction; `tone` is good, bad or open."""

    name: str
    means: str
    tone: str


def status_name(status: str) -> str:
    """An order's status as the admin shows it."""
    return _STATUSES.get(status, status)


def payment_name(status: str) -> str:
    """A payment's status as the admin shows it."""
    return _PAYMENTS.get(status, status)


def template_name(template: str) -> str:
    """A mail's subject."""
    return _TEMPLATES.get(template, template)


def painted(ask: Ask) -> Painted:
    """A refund as VTEX paints it."""
    if ask.ended == "online":
        return Painted("online", "El proveedor confirmó la devolución.", "good")
    if ask.ended == "email-notification":
        means = "VTEX avisó por correo y dejó una tarea: devolver a mano."
        return Painted("email-notification", means, "bad")
    if ask.ended == "never-sent":
        return Painted("sin registro", "VTEX nunca la envió al proveedor.", "bad")
    if ask.due is None:
        return Painted("en curso", "La pasarela espera la respuesta del proveedor.", "open")
    means = f"El proveedor aún no la confirma; se le preguntará otra vez: {moment(ask.due)}."
    return Painted("en curso", means, "open")


def moment(at: datetime) -> str:
    """A time for people, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
