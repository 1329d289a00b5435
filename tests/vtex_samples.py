"""What the VTEX tests share: the specification, calls of its gateway, a store, checkouts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import AskedRefund, Checkout, CheckoutState
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer, Call, RefundStanding
from pef_vtex.provider import VtexProvider

SPECIFICATION = Path(__file__).parent / "fixtures" / "vtex" / "ppp-openapi.json"
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
STORE, TOKEN = "tiendamisti-myvtex-com", "made-up-provider-token"
PARTNER = {"partner_app_key": "partner-key", "partner_app_token": "partner-token"}
STORE_KEYS = {"store_app_key": "store-key", "store_app_token": "store-token"}
HOOK_SECRET = "madeUpHookSecret42"
PAYMENT = "F5C1A4E20D3B4E07B7E871F5B5BC9F91"
REQUEST = "LA4E20D3B4E07B7E871F5B5BC9F91"
CALLBACK = (
    "https://tiendamisti.vtexpayments.com.br/api/pvt/payment-provider/transactions/8FB0"
    f"/payments/{PAYMENT}/callback?accountName=tiendamisti&X-VTEX-signature=R*%7e~tk"
)
CIP = "11546901"


def provider(now: datetime = NOW) -> VtexProvider:
    """The adapter's provider at a fixed moment."""
    return VtexProvider(lambda: now)


def connection(**changes: Any) -> StoreConnection:
    """A store's connection; `settings` and `secrets` are merged into working ones."""
    settings = {"account": "tiendamisti"}
    secrets = {"app_token": TOKEN, "webhook_secret": HOOK_SECRET}
    return StoreConnection(
        store_id=STORE,
        platform="vtex",
        address="https://tiendamisti.myvtex.com",
        mode=changes.get("mode", Mode.LIVE),
        language=changes.get("language", "en"),
        callback_url=f"https://refunds.example/webhooks/vtex/{STORE}",
        settings=settings | changes.get("settings", {}),
        secrets=secrets | changes.get("secrets", {}),
        records=changes.get("records"),
    )


def suite_store(**changes: Any) -> StoreConnection:
    """A store that lets VTEX's test suite in."""
    return connection(mode=Mode.SANDBOX, settings={"test_suite": True} | changes)


KEYS = {"x-vtex-api-appkey": STORE, "x-vtex-api-apptoken": TOKEN}
SUITE = {"x-vtex-api-is-testsuite": "true", "x-vtex-api-appkey": "", "x-vtex-api-apptoken": ""}


def call(
    path: str,
    body: Mapping[str, Any] | bytes = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] = KEYS,
) -> Call:
    """A call of VTEX's gateway."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(method=method, path=path, headers=headers, query={}, body=raw, at=NOW)


def payment_body(**changes: Any) -> dict[str, Any]:
    """`POST /payments` as VTEX's gateway sends it for a redirect method."""
    body = {
        "reference": "32478982",
        "orderId": "1172452900788",
        "transactionId": "D3AA1FC8372E430E8236649DB5EBD08E",
        "paymentId": PAYMENT,
        "paymentMethod": "Promissories",
        "value": 129.8,
        "currency": "PEN",
        "card": {"holder": None, "number": None},
        "miniCart": {"buyer": {"email": "ana@example.com"}},
        "callbackUrl": CALLBACK,
        "returnUrl": "https://tiendamisti.myvtex.com/checkout/order/1172452900788",
        "sandBoxMode": False,
    }
    return body | changes


def refund_body(**changes: Any) -> dict[str, Any]:
    """`…/refunds` as VTEX's gateway sends it."""
    body = {
        "requestId": REQUEST,
        "settleId": "S1",
        "paymentId": PAYMENT,
        "tid": "T1",
        "value": 20.0,
        "transactionId": "D3AA1FC8372E430E8236649DB5EBD08E",
        "sandboxMode": False,
    }
    return body | changes


def checkout(state: CheckoutState, **changes: Any) -> Checkout:
    """A checkout of S/ 129.80 that lives for two days."""
    has_cip = state is not CheckoutState.ASKED
    made = Checkout(
        id="CO1A2B3C",
        store_id=STORE,
        account_id="main",
        payment_id=PAYMENT,
        order_id="1172452900788",
        order_number="1172452900788",
        amount=Money(12980, "PEN"),
        test=False,
        state=state,
        return_url="https://tiendamisti.myvtex.com/checkout/order/1172452900788",
        private={"callback_url": CALLBACK},
        created_at=NOW,
        updated_at=NOW,
        transaction_id=CIP if has_cip else None,
        pay_url=f"https://pagoefectivo.example/{CIP}" if has_cip else None,
        expires_at=NOW + timedelta(days=2),
        paid_at=NOW if state is CheckoutState.PAID else None,
    )
    return replace(made, **changes)


def standing(state: State | None, **changes: Any) -> RefundStanding:
    """How a refund of S/ 20.00 stands."""
    made = RefundStanding(our_id="RF4K2M", amount=Money(2000, "PEN"), state=state)
    return replace(made, **changes)


def asked_refund(path: str = f"/payments/{PAYMENT}/refunds", **changes: Any) -> AskedRefund:
    """What the adapter understands of a call for a refund."""
    asked = provider().read(call(path, refund_body(**changes)), connection())
    assert isinstance(asked, AskedRefund)
    return asked


# --- the specification -----------------------------------------------------------


@cache
def specification() -> Any:
    """VTEX's own OpenAPI document."""
    return json.loads(SPECIFICATION.read_text(encoding="utf-8"))


def said(answer: Answer, path: str, method: str = "post") -> Any:
    """The answer's body, proved to be one that the specification allows for this route."""
    return said_of(json.loads(answer.body, parse_float=Decimal), path, method, answer.status)


def said_of(body: Any, path: str, method: str, status: int = 200) -> Any:
    """As `said`, of a body that was read already."""
    responses = specification()["paths"][path][method]["responses"]
    assert str(status) in responses, f"{path} knows no status {status}"
    schema = _schema(responses[str(status)]["content"]["application/json"]["schema"])
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    assert errors == []
    assert set(body) <= set(schema["properties"]), "a field that the specification does not name"
    return body


def example_requests(path: str) -> Iterator[Any]:
    """Every request that the specification gives as an example for a route."""
    content = specification()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    yield from (example["value"] for example in content.get("examples", {}).values())
    schema = _schema(content["schema"])
    if "example" in schema:
        yield schema["example"]
    elif "examples" not in content:
        yield _example_of(schema)


def _example_of(schema: Any) -> Any:
    if "example" in schema:
        return schema["example"]
    if "properties" in schema:
        return {name: _example_of(each) for name, each in schema["properties"].items()}
    return [_example_of(schema["items"])] if "items" in schema else None


def _schema(node: Any) -> Any:
    """The schema without references, as JSON Schema has it: OpenAPI 3.0 says `nullable`."""
    if isinstance(node, list):
        return [_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _schema(specification()["components"]["schemas"][name])
    plain = {name: _schema(each) for name, each in node.items()}
    if plain.pop("nullable", False) is True:
        plain["type"] = [plain["type"], "null"]
    return plain
