"""Requests recorded at a real WooCommerce 11.0.1 store, and signing like it."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures" / "woocommerce"
SIGNED = [
    (path.stem, number)
    for path in sorted((FIXTURES / "recordings").glob("*.json"))
    for number, request in enumerate(json.loads(path.read_text())["requests"])
    if request.get("signature_valid")
]


def recorded(name: str, number: int) -> tuple[bytes, dict[str, str], str]:
    """Body, headers and the name of the store whose secret signed it."""
    text = (FIXTURES / "recordings" / f"{name}.json").read_text()
    request = json.loads(text)["requests"][number]
    dropped = {"Host", "Connection", "Content-Length", "Accept-Encoding"}
    headers = {key: value for key, value in request["headers"] if key not in dropped}
    store = "abc" if request["secret"] == "abc" else "order"
    return request["body"].encode(), headers, store


def rest_body(name: str) -> Any:
    """The body that the store answered to a REST call."""
    return json.loads((FIXTURES / "rest" / f"{name}.json").read_text())["body"]


def signed(body: bytes, secret: str, source: str, topic: str) -> dict[str, str]:
    """The headers with which a store signs a delivery."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "X-WC-Webhook-Source": f"{source}/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
    }
