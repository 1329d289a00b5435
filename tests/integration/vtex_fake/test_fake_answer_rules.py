"""The fake's rules for a provider's answers say what VTEX's own specification says."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pef_adapters.testing.fake_vtex.answers import Answered, faults_of
from pef_adapters.testing.fake_vtex.shapes import SHAPES, shape_faults
from pef_adapters.testing.fake_vtex.wire_json import cents_said, in_cents, read, write

SPECIFICATION = Path(__file__).parents[2] / "fixtures" / "vtex" / "ppp-openapi.json"
PATHS = {
    "manifest": ("get", "/manifest"),
    "payments": ("post", "/payments"),
    "cancellations": ("post", "/payments/{paymentId}/cancellations"),
    "settlements": ("post", "/payments/{paymentId}/settlements"),
    "refunds": ("post", "/payments/{paymentId}/refunds"),
    "inbound": ("post", "/payments/{paymentId}/inbound/{action}"),
}
ANSWERS = [(operation, status) for operation, shapes in SHAPES.items() for status in shapes]
# The specification's text allows what its schema does not: nothing is authorized yet.
NOT_YET = "authorizationId"


@cache
def schema_of(operation: str, status: int) -> dict[str, Any]:
    """The specification's schema of an answer, readable for a validator of today."""
    document = json.loads(SPECIFICATION.read_text("utf-8"))
    method, path = PATHS[operation]
    answer = document["paths"][path][method]["responses"][str(status)]
    schema: dict[str, Any] = _resolved(
        answer["content"]["application/json"]["schema"], document["components"]["schemas"]
    )
    return schema


