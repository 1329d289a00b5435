"""Whether a provider's answer keeps the Payment Provider Protocol, to the letter.

The fields, their types and what may be null follow the specification of 2026-05-18
(platforms/vtex.md, sections 1 to 4). Checked by hand, not by a schema library: the fake
runs without the developers' tools, reads amounts as Decimal, and says its faults in the
protocol's own terms. Reads nothing and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pef_adapters.testing.fake_vtex.shapes import BY_HAND, CALLBACK, OK, SHAPES, TEXT, shape_faults
from pef_adapters.testing.fake_vtex.wire_json import Json

_LONGEST_SETTLE: Final = 604_800
_SHORTEST_CANCEL, _LONGEST_CANCEL = 600, 2_592_000
_LONGEST_NAME, _LONGEST_VALUE, _MOST_FIELDS = 20, 200, 3
_SPLITS: Final = {"onAuthorize", "onCapture", "disabled"}
_FIELD_TYPES: Final = {"text", "password", "select"}


_CODES: Final = {"refunds": "refund-manually", "cancellations": "cancel-manually"}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came: `body` is the JSON object, None where there is none."""

    status: int
    content_type: str
    body: Json | None


def faults_of(operation: str, answered: Answered, asked: Json) -> list[str]:
    """How the answer leaves the protocol; empty where it keeps it. `asked` is our body."""
    shape = SHAPES[operation].get(answered.status)
    if shape is None:
        return [f"status {answered.status} is not foreseen for {operation}"]
    if answered.body is None:
        return ["the body is not a JSON object"]
    faults = [] if answered.content_type.startswith("application/json") else ["not sent as JSON"]
    faults += shape_faults(shape, answered.body)
    if faults:
        return faults
    return [*_echo_faults(answered.body, asked), *_MEANINGS[operation](answered, asked)]


def callback_faults(body: Json) -> list[str]:
    """What is wrong with a callback's body."""
    return shape_faults(CALLBACK, body) or _authorization_faults(body)


def _echo_faults(body: Json, asked: Json) -> list[str]:
    return [
        f"{name} is not the one that was sent"
        for name in ("paymentId", "requestId")
        if name in body and name in asked and body[name] != asked[name]
    ]


def _payment_meaning(answered: Answered, _asked: Json) -> list[str]:
    if answered.status != OK or answered.body is None:
        return []
    return _authorization_faults(answered.body)


def _authorization_faults(body: Json) -> list[str]:
    faults = [*_delay_faults(body), *_metadata_faults(body)]
    if body["status"] not in {"approved", "denied", "undefined"}:
        faults.append("status must be approved, denied or undefined")
    if body["status"] == "approved" and not body.get("authorizationId"):
        faults.append("authorizationId is wanted as soon as a payment is approved")
    return faults


def _delay_faults(body: Json) -> list[str]:
    bounds = {
        "delayToAutoSettle": (0, _LONGEST_SETTLE),
        "delayToAutoSettleAfterAntifraud": (0, _LONGEST_SETTLE),
        "delayToCancel": (_SHORTEST_CANCEL, _LONGEST_CANCEL),
    }
    return [
        f"{name} must be from {least} to {most} seconds"
        for name, (least, most) in bounds.items()
        if not least <= body.get(name, least) <= most
    ]


def _metadata_faults(body: Json) -> list[str]:
    entries = body.get("connectorMetadata", [])
    good = all(
        isinstance(each, dict)
        and isinstance(each.get("name"), str)
        and isinstance(each.get("value"), str)
        and len(each["name"]) <= _LONGEST_NAME
        and len(each["value"]) <= _LONGEST_VALUE
        for each in entries
    )
    return [] if good else ["connectorMetadata holds names of 20 and values of 200 characters"]


def _operation_meaning(operation: str) -> Callable[[Answered, Json], list[str]]:
    by_hand = _CODES.get(operation)

    def meaning(answered: Answered, asked: Json) -> list[str]:
        body = answered.body or {}
        faults = _metadata_faults(body)
        if (answered.status == BY_HAND) != (body["code"] in _CODES.values()):
            faults.append("the codes *-manually and the status 501 belong together")
        if answered.status == BY_HAND and body["code"] != by_hand:
            faults.append(f"the code must be {by_hand}")
        return [*faults, *_value_faults(answered, asked)]

    return meaning


def _value_faults(answered: Answered, asked: Json) -> list[str]:
    body = answered.body or {}
    if "value" not in body:
        return []
    if answered.status != OK:
        return [] if body["value"] == 0 else ["value must be 0 where nothing was done"]
    # Not empty either: they are what later calls name.
    faults = [f"{n} is empty" for n in ("settleId", "refundId") if body.get(n) == ""]
    value = Decimal(body["value"])
    if not 0 < value <= asked["value"]:
        faults.append("value must be more than 0 and at most what was asked")
    if value.scaleb(2) % 1:
        faults.append("value has more decimals than the currency")
    return faults


def _inbound_meaning(answered: Answered, _asked: Json) -> list[str]:
    data = (answered.body or {})["responseData"]
    shape = {"statusCode": ("integer",), "contentType": TEXT, "content": TEXT}
    return [f"responseData.{fault}" for fault in shape_faults(shape, data)]


def _manifest_meaning(answered: Answered, _asked: Json) -> list[str]:
    body = answered.body or {}
    faults = []
    if not all(_is_method(method) for method in body["paymentMethods"]):
        faults.append("each of paymentMethods has a name and allowsSplit")
    if not all(_is_custom_field(field) for field in body.get("customFields", [])):
        faults.append("each of customFields has a name and a type that VTEX knows")
    delay = body.get("autoSettleDelay")
    if delay is not None and not all(str(delay.get(k, "")).isdigit() for k in _DELAY):
        faults.append("autoSettleDelay has minimum and maximum in whole hours")
    names = body.get("metadataFields", [])
    if len(names) > _MOST_FIELDS or not all(_is_name(name) for name in names):
        faults.append("metadataFields has at most 3 names of at most 20 characters")
    return faults


_DELAY: Final = ("minimum", "maximum")


def _is_method(method: Any) -> bool:
    return (
        isinstance(method, dict)
        and isinstance(method.get("name"), str)
        and method.get("allowsSplit") in _SPLITS
    )


def _is_custom_field(field: Any) -> bool:
    return (
        isinstance(field, dict)
        and isinstance(field.get("name"), str)
        and field.get("type") in _FIELD_TYPES
        and isinstance(field.get("options", []), list)
    )


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and len(name) <= _LONGEST_NAME


_MEANINGS: Final[Mapping[str, Callable[[Answered, Json], list[str]]]] = {
    "payments": _payment_meaning,
    "cancellations": _operation_meaning("cancellations"),
    "settlements": _operation_meaning("settlements"),
    "refunds": _operation_meaning("refunds"),
    "inbound": _inbound_meaning,
    "manifest": _manifest_meaning,
}
