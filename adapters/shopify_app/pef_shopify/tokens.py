"""A store's tokens at Shopify: got, renewed before they expire, recovered when one is lost.

An offline token lasts an hour, its refresh token ninety days, and each use rotates both.
The pair is kept by the engine, whole, before anybody uses it. Where the answer to a
renewal is lost, the old refresh token still works: the next call simply asks again.
Facts: `platforms/shopify.md`, section 3. A token never stands in an error or a log.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pef_adapters.core.errors import (
    PlatformNonsense,
    PlatformRefused,
    PlatformUnreachable,
    UnsafeAddress,
)
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import guarded_client
from pef_adapters.platforms.stores import Secrets
from pef_shopify.app import AppSettings
from pef_shopify.install import APP, SCOPES
from pef_shopify.session import Session

ACCESS, REFRESH, EXPIRES_AT, SCOPE = "access_token", "refresh_token", "expires_at", "scope"
"""The names of a store's secrets; `expires_at` is ISO 8601, missing where it never expires."""

RENEWED_BEFORE: Final = timedelta(minutes=5)
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a kind, no secret
_OFFLINE: Final = "urn:shopify:params:oauth:token-type:offline-access-token"
_OPEN_IT: Final = "open the app once in the store's admin, which gives it a new token"
_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_OUR_FAULT: Final = "invalid_client"
# An hour is usual. What lasts for longer than ten years is no number of seconds.
_LONGEST_SECONDS: Final = 10 * 366 * 24 * 3600

_Word = Annotated[str, Field(min_length=1, repr=False)]


class _Granted(BaseModel):
    """Shopify's answer with tokens; without `expires_in` the token is good for ever."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: _Word
    scope: str = ""
    expires_in: Annotated[int, Field(gt=0, le=_LONGEST_SECONDS)] | None = None
    refresh_token: Annotated[str | None, Field(repr=False)] = None


class _Refused(BaseModel):
    """Shopify's answer without tokens (RFC 6749, 5.2)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    error: str = ""


def _system_time() -> datetime:
    return datetime.now(UTC)


async def access_token(
    store: StoreConnection,
    app: AppSettings,
    *,
    refused: str = "",
    now: Callable[[], datetime] = _system_time,
) -> str:
    """A token that is good for five more minutes at least; renewed where it is not.

    After a 401 call again with the token that was `refused`: it is renewed, unless another
    process has done so meanwhile.

    Raises:
        PlatformRefused: there is none and none can be had; a person opens the app.
        PlatformUnreachable, PlatformNonsense: Shopify could not be asked; try again.
    """

    def still_good(secrets: Secrets) -> bool:
        return secrets.get(ACCESS, "") not in ("", refused) and _lasts(secrets, now())

    # After a refusal this copy may be older than what is kept.
    if not refused and still_good(store.secrets):
        return store.secrets[ACCESS]
    if store.records is None:
        raise PlatformRefused(f"the store's token has expired; {_OPEN_IT}")

    async def renew(secrets: Secrets) -> Secrets:
        return await _refreshed(secrets, store.address, app, now)

    return (await store.records.renew_secrets(still_good, renew))[ACCESS]


async def exchange_code(
    app: AppSettings, address: str, code: str, now: datetime, *, platform: str = APP
) -> Secrets:
    """The tokens of a store whose owner has just approved. `address` is the store's.

    Raises:
        PlatformRefused: the code is used or old, or the owner gave too few rights.
        PlatformUnreachable, PlatformNonsense: no usable answer; start again.
    """
    tokens = await _asked(app, address, {"code": code, "expiring": "1"}, now)
    return _with_rights(tokens, SCOPES[platform])


