"""The sandbox's answers: the envelope, its evidence pair, and refusals as exceptions."""

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import Response

from pef_adapters.pagoefectivo import exact_json

SUCCESS_TEXT = "Solicitud exitosa."
INVALID_TEXT = "Solicitud con datos inválidos."

# Fact sheet 1.6 and 7.5: code → (HTTP status, message).
REFUSAL_TEXTS: Mapping[str, tuple[HTTPStatus, str]] = {
    "111": (HTTPStatus.BAD_REQUEST, INVALID_TEXT),
    "166": (HTTPStatus.INTERNAL_SERVER_ERROR, "Error interno del servidor."),
    "508": (HTTPStatus.BAD_REQUEST, "Servicio asociado al token es inválido."),
    "INVALID_AMOUNT": (HTTPStatus.BAD_REQUEST, "Monto inválido."),
    "REFUND_EXPIRED": (HTTPStatus.UNPROCESSABLE_ENTITY, "Plazo de devolución vencido."),
    "AMOUNT_EXCEEDED": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "El monto excede el saldo reembolsable.",
    ),
    "CURRENCY_MISMATCH": (HTTPStatus.BAD_REQUEST, "Moneda distinta a la original."),
    "TRANSACTION_NOT_FOUND": (HTTPStatus.NOT_FOUND, "Operación no encontrada."),
    "INVALID_TRANSACTION_STATE": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "La operación no está pagada.",
    ),
    "ALREADY_REFUNDED": (HTTPStatus.CONFLICT, "La operación ya fue devuelta."),
    "DUPLICATE_REFUND_ID": (HTTPStatus.CONFLICT, "Identificador de devolución duplicado."),
    "REFUND_IN_PROGRESS": (HTTPStatus.CONFLICT, "Devolución en proceso."),
    "BENEFICIARY_REQUIRED": (HTTPStatus.UNPROCESSABLE_ENTITY, "Datos bancarios requeridos."),
    "BENEFICIARY_INVALID": (HTTPStatus.UNPROCESSABLE_ENTITY, "Datos bancarios inválidos."),
    "MERCHANT_KYC_EXPIRED": (HTTPStatus.FORBIDDEN, "Documentación del comercio vencida."),
    "MERCHANT_BLOCKED": (HTTPStatus.FORBIDDEN, "Cuenta del comercio bloqueada."),
    "INSUFFICIENT_FUNDS": (HTTPStatus.PAYMENT_REQUIRED, "Saldo insuficiente del comercio."),
    "INVALID_SIGNATURE": (HTTPStatus.UNAUTHORIZED, "Credenciales inválidas."),
    "TOKEN_EXPIRED": (HTTPStatus.UNAUTHORIZED, "Token expirado."),
    "RATE_LIMITED": (HTTPStatus.TOO_MANY_REQUESTS, "Demasiadas solicitudes."),
}


class Refused(Exception):
    """The sandbox answers no, with a code of the contract."""

    def __init__(self, code: str, text: str | None = None, data: object = None) -> None:
        self.code = code
        self.status, default = REFUSAL_TEXTS[code]
        self.text = text or default
        self.data = data
        super().__init__(f"{code} {self.text}")


def invalid_fields(problems: Sequence[tuple[str, str]]) -> Refused:
    """A refusal that lists fields: pairs of field name and code 112 or 113."""
    texts = {"112": "Requerido.", "113": "Valor invalido."}
    data = [{"code": code, "message": texts[code], "field": field} for field, code in problems]
    return Refused("111", data=data)


def answer(data: object, timestamp: str, status: int = HTTPStatus.OK) -> Response:
    """A success; `data` is written with exact numbers."""
    return _json(envelope("100", SUCCESS_TEXT, data, timestamp), status)


def refusal(refused: Refused, timestamp: str) -> Response:
    """A refusal in its envelope."""
    return _json(envelope(refused.code, refused.text, refused.data, timestamp), refused.status)


def envelope(code: str, message: str, data: object, timestamp: str) -> dict[str, object]:
    """The evidence pair stands in every answer, errors included (fact sheet 7.2)."""
    return {
        "code": code,
        "message": message,
        "response_id": f"RSP-{secrets.token_hex(13).upper()}",
        "timestamp": timestamp,
        "data": data,
    }


def _json(content: object, status: int) -> Response:
    return Response(exact_json.write(content), status, media_type="application/json")
