"""Schemathesis over VTEX's own OpenAPI document against the running service.

What it sends is made from the specification: good data and hostile data, with the store's
keys and without. What it hears is judged by the same document. Always the same examples.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from vtex_samples import TOKEN, said_of, specification
from vtex_service import House
from vtex_shop import MOST_MILLISECONDS, Shop

PAYMENTS: Final = tuple(p for p in specification()["paths"] if p.startswith("/payments"))
OPEN_TO_ALL: Final = ("/manifest", "/authorization/token", "/authorization/credentials")
PAGE: Final = "/authorization/redirect"
ROUTES: Final = (*OPEN_TO_ALL, PAGE, *PAYMENTS)
OPERATIONS: Final = tuple(
    f"/payments/{{paymentId}}/{name}" for name in ("settlements", "refunds", "cancellations")
)
# The document says "string" and "number" where its prose, and VTEX's gateway, mean these.
MEANT: Final[Mapping[str, Mapping[str, Any]]] = {
    "paymentId": {"type": "string", "pattern": "^[0-9A-F]{32}$"},
    "requestId": {"type": "string", "pattern": "^[0-9A-F]{32}$"},
    "orderId": {"type": "string", "pattern": "^[0-9]{13}$"},
    "currency": {"type": "string", "enum": ["PEN", "USD"]},
    "value": {"type": "number", "enum": [0.01, 1, 20.0, 59.9, 129.8, 129.81, 1000000]},
    "callbackUrl": {
        "type": "string",
        "pattern": r"^https://[a-z]{1,9}\.vtexpayments\.com/[a-z]{1,9}$",
    },
    "returnUrl": {"type": "string", "pattern": r"^https://[a-z]{1,9}\.myvtex\.com/[a-z]{1,9}$"},
    "applicationId": {"type": "string", "pattern": "^[a-z]{1,9}$"},
    "email": {"type": "string", "pattern": r"^[a-z]{1,9}@example\.test$"},
    "action": {"type": "string", "pattern": "^[a-z-]{1,9}$"},
}
ANY_NUMBER: Final = {"type": "number", "enum": [0, 1, 2.5, 118]}
AS_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
GOOD, HOSTILE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# Beyond the protocol: a call that nobody proved, or that can't be read at all.
BEFORE_THE_PROTOCOL: Final = {400, 401, 404, 405, 413, 415, 422}
# An address with a line break in it: not even ours.
NO_ROUTE: Final = (404, "Not Found")
_ITS_OWN_CHECKS: Final = ("response_schema_conformance", "content_type_conformance")


def quickly(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples, the same ones each time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=tuple(HealthCheck),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """The service as schemathesis calls it, with a store of the protocol's."""

    shop: Shop
    home: str
    written: BaseSchema
    meant: BaseSchema
    session: requests.Session
    bought: Mapping[str, Any]

    def cases(self, route: str, mode: GenerationMode, *, meant: bool = False) -> Any:
        """Calls of a route, made from the document as it is written, or as it is meant."""
        (method,) = specification()["paths"][route]
        operation = (self.meant if meant else self.written)[route][method.upper()]
        return operation.as_strategy(mode)

    def keys(self, token: str = TOKEN) -> dict[str, str]:
        """The header pair that the specification names."""
        pair = {"X-PROVIDER-API-AppKey": self.shop.store_id, "X-PROVIDER-API-AppToken": token}
        return AS_JSON | pair

    def ask(self, case: Any, headers: Mapping[str, str]) -> requests.Response:
        """Send a case; these headers come before those that were made up."""
        answer = case.call(self.home, self.session, headers=dict(headers), allow_redirects=False)
        elapsed = answer.elapsed * 1000
        assert elapsed < MOST_MILLISECONDS
        checks = [CHECKS.get_one(name) for name in _ITS_OWN_CHECKS]
        if answer.status_code in documented(case.operation.path):
            case.validate_response(answer, checks=checks)
        return answer


@pytest.fixture(scope="module")
async def bought(running: House) -> tuple[Shop, Any]:
    """A store with one payment that was paid and settled."""
    shop = await running.opens("especificacion", policy=NO_DOUBTS)
    return shop, await shop.bought("129.80")


NO_DOUBTS: Final = {"name": "often", "otherwise": "approve", "double_press_minutes": 0}


@pytest.fixture(scope="module")
def service(running: House, bought: tuple[Shop, Any]) -> Iterator[Service]:
    """The specification, with our address where VTEX left it open."""
    home = f"{running.address}/provider/vtex"
    written = {**specification(), "servers": [{"url": home}]}
    both = (schemathesis.openapi.from_dict(each) for each in (written, as_meant(written)))
    with requests.Session() as session:
        yield Service(bought[0], home, *both, session, bought[1])


