"""The words on the store's pages, for people: order statuses, and a refund's true state.

WooCommerce itself says "Reembolsado" as soon as the button is pressed; where the money
really is, only our hidden record knows. The sentences are the product's own texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pef_adapters.core.states import State
from pef_adapters.core.texts import explain

_LANGUAGE: Final = "es_PE"
_STATUSES: Final = {
    "pending": "Pendiente de pago",
    "processing": "Procesando",
    "completed": "Completado",
    "refunded": "Reembolsado",
    "trash": "En la papelera",
}
_NAMES: Final = {
    State.RECEIVED: "recibido",
    State.HELD: "detenido",
    State.REJECTED: "rechazado",
    State.AWAITING_BENEFICIARY: "faltan datos bancarios",
    State.PAYOUT_DUE: "por transferir a mano",
    State.READY: "aprobado",
    State.SENDING: "enviándose",
    State.UNKNOWN: "por averiguar",
    State.PENDING: "pendiente: el dinero está en camino",
    State.REFUNDED: "devuelto: el comprador tiene su dinero",
    State.FAILED: "fallido",
    State.RETURNED: "rebotado por el banco",
    State.CANCELLED: "cancelado",
    State.REVERSED: "extornado",
}
_REFUSALS: Final = {
    "Invalid refund amount": "El importe no es válido o es mayor que lo que queda.",
    "Error processing refund. Please try again.": (
        "El pedido cambió mientras esta página estaba abierta: revise sus reembolsos."
    ),
}
_GOOD: Final = {State.REFUNDED}
_BAD: Final = {State.REJECTED, State.FAILED, State.RETURNED, State.REVERSED}


@dataclass(frozen=True, slots=True)
class Told:
    """What the record says of one refund; `tone` is good, bad or open."""

    state: str
    name: str
    means: str
    tone: str
    expected_on: str | None


_NO_NEWS: Final = Told(
    state="",
    name="sin noticias todavía",
    means="La tienda lo anotó; PagoEfectivo aún no ha dicho nada.",
    tone="open",
    expected_on=None,
)


def status_name(status: str) -> str:
    """An order's status as the admin shows it."""
    return _STATUSES.get(status, status)


def refusal_text(refusal: str) -> str:
    """Why a refund was not recorded, with WooCommerce's own words behind it."""
    words = _REFUSALS.get(refusal)
    return f"{words} ({refusal})" if words else refusal


def told(entry: JsonValue) -> Told:
    """One refund's entry of the hidden record, in words; None is no entry."""
    if not isinstance(entry, Mapping):
        return _NO_NEWS
    state, expected = State(str(entry["state"])), entry.get("expected_on")
    return Told(
        state=state.value,
        name=_NAMES[state],
        means=explain(f"state.{state}", _LANGUAGE),
        tone="good" if state in _GOOD else "bad" if state in _BAD else "open",
        expected_on=str(expected) if expected and state is State.PENDING else None,
    )
