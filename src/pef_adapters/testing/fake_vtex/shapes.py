"""The fields of a provider's answers: their kinds, and what may be null or left out.

Follows the Payment Provider Protocol's specification of 2026-05-18 (platforms/vtex.md,
sections 1 to 4). Facts only; `answers` says what they mean together.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from pef_adapters.testing.fake_vtex.wire_json import Json

OK, BAD, FAILED, BY_HAND = (
    HTTPStatus.OK,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.NOT_IMPLEMENTED,
)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: _is_integer(value) or isinstance(value, Decimal),
    "integer": _is_integer,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}
# A field's kinds; with "absent" it may be left out.
Shape = Mapping[str, tuple[str, ...]]
TEXT, _OPTIONAL_TEXT = ("text",), ("text", "absent")
_TEXT_OR_NULL: Final = ("text", "null")
_META: Final[Shape] = {"connectorMetadata": ("array", "absent")}
_ECHO: Final[Shape] = {"paymentId": TEXT, "requestId": TEXT, "message": TEXT}
_DONE: Final[Shape] = {**_ECHO, **_META, "code": _TEXT_OR_NULL}
_NOT_DONE: Final[Shape] = {**_ECHO, "code": TEXT}
_NOTHING_PAID: Final[Shape] = {"value": ("number",)}

_AUTHORIZATION: Final[Shape] = {
    **_META,
    "paymentId": TEXT,
    "status": TEXT,
    # The text allows it to be null or absent while nothing is authorized; the schema,
    # and the text, want it as soon as something is.
    "authorizationId": ("text", "null", "absent"),
    "tid": TEXT,
    "nsu": _TEXT_OR_NULL,
    "acquirer": _TEXT_OR_NULL,
    "code": ("text", "null", "absent"),
    "message": ("text", "null", "absent"),
    "paymentUrl": ("text", "null", "absent"),
    "paymentAppData": ("object", "absent"),
    "identificationNumber": _OPTIONAL_TEXT,
    "identificationNumberFormatted": _OPTIONAL_TEXT,
    "barCodeImageType": _OPTIONAL_TEXT,
    "barCodeImageNumber": _OPTIONAL_TEXT,
    "delayToAutoSettle": ("integer",),
    "delayToAutoSettleAfterAntifraud": ("integer",),
    "delayToCancel": ("integer",),
    "maxValue": ("integer", "absent"),
}
# A callback may leave out the delays, and has a bigger `maxValue` in the documents.
CALLBACK: Final[Shape] = {
    **_AUTHORIZATION,
    "nsu": ("text", "null", "absent"),
    "acquirer": ("text", "null", "absent"),
    "delayToAutoSettle": ("integer", "absent"),
    "delayToAutoSettleAfterAntifraud": ("integer", "absent"),
    "delayToCancel": ("integer", "absent"),
    "maxValue": ("number", "absent"),
}
_REFUSED: Final[Shape] = {"status": TEXT, "code": TEXT, "message": TEXT}
SHAPES: Final[Mapping[str, Mapping[int, Shape]]] = {
    "payments": {OK: _AUTHORIZATION, BAD: _REFUSED, FAILED: _REFUSED},
    "cancellations": {
        OK: {**_DONE, "cancellationId": TEXT},
        FAILED: {**_NOT_DONE, "cancellationId": ("null",)},
        BY_HAND: {**_NOT_DONE, "cancellationId": ("null",)},
    },
    "settlements": {
        OK: {**_DONE, "settleId": TEXT, "value": ("number",)},
        FAILED: {**_NOT_DONE, **_NOTHING_PAID, "settleId": ("null",)},
    },
    "refunds": {
        OK: {**_DONE, "refundId": TEXT, "value": ("number",)},
        FAILED: {**_NOT_DONE, **_NOTHING_PAID, "refundId": ("null",)},
        BY_HAND: {**_NOT_DONE, **_NOTHING_PAID, "refundId": ("null",)},
    },
    "inbound": {
        OK: {
            **_META,
            "requestId": TEXT,
            "paymentId": TEXT,
            "code": _OPTIONAL_TEXT,
            "message": _OPTIONAL_TEXT,
            "responseData": ("object",),
        }
    },
    "manifest": {
        OK: {
            "paymentMethods": ("array",),
            "customFields": ("array", "absent"),
            "autoSettleDelay": ("object", "absent"),
            "metadataFields": ("array", "absent"),
        }
    },
}


def shape_faults(shape: Shape, body: Json) -> list[str]:
    """Fields that are missing, or of another kind than the specification has."""
    return [
        f"{name} must be {' or '.join(kinds)}"
        for name, kinds in shape.items()
        if not _fits(body, name, kinds)
    ]


def _fits(body: Json, name: str, kinds: tuple[str, ...]) -> bool:
    if name not in body:
        return "absent" in kinds
    return any(_KINDS[kind](body[name]) for kind in kinds if kind != "absent")
