"""OAuth as apps meet it: the install page, and tokens for codes, session tokens and refreshes.

The redirect is signed: hex HMAC-SHA256 over its sorted query, keyed with the client secret.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_shopify.app_records import TokenPair
from pef_adapters.testing.fake_shopify.auth import OAuthRefused
from pef_adapters.testing.fake_shopify.rendering import form_of, message, page
from pef_adapters.testing.fake_shopify.settings import ShopifyApp
from pef_adapters.testing.fake_shopify.site import Site

_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a kind, no secret
_OFFLINE: Final = "urn:shopify:params:oauth:token-type:offline-access-token"


def oauth_routes(site: Site) -> list[Route]:
    """The install page and the token endpoint."""
    oauth = _OAuth(site)
    return [
        Route("/admin/oauth/authorize", oauth.ask),
        Route("/admin/oauth/authorize", oauth.decide, methods=["POST"]),
        Route("/admin/oauth/access_token", oauth.token, methods=["POST"]),
    ]


def signed_query(values: Mapping[str, str], secret: str) -> str:
    """The query with its hmac, as Shopify sends people back to an app."""
    message = urlencode(sorted(values.items()))
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{message}&hmac={digest}"


class _OAuth:
    """Handlers that share one shop."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def ask(self, request: Request) -> Response:
        """What the app asks for, before the owner presses Install."""
        asked = dict(request.query_params)
        app = self._asking_app(asked)
        if isinstance(app, str):
            return message(self._site, app)
        return page(self._site, "authorize.html", app=app, asked=asked, scopes=_scopes(app, asked))

    async def decide(self, request: Request) -> Response:
        """Install sends the owner back with a code; anything else leads to the apps page."""
        asked = await form_of(request)
        app = self._asking_app(asked)
        if isinstance(app, str):
            return message(self._site, app)
        if asked.get("answer") != "install":
            return RedirectResponse("/admin/apps", HTTPStatus.SEE_OTHER)
        code = self._site.doorman.grant(app, _scopes(app, asked))
        self._site.shop.keep()
        query = signed_query(self._back(code, asked), app.client_secret)
        joint = "&" if "?" in asked["redirect_uri"] else "?"
        url = f"{asked['redirect_uri']}{joint}{query}"
        return RedirectResponse(url, HTTPStatus.SEE_OTHER)

    async def token(self, request: Request) -> Response:
        """Tokens, by whichever way they are asked for."""
        stopped = await self._site.stopped()
        if stopped is not None:
            return stopped
        try:
            pair = self._issued(await _fields(request))
        except OAuthRefused as refusal:
            body = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(body, HTTPStatus.BAD_REQUEST)
        self._site.shop.keep()
        lost = self._site.lost(("access_token",), writes=False)
        return lost or JSONResponse(self._told(pair))

    def _asking_app(self, asked: Mapping[str, str]) -> ShopifyApp | str:
        app = self._site.state.apps.get(asked.get("client_id", ""))
        if app is None:
            return "Oauth error invalid_request: The client_id is unknown."
        if asked.get("redirect_uri") not in app.redirect_urls:
            return "Oauth error invalid_request: The redirect_uri is not whitelisted."
        return app

    def _back(self, code: str, asked: Mapping[str, str]) -> dict[str, str]:
        domain, now = self._site.settings.domain, self._site.shop.now()
        host = f"admin.shopify.com/store/{domain.partition('.')[0]}".encode()
        return {
            "code": code,
            "host": base64.urlsafe_b64encode(host).decode().rstrip("="),
            "shop": domain,
            "state": asked.get("state", ""),
            "timestamp": str(int(now.timestamp())),
        }

    def _issued(self, fields: Mapping[str, str]) -> TokenPair:
        doorman = self._site.doorman
        app = doorman.app(fields.get("client_id", ""), fields.get("client_secret", ""))
        expiring, how = fields.get("expiring") == "1", fields.get("grant_type")
        if how == "refresh_token":
            return doorman.by_refresh_token(app, fields.get("refresh_token", ""))
        if how == _EXCHANGE:
            _require(fields, "subject_token_type", _ID_TOKEN)
            _require(fields, "requested_token_type", _OFFLINE)
            token = fields.get("subject_token", "")
            return doorman.by_session_token(app, token, expiring=expiring)
        if how in {None, "authorization_code"}:
            return doorman.by_code(app, fields.get("code", ""), expiring=expiring)
        raise OAuthRefused("unsupported_grant_type", f"There is no grant type {how!r}.")

    def _told(self, pair: TokenPair) -> dict[str, Any]:
        install = self._site.state.installs[pair.client_id]
        scope = ",".join(shortened(install.scopes))
        told: dict[str, Any] = {"access_token": pair.access_token, "scope": scope}
        if pair.expires and pair.refresh_token:
            days = self._site.settings.refresh_token_days
            told["expires_in"] = self._site.settings.access_token_seconds
            told["refresh_token"] = pair.refresh_token
            told["refresh_token_expires_in"] = days * 86400
        return told


def shortened(scopes: Sequence[str]) -> list[str]:
    """The scopes as OAuth lists them: a right to write holds the right to read."""
    return [s for s in scopes if s.replace("read_", "write_", 1) not in {*scopes} - {s}]


def opening_query(site: Site, app: ShopifyApp) -> str:
    """The query by which the admin opens an app's own page: signed, with a session token."""
    values = {
        "embedded": "1",
        "id_token": site.doorman.session_token(app),
        "session": secrets.token_hex(32),
        "shop": site.settings.domain,
        "timestamp": str(int(site.shop.now().timestamp())),
    }
    return signed_query(values, app.client_secret)


def _scopes(app: ShopifyApp, asked: Mapping[str, str]) -> list[str]:
    named = [scope for scope in asked.get("scope", "").split(",") if scope]
    return named or list(app.scopes)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form or of a JSON object, as text."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            posted = json.loads(body)
        except ValueError:
            posted = None
        if not isinstance(posted, dict):
            raise OAuthRefused("invalid_request", "The body is no JSON object.")
        return {name: str(value) for name, value in posted.items()}
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _require(fields: Mapping[str, str], name: str, value: str) -> None:
    if fields.get(name) != value:
        raise OAuthRefused("invalid_request", f"{name} must be {value}.")
