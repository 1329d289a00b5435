"""Who asks: apps by their client secret, stores by offline tokens that may expire.

An expired token is refused like an unknown one. A used refresh token stays usable until its
successor is used, 30 days at most, so that a lost answer can be recovered (section 3).
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from jwt.types import Options

from pef_adapters.testing.fake_shopify.app_records import Grant, Install, TokenPair
from pef_adapters.testing.fake_shopify.settings import ShopifyApp, ShopSettings
from pef_adapters.testing.fake_shopify.state import ShopState

_LEEWAY_SECONDS: Final = 10
_USABLE_AFTER_USE: Final = timedelta(days=30)
_SESSION_TOKEN_SECONDS: Final = 60


class OAuthRefused(Exception):
    """OAuth says no; `error` is its code."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Caller:
    """An app that proved itself by a token, and what it may do here."""

    app: ShopifyApp
    scopes: frozenset[str]


@dataclass(slots=True)
class Doorman:
    """Gives tokens out, checks them, takes them back."""

    settings: ShopSettings
    state: ShopState
    now: Callable[[], datetime]

    def admit(self, token: str) -> Caller | None:
        """Whose token this is, or None where it is unknown, revoked or expired."""
        pair = next((t for t in self.state.tokens if _same(t.access_token, token)), None)
        if pair is None or (pair.expires and pair.expires <= self.now()):
            return None
        install = self.state.installs.get(pair.client_id)
        if install is None:
            return None
        implied = (scope.replace("write_", "read_", 1) for scope in install.scopes)
        return Caller(self.state.apps[pair.client_id], frozenset((*install.scopes, *implied)))

    def app(self, client_id: str, client_secret: str) -> ShopifyApp:
        """The app that this id and secret prove.

        Raises:
            OAuthRefused: unknown, or the secret is wrong.
        """
        app = self.state.apps.get(client_id)
        if app is None:
            raise OAuthRefused("application_cannot_be_found", "There is no such app.")
        if not _same(app.client_secret, client_secret):
            raise OAuthRefused("invalid_client", "The client secret is wrong.")
        return app

    def install(self, app: ShopifyApp, scopes: Sequence[str] = ()) -> None:
        """Install the app, or give it other scopes; its payments scopes come by themselves."""
        wanted = list(scopes or app.scopes)
        if app.payments:
            wanted += ["write_payment_gateways", "write_payment_sessions"]
        known = self.state.installs.setdefault(app.client_id, Install(scopes=[]))
        known.scopes = list(dict.fromkeys(wanted))

    def grant(self, app: ShopifyApp, scopes: Sequence[str]) -> str:
        """An authorization code, good for one exchange."""
        grant = Grant(code=secrets.token_hex(16), client_id=app.client_id, scopes=list(scopes))
        self.state.grants.append(grant)
        return grant.code

    def by_code(self, app: ShopifyApp, code: str, *, expiring: bool) -> TokenPair:
        """The tokens for a code.

        Raises:
            OAuthRefused: no such code, or it was used before.
        """
        grant = next((g for g in self.state.grants if _same(g.code, code)), None)
        if grant is None or grant.client_id != app.client_id:
            text = "The authorization code was not found or was already used."
            raise OAuthRefused("invalid_request", text)
        self.state.grants.remove(grant)
        self.install(app, grant.scopes)
        return self.issue(app, expiring=expiring)

    def by_session_token(self, app: ShopifyApp, token: str, *, expiring: bool) -> TokenPair:
        """The tokens for a session token of App Bridge.

        Raises:
            OAuthRefused: forged, expired, of another app or shop, or the app isn't installed.
        """
        try:
            claims = self._claims(app, token)
        except jwt.InvalidTokenError as error:
            raise OAuthRefused("invalid_subject_token", str(error)) from None
        home = f"https://{self.settings.domain}"
        if claims["dest"] != home or app.client_id not in self.state.installs:
            raise OAuthRefused("invalid_subject_token", "The app is not installed on this shop.")
        return self.issue(app, expiring=expiring)

    def by_refresh_token(self, app: ShopifyApp, token: str) -> TokenPair:
        """The next pair; the token it came with stays usable until the next one is used.

        Raises:
            OAuthRefused: unknown, expired or given up.
        """
        pair = next((t for t in self._of(app) if _same(t.refresh_token or "", token)), None)
        if pair is None or not self._usable(pair):
            raise OAuthRefused("invalid_grant", "The refresh token is invalid or expired.")
        for other in self._of(app):
            other.lapsed |= other.refresh_token is not None and other.refresh_token == pair.parent
        pair.used = pair.used or self.now()
        return self.issue(app, expiring=True, parent=pair.refresh_token)

    def issue(self, app: ShopifyApp, *, expiring: bool, parent: str | None = None) -> TokenPair:
        """A new offline token; with a refresh token where it expires."""
        now = self.now()
        pair = TokenPair(client_id=app.client_id, access_token=f"shpat_{secrets.token_hex(16)}")
        if expiring:
            pair.expires = now + timedelta(seconds=self.settings.access_token_seconds)
            pair.refresh_token = f"shprt_{secrets.token_hex(16)}"
            pair.refresh_expires = now + timedelta(days=self.settings.refresh_token_days)
            pair.parent = parent
        self.state.tokens.append(pair)
        return pair

    def revoke(self, client_id: str) -> None:
        """Take back all that an app was given, as an uninstall does."""
        self.state.installs.pop(client_id, None)
        self.state.tokens[:] = [t for t in self.state.tokens if t.client_id != client_id]
        self.state.grants[:] = [g for g in self.state.grants if g.client_id != client_id]

    def expire(self, client_id: str | None, *, refresh: bool) -> None:
        """Let tokens that can expire be expired now, and where asked their refresh tokens."""
        for pair in self.state.tokens:
            if client_id in {None, pair.client_id} and pair.expires:
                pair.expires = self.now()
                pair.refresh_expires = self.now() if refresh else pair.refresh_expires

    def session_token(self, app: ShopifyApp) -> str:
        """A session token as App Bridge would hand it to the app's page."""
        now, home = self.now(), f"https://{self.settings.domain}"
        claims = {
            "iss": f"{home}/admin",
            "dest": home,
            "aud": app.client_id,
            "sub": "548380009",
            "exp": now + timedelta(seconds=_SESSION_TOKEN_SECONDS),
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(16),
            "sid": secrets.token_hex(32),
        }
        return jwt.encode(claims, app.client_secret, algorithm="HS256")

    def _claims(self, app: ShopifyApp, token: str) -> dict[str, Any]:
        required: Options = {"require": ["exp", "nbf", "aud", "dest"]}
        claims: dict[str, Any] = jwt.decode(
            token,
            app.client_secret,
            algorithms=["HS256"],
            audience=app.client_id,
            leeway=_LEEWAY_SECONDS,
            options=required,
        )
        return claims

    def _usable(self, pair: TokenPair) -> bool:
        now = self.now()
        expired = pair.refresh_expires is None or pair.refresh_expires <= now
        too_late = pair.used is not None and pair.used + _USABLE_AFTER_USE <= now
        return not (pair.lapsed or expired or too_late)

    def _of(self, app: ShopifyApp) -> list[TokenPair]:
        return [t for t in self.state.tokens if t.client_id == app.client_id]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
