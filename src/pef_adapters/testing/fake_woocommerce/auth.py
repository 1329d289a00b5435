"""Who asks: REST keys by basic or query over https, by OAuth 1.0a over http.

Answers are WooCommerce's own (section 4): over plain http a basic header counts for
nothing, a read-only key fails every write, a nonce counts once.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from starlette.requests import Request

from pef_adapters.testing.fake_woocommerce.settings import ApiKey

_READS: Final = {"GET", "HEAD", "OPTIONS"}
_UNAUTHORIZED: Final = 401


class RestError(Exception):
    """An error as WordPress' REST API tells it."""

    def __init__(self, code: str, message: str, status: int, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = {"status": status} if data is None else data


@dataclass(slots=True)
class Doorman:
    """Checks keys; remembers nonces. `keys` is the store's own living list."""

    keys: list[ApiKey]
    home: str
    nonces: set[tuple[str, str]] = field(default_factory=set)

    def admit(self, request: Request, *, header_stripped: bool = False) -> ApiKey:
        """The key that this request proves.

        Raises:
            RestError: unknown, wrong, missing or not allowed to write.
        """
        header = "" if header_stripped else request.headers.get("authorization", "")
        if self.home.startswith("https://"):
            key = self._by_secret(header, request)
        else:
            key = self._by_oauth(header, request)
        if key is None:
            raise _unknown()
        _require_rights(key, request.method)
        return key

    def _by_secret(self, header: str, request: Request) -> ApiKey | None:
        given = _basic(header) or (
            request.query_params.get("consumer_key", ""),
            request.query_params.get("consumer_secret", ""),
        )
        key = self._find(given[0])
        if key and given[1] != key.consumer_secret:
            raise _refused("Consumer secret is invalid.")
        return key

    def _by_oauth(self, header: str, request: Request) -> ApiKey | None:
        if "oauth_" not in header and "oauth_signature" not in request.query_params:
            return None
        endpoint = SignatureOnlyEndpoint(_Validator(self.keys, self.nonces))
        url = self.home + httpx.URL(str(request.url)).raw_path.decode("ascii")
        headers = {"Authorization": header} if header else {}
        valid, signed = endpoint.validate_request(url, request.method, None, headers)
        if not valid or signed is None:
            raise _refused("Invalid signature - provided signature does not match.")
        return self._find(signed.client_key)

    def _find(self, consumer_key: str) -> ApiKey | None:
        return next((key for key in self.keys if key.consumer_key == consumer_key), None)


class _Validator(RequestValidator):  # type: ignore[misc] # oauthlib has no types
    """What oauthlib has to ask a store."""

    enforce_ssl = False

    def __init__(self, keys: Iterable[ApiKey], nonces: set[tuple[str, str]]) -> None:
        super().__init__()
        self._secrets = {key.consumer_key: key.consumer_secret for key in keys}
        self._nonces = nonces

    @property
    def dummy_client(self) -> str:
        return "ck_nobody"

    def check_client_key(self, client_key: str) -> bool:
        return client_key.startswith("ck_")

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, _request: object) -> bool:
        return client_key in self._secrets

    def get_client_secret(self, client_key: str, _request: object) -> str:
        return self._secrets.get(client_key, "nobody's")

    def validate_timestamp_and_nonce(
        self, client_key: str, _timestamp: str, nonce: str, _request: object, **_tokens: object
    ) -> bool:
        fresh = (client_key, nonce) not in self._nonces
        self._nonces.add((client_key, nonce))
        return fresh


def _basic(header: str) -> tuple[str, str] | None:
    """The pair in a basic header, read the way httpx writes it."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return name, secret


def _require_rights(key: ApiKey, method: str) -> None:
    if method in _READS and "read" not in key.permissions:
        raise _refused("The API key provided does not have read permissions.")
    if method not in _READS and "write" not in key.permissions:
        raise _refused("The API key provided does not have write permissions.")


def _refused(message: str) -> RestError:
    return RestError("woocommerce_rest_authentication_error", message, _UNAUTHORIZED)


def _unknown() -> RestError:
    message = "Sorry, you cannot list resources."
    return RestError("woocommerce_rest_cannot_view", message, _UNAUTHORIZED)