async def exchange_session(
    app: AppSettings, address: str, session: Session, now: datetime
) -> Secrets:
    """The tokens of a store, from a session token of somebody who has the app open.

    Raises:
        PlatformRefused: the session is over, or the app is not installed there.
        PlatformUnreachable, PlatformNonsense: no usable answer; try again.
    """
    asked = {
        "grant_type": _EXCHANGE,
        "subject_token": session.token,
        "subject_token_type": _ID_TOKEN,
        "requested_token_type": _OFFLINE,
        "expiring": "1",
    }
    return _with_rights(await _asked(app, address, asked, now), SCOPES[APP])


def _lasts(secrets: Secrets, now: datetime) -> bool:
    expires_at = secrets.get(EXPIRES_AT, "")
    try:
        return not expires_at or now + RENEWED_BEFORE < datetime.fromisoformat(expires_at)
    except (ValueError, TypeError):
        return False


async def _refreshed(
    secrets: Secrets, address: str, app: AppSettings, now: Callable[[], datetime]
) -> Secrets:
    token = secrets.get(REFRESH, "")
    if not token:
        raise PlatformRefused(f"the store has no good token; {_OPEN_IT}")
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    return await _asked(app, address, asked, now())


async def _asked(
    app: AppSettings, address: str, asked: Mapping[str, str], now: datetime
) -> Secrets:
    """Ask the store's token endpoint. WRITES outside: tokens rotate."""
    if not app.client_id or not app.client_secrets:
        raise PlatformRefused("the app has no keys; set PEF_SHOPIFY_CLIENT_ID and …_SECRET")
    keys = {"client_id": app.client_id, "client_secret": app.client_secrets[0]}
    url = f"{app.address_of(address)}/admin/oauth/access_token"
    try:
        async with guarded_client() as client:
            response = await client.post(url, json={**keys, **asked})
    except httpx.TransportError as error:
        raise PlatformUnreachable(f"Shopify did not answer ({type(error).__name__})") from None
    except (httpx.InvalidURL, httpx.DecodingError):
        raise PlatformNonsense("the store's address or answer is malformed") from None
    except UnsafeAddress as error:
        raise PlatformRefused(str(error)) from None
    return _secrets(_granted(response), now)


def _granted(response: httpx.Response) -> _Granted:
    if response.is_success:
        try:
            return _Granted.model_validate_json(response.content)
        except ValidationError:
            raise PlatformNonsense("Shopify's answer holds no token") from None
    status = response.status_code
    if status in _BUSY or response.is_server_error:
        raise PlatformUnreachable(f"Shopify answered {status}; it is asked again later")
    raise PlatformRefused(_why(response))


def _why(response: httpx.Response) -> str:
    try:
        error = _Refused.model_validate_json(response.content).error
    except ValidationError:
        error = ""
    if error == _OUR_FAULT:
        mend = "PEF_SHOPIFY_CLIENT_ID or PEF_SHOPIFY_CLIENT_SECRET is not the app's"
    else:
        mend = _OPEN_IT
    said = f"{response.status_code} {error if error.isidentifier() else ''}".strip()
    return f"Shopify gave no token ({said}); {mend}"


def _secrets(granted: _Granted, now: datetime) -> Secrets:
    """What is kept. Empty texts replace an older pair's, so that no half of it stays."""
    lasts = granted.expires_in
    return {
        ACCESS: granted.access_token,
        REFRESH: granted.refresh_token or "",
        EXPIRES_AT: "" if lasts is None else (now + timedelta(seconds=lasts)).isoformat(),
        SCOPE: granted.scope,
    }


def _with_rights(secrets: Secrets, needed: tuple[str, ...]) -> Secrets:
    """A new installation's tokens, if they may do what is needed."""
    given = set(secrets[SCOPE].replace(" ", "").split(","))
    missing = [scope for scope in needed if not _holds(given, scope)]
    if missing:
        raise PlatformRefused(
            f"the app may not {', '.join(missing)}; install it again and approve what it asks for"
        )
    return secrets


def _holds(given: set[str], scope: str) -> bool:
    """Shopify lists a right to write alone: it holds the right to read."""
    return scope in given or scope.replace("read_", "write_", 1) in given