def as_meant(written: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what a request's fields must look like; answers stay as they are."""
    document = deepcopy(dict(written))
    for operation in _operations(document):
        _tighten(operation.get("requestBody"), document["components"]["schemas"])
    own = [each for operation in _operations(document) for each in operation["parameters"]]
    for parameter in (*own, *document["components"]["parameters"].values()):
        if "schema" in parameter:
            parameter["schema"] = _field(parameter["name"], parameter["schema"])
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _tighten(node: Any, named: Mapping[str, Any]) -> None:
    """Change a request's schema in place, and what it refers to."""
    if isinstance(node, list):
        for each in node:
            _tighten(each, named)
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        _tighten(named[node["$ref"].rpartition("/")[2]], named)
    if "properties" in node:
        node["additionalProperties"] = False
        node["properties"] = {n: _field(n, each) for n, each in node["properties"].items()}
    for each in node.values():
        _tighten(each, named)


def _field(name: str, written: Any) -> Any:
    more = MEANT.get(name, ANY_NUMBER)
    return dict(more) if written.get("type") == more["type"] else written


def documented(route: str) -> set[int]:
    """The statuses that the specification knows for a route."""
    ((_, operation),) = specification()["paths"][route].items()
    return {int(status) for status in operation["responses"]}


def code_of(answer: Any) -> str:
    """Why a call was refused."""
    return str(json.loads(answer.content)["code"])


def judge(route: str, answer: Any) -> int:
    """An answer is the protocol's to the letter, or a 4xx that says what is wrong."""
    status = int(answer.status_code)
    (method,) = specification()["paths"][route]
    if route == PAGE:
        assert answer.headers["content-type"] == ["text/html; charset=utf-8"]
        assert status in documented(route) | BEFORE_THE_PROTOCOL
        return status
    if status not in documented(route):
        assert status in BEFORE_THE_PROTOCOL, (status, answer.text)
        if (status, answer.text) != NO_ROUTE:
            said = json.loads(answer.content)
            assert said["code"]
            assert said["message"]
        return status
    said_of(json.loads(answer.content, parse_float=Decimal), route, method, status)
    return status


@pytest.mark.parametrize("route", ROUTES)
def test_what_the_specification_allows(service: Service, route: str) -> None:
    """Whatever its types allow is answered; what nobody can mean is unreadable, and no failure."""

    @quickly(25)
    @given(case=service.cases(route, GOOD))
    def ask(case: Any) -> None:
        answer = service.ask(case, service.keys())
        if judge(route, answer) == 400:
            assert code_of(answer) == "BODY_UNREADABLE"

    ask()


@pytest.mark.parametrize("route", PAYMENTS)
def test_what_the_specification_means(service: Service, route: str) -> None:
    """A call as VTEX's gateway makes it has one of the protocol's own answers, and no other."""

    @quickly(25)
    @given(case=service.cases(route, GOOD, meant=True))
    def ask(case: Any) -> None:
        case.body["paymentId"] = case.path_parameters.get("paymentId", case.body["paymentId"])
        assert judge(route, service.ask(case, service.keys())) in documented(route)

    ask()


@pytest.mark.parametrize("route", ROUTES)
def test_what_the_specification_forbids(service: Service, route: str) -> None:
    """Hostile data under good keys never makes the service fail."""

    @quickly(40)
    @given(case=service.cases(route, HOSTILE))
    def ask(case: Any) -> None:
        judge(route, service.ask(case, service.keys()))

    ask()


@pytest.mark.parametrize("token", ["", "wrong", f"{TOKEN}x"])
@pytest.mark.parametrize("route", PAYMENTS)
def test_without_the_stores_keys(service: Service, route: str, token: str) -> None:
    """Whoever does not prove the store hears that, and nothing about its payments."""

    @quickly(6)
    @given(case=service.cases(route, GOOD, meant=True))
    def ask(case: Any) -> None:
        assert judge(route, service.ask(case, service.keys(token))) == 401

    ask()


@pytest.mark.parametrize("route", OPERATIONS)
def test_at_a_payment_that_was_paid(service: Service, route: str) -> None:
    """The protocol's own answer, whatever the amounts and names in the body are."""
    payment = service.bought["payment_id"]

    @quickly(8)
    @given(case=service.cases(route, GOOD, meant=True))
    def ask(case: Any) -> None:
        case.path_parameters["paymentId"] = case.body["paymentId"] = payment
        case.body["sandboxMode"] = True
        assert judge(route, service.ask(case, service.keys())) in documented(route)

    ask()


async def test_nothing_was_paid_beyond_what_was_captured(
    running: House, bought: tuple[Shop, Any]
) -> None:
    """After all that, the rail has no more than the one payment to give back, and nobody fell."""
    shop, payment = bought
    back = await shop.paid_back(payment)
    assert sum(each.minor for each in back) <= 12980
    assert running.stumbles() == []