def _resolved(schema: Any, known: dict[str, Any]) -> Any:
    """References replaced, and OpenAPI's `nullable` said as JSON Schema says it."""
    if isinstance(schema, list):
        return [_resolved(each, known) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(known[schema["$ref"].rpartition("/")[2]], known)
    found = {name: _resolved(each, known) for name, each in schema.items()}
    if found.pop("nullable", False) is True:
        found["type"] = [found["type"], "null"]
    return found


def values_of(kinds: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Values that a shape allows for a field."""
    allowed = {
        "text": st.text(max_size=5),
        "number": st.integers(0, 9),
        "integer": st.integers(0, 9),
        "object": st.just(dict.fromkeys(("appName", "payload", "minimum", "maximum"), "1")),
        "array": st.just([]),
        "null": st.none(),
    }
    return st.one_of([allowed[kind] for kind in kinds if kind != "absent"])


@pytest.mark.parametrize(("operation", "status"), ANSWERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_the_shapes_take_the_specification_takes(
    operation: str, status: int, data: st.DataObject
) -> None:
    """An answer that fits the fake's shape is valid by the specification's schema."""
    shape = SHAPES[operation][status]
    body = {
        name: data.draw(values_of(kinds))
        for name, kinds in shape.items()
        if "absent" not in kinds or data.draw(st.booleans())
    }
    if "responseData" in body:
        body["responseData"] = {"statusCode": 200, "contentType": "t", "content": "c"}
    assert shape_faults(shape, body) == []
    errors = Draft202012Validator(schema_of(operation, status)).iter_errors(body)
    unexplained = [e for e in errors if not _is_known(e.message, list(map(str, e.path)), body)]
    assert unexplained == []


def _is_known(message: str, path: list[str], body: dict[str, Any]) -> bool:
    """Where the specification's text allows what its schema does not."""
    about_it = path[:1] == [NOT_YET] or NOT_YET in message
    return about_it and body.get(NOT_YET) is None


@pytest.mark.parametrize(("operation", "status"), ANSWERS)
def test_what_the_specification_wants_the_shapes_want(operation: str, status: int) -> None:
    """Each required field of the specification is one of the fake's, and can't be left out."""
    shape = SHAPES[operation][status]
    required = set(schema_of(operation, status)["required"]) - {NOT_YET}
    missing = {name for name in required if "absent" in shape.get(name, ("absent",))}
    assert missing == set()


@pytest.mark.parametrize(("operation", "status"), ANSWERS)
def test_its_own_examples_are_the_only_exceptions(operation: str, status: int) -> None:
    """VTEX's own example answers fit the shapes, but for fields that they leave out."""
    document = json.loads(SPECIFICATION.read_text("utf-8"))
    method, path = PATHS[operation]
    content = document["paths"][path][method]["responses"][str(status)]["content"]
    told = content["application/json"]
    examples = [told["example"]] if "example" in told else []
    examples += [each["value"] for each in told.get("examples", {}).values()]
    assert examples != []
    for example in examples:
        faults = shape_faults(SHAPES[operation][status], example)
        left_out = {name for name in SHAPES[operation][status] if name not in example}
        assert {fault.partition(" ")[0] for fault in faults} <= left_out


ASKED = {"paymentId": "P", "requestId": "Q", "value": Decimal("20.0")}
DONE = {
    "paymentId": "P",
    "requestId": "Q",
    "refundId": "R",
    "value": 20,
    "code": None,
    "message": "done",
}
OPEN = DONE | {"refundId": None, "value": 0, "code": "refund-in-progress"}
BY_HAND = OPEN | {"code": "refund-manually"}


def faults(operation: str, status: int, body: dict[str, Any] | None) -> list[str]:
    """What is wrong with an answer to `ASKED`."""
    return faults_of(operation, Answered(status, "application/json", body), ASKED)


@pytest.mark.parametrize(("status", "body"), [(200, DONE), (500, OPEN), (501, BY_HAND)])
def test_the_three_answers_to_a_refund_are_good(status: int, body: dict[str, Any]) -> None:
    """Done, not done yet and by hand are what the protocol foresees."""
    assert faults("refunds", status, body) == []


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, DONE | {"refundId": None}, "refundId must be text"),
        (200, DONE | {"refundId": ""}, "refundId is empty"),
        (200, DONE | {"value": 21}, "value must be more than 0 and at most what was asked"),
        (200, DONE | {"value": 0}, "value must be more than 0 and at most what was asked"),
        (200, DONE | {"value": "20.0"}, "value must be number"),
        (200, DONE | {"value": Decimal("19.999")}, "value has more decimals than the currency"),
        (200, DONE | {"value": True}, "value must be number"),
        (200, DONE | {"requestId": "another"}, "requestId is not the one that was sent"),
        (200, DONE | {"message": None}, "message must be text"),
        (500, OPEN | {"refundId": "R"}, "refundId must be null"),
        (500, OPEN | {"value": 20}, "value must be 0 where nothing was done"),
        (500, OPEN | {"code": None}, "code must be text"),
        (500, BY_HAND, "the codes *-manually and the status 501 belong together"),
        (501, OPEN, "the codes *-manually and the status 501 belong together"),
        (501, OPEN | {"code": "cancel-manually"}, "the code must be refund-manually"),
        (202, DONE, "status 202 is not foreseen for refunds"),
        (200, None, "the body is not a JSON object"),
    ],
)
def test_every_other_answer_to_a_refund_is_a_fault(
    status: int, body: dict[str, Any] | None, fault: str
) -> None:
    """The fault names the field and what it should have been."""
    assert fault in faults("refunds", status, body)


def test_the_code_of_a_refund_may_not_stand_in_a_settlement() -> None:
    """Known issue 615050: there it would make the gateway refund twice."""
    settled = {**DONE, "settleId": "S", "code": "refund-manually"}
    said = "the codes *-manually and the status 501 belong together"
    assert said in faults("settlements", 200, settled)


def test_an_answer_is_sent_as_json() -> None:
    """Another content type is a fault, whatever the body is."""
    answered = Answered(200, "text/html", DONE)
    assert faults_of("refunds", answered, ASKED) == ["not sent as JSON"]


@pytest.mark.parametrize(
    ("cents", "written"), [(2000, "20.0"), (5990, "59.9"), (5, "0.05"), (123456789, "1234567.89")]
)
def test_amounts_are_written_as_vtex_writes_them(cents: int, written: str) -> None:
    """An amount keeps its value on the way out and back, and never ends in a useless nought."""
    text = write({"value": Decimal(cents).scaleb(-2)})
    assert text == f'{{"value":{written}}}'
    assert cents_said(read(text)["value"]) == in_cents(read(text)["value"]) == cents


def test_a_float_is_never_written() -> None:
    """An amount that went through a float is another amount."""
    with pytest.raises(TypeError, match="float has no exact form"):
        write({"value": 20.1})
    with pytest.raises(ValueError, match="more than two decimals"):
        in_cents(Decimal("20.001"))
