"""How a request to a store proves who asks. Knows no route and keeps no key."""

from typing import Final

import httpx
from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_TYPE_AUTH_HEADER,
    SIGNATURE_TYPE_QUERY,
    Client,
)

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import Sign
from pef_woocommerce.settings import Settings, secrets_of, settings_of

_OAUTH_PLACE: Final = {"header": SIGNATURE_TYPE_AUTH_HEADER, "query": SIGNATURE_TYPE_QUERY}


def signer(store: StoreConnection) -> Sign:
    """Basic over https; OAuth 1.0a (HMAC-SHA256) over http where that is allowed.

    WooCommerce refuses basic over http, rightly: the secret would travel in the open.

    Raises:
        PlatformRefused: the address is http and `allow_http` is not set.
    """
    settings, secrets = settings_of(store), secrets_of(store)
    key = secrets.consumer_key.get_secret_value()
    secret = secrets.consumer_secret.get_secret_value()
    if not store.address.startswith("http://"):
        return _in_query(key, secret) if settings.auth == "query" else _basic(key, secret)
    if not settings.allow_http:
        raise PlatformRefused(
            "the store's address is plain http: use its https address (allow_http is for a "
            "local store only)"
        )
    return _oauth(key, secret, settings)


def _basic(key: str, secret: str) -> Sign:
    auth = httpx.BasicAuth(key, secret)
    return lambda request: next(auth.auth_flow(request))


def _in_query(key: str, secret: str) -> Sign:
    """For hosts that strip the Authorization header; https only, below the request log."""
    keys = {"consumer_key": key, "consumer_secret": secret}
    return lambda request: _moved(request, request.url.copy_merge_params(keys))


def _oauth(key: str, secret: str, settings: Settings) -> Sign:
    client = Client(
        key,
        secret,
        signature_method=SIGNATURE_HMAC_SHA256,
        signature_type=_OAUTH_PLACE[settings.auth],
    )

    def sign(request: httpx.Request) -> httpx.Request:
        try:
            url, headers, _ = client.sign(str(request.url), request.method)
        except ValueError:  # a port that is none
            raise httpx.InvalidURL("the store's address can't be signed") from None
        signed = _moved(request, httpx.URL(url))
        signed.headers.update(headers)
        return signed

    return sign


def _moved(request: httpx.Request, url: httpx.URL) -> httpx.Request:
    """The same request at another URL; the original, which is logged, stays as it was."""
    return httpx.Request(
        request.method,
        url,
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )
