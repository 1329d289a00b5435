"""Proves that a call comes from a store's gateway: two headers are all there is to it.

VTEX signs nothing; the pair that the merchant typed into the admin travels with each call,
under one of two names (platforms/vtex.md, section 1). Compared in constant time, never kept.
"""

import hmac
from collections.abc import Mapping
from typing import Final

from pef_adapters.core.errors import SignatureInvalid, SignatureMissing
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Call
from pef_vtex.settings import secrets_of, takes_test_suite

# A connector on VTEX IO has its own pair in X-VTEX-…, so the provider's pair comes first.
_PAIRS: Final = (
    ("x-provider-api-appkey", "x-provider-api-apptoken"),
    ("x-vtex-api-appkey", "x-vtex-api-apptoken"),
)
_SUITE: Final = "x-vtex-api-is-testsuite"


def app_key(headers: Mapping[str, str]) -> str | None:
    """The AppKey that a call carries, which is our name of its store; proves nothing."""
    return _pair(headers)[0] or None


def is_suite(call: Call, store: StoreConnection) -> bool:
    """Whether VTEX's test suite calls, at a store that lets it in."""
    return call.headers.get(_SUITE, "").lower() == "true" and takes_test_suite(store)


def prove(call: Call, store: StoreConnection) -> None:
    """Nothing, where the call comes from this store's gateway.

    Raises:
        SignatureMissing: the call carries no pair.
        SignatureInvalid: it is not this store's pair.
    """
    key, token = _pair(call.headers)
    if not key and not token and is_suite(call, store):
        return
    if not token:
        raise SignatureMissing("the call carries no AppKey and AppToken of ours")
    known = secrets_of(store).app_token.get_secret_value()
    # Both are compared, whatever the first says: the time must not tell which was wrong.
    if not (_same(key, store.store_id) & _same(token, known)):
        raise SignatureInvalid("the AppKey or AppToken is not this store's")


def _pair(headers: Mapping[str, str]) -> tuple[str, str]:
    """The first pair that is not empty; else two empty texts."""
    for key, token in _PAIRS:
        if headers.get(key) or headers.get(token):
            return headers.get(key, ""), headers.get(token, "")
    return "", ""


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())
