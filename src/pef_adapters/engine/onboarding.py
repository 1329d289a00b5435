"""Connect merchant accounts and stores. Secrets come in here and are sealed below.

A store's keys arrive by hand or by the platform's one-click flow. The latter's
callback is unsigned, so it is believed only together with a one-time token that
nobody can guess; of the token only its hash is kept.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pef_adapters.core.errors import NotThere, PlatformError, SettingInvalid
from pef_adapters.core.policy import Mode, policy_from_settings
from pef_adapters.core.texts import DEFAULT_LANGUAGE, LANGUAGES
from pef_adapters.engine.agencies import (
    FROM_AGENCY,
    LANGUAGE_FROM,
    agency_or_new,
    inheriting,
)
from pef_adapters.engine.departures import CONNECTED_AT, forget_departure, has_left
from pef_adapters.engine.known import known_store
from pef_adapters.engine.policies import owner_of_agency, owner_of_store, publish_in
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.contract import Check

INVITATION_LASTS = timedelta(hours=1)
# The poll starts a little earlier, because the store's clock may be behind ours.
_LOOK_BACK = timedelta(hours=1)
_KEPT = "the store is kept: mend this, then add it again with the same address"
_LATER = "nothing to do: the webhooks are created within minutes; `pef store check` tells"
# What an account is told later, and must not forget when its keys are given anew.
_KEPT_SETTINGS = ("kyc_until", "keys_until", "costs")
_KEPT_OF_STORES = ("agency", "people", "applied")
# Who published the policy that a store was connected with.
_ADDED = "store add"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """What an owner gives to connect a store; `mode` defaults to the account's.

    `agency` puts it under that agency, and `people` names its operators; without them it
    keeps what it was told before. `follow_agency` makes it speak its agency's language.
    """

    platform: str
    address: str
    account_id: str
    settings: Mapping[str, Any]
    policy: Mapping[str, Any] = field(default_factory=dict)
    language: str = DEFAULT_LANGUAGE
    mode: Mode | None = None
    agency: str | None = None
    people: Mapping[str, str] = field(default_factory=dict)
    follow_agency: bool = False


def canonical_address(address: str) -> str:
    """The store's address as its identity: lower-case host, no trailing slash.

    Raises:
        SettingInvalid: not an http or https address, or one with a user name.
    """
    try:
        parts = urlsplit(address.strip())
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and not parts.username
        place = _place(parts) if usable else ""
    except ValueError:  # no port, or no host, that could be read
        place = ""
    if not place:
        raise SettingInvalid(f"{address!r} is no store address; give one like https://tienda.pe")
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def _place(parts: SplitResult) -> str:
    """Host and port; one store must not be two, or its refunds would be paid twice."""
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{parts.port}"


def store_id(address: str) -> str:
    """The name a store goes by in our addresses: tienda.pe/shop → tienda-pe-shop."""
    bare = canonical_address(address).partition("://")[2]
    return "".join(c if c.isalnum() else "-" for c in bare).strip("-")


async def add_account(ports: Ports, account: Account) -> None:
    """Keep a merchant account; one with the same id is replaced, but for its days and costs."""
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(f"account/{account.id}")
        known = await ledger.account(account.id)
        told = known.settings if known else {}
        kept = {name: told[name] for name in _KEPT_SETTINGS if name in told}
        await ledger.add_account(replace(account, settings={**kept, **account.settings}))


async def add_store(
    ports: Ports, request: StoreRequest, keys: Mapping[str, str], public_url: str
) -> tuple[Store, tuple[Check, ...]]:
    """Connect a store and create its webhooks; the checks say what does not work yet.

    The store is kept even where a check fails: nothing typed is lost, and
    `store check` tells when it is mended.

    Raises:
        NotThere: no such platform or merchant account.
        SettingInvalid: the address, language or a setting can't be used.
    """
    store = await _keep_store(ports, request, keys, public_url)
    return store, await _connected(ports, store, _KEPT)


async def check_store(ports: Ports, name: str) -> tuple[Check, ...]:
    """Ask everything that must be right for this store's refunds.

    Raises:
        NotThere: no such store.
    """
    async with ports.book.begin() as ledger:
        store = await known_store(ledger, name)
    return await ports.platforms.named(store.platform).check(connection(ports, store))


async def invite(ports: Ports, request: StoreRequest, public_url: str, return_url: str = "") -> str:
    """Open a one-click connection; answers the address where the owner approves.

    The owner's browser comes back to `return_url`, or to a page of ours.

    Raises:
        NotThere: no such merchant account, or a platform without one-click keys.
        SettingInvalid: the platform would refuse these addresses.
    """
    one_click = ports.platforms.named(request.platform).one_click
    if one_click is None:
        raise NotThere(f"{request.platform} has no one-click connection; give its keys")
    await _account(ports, request.account_id)
    token, here = secrets.token_urlsafe(32), f"{public_url}/connect/{request.platform}"
    link = one_click.authorize_url(
        canonical_address(request.address),
        state=token,
        return_url=return_url or f"{here}/done",
        callback_url=f"{here}/keys",
    )
    payload = json.dumps(
        {
            "platform": request.platform,
            "address": canonical_address(request.address),
            "account_id": request.account_id,
            "settings": dict(request.settings),
            "policy": dict(request.policy),
            "language": request.language,
            "mode": request.mode,
            "agency": request.agency,
            "people": dict(request.people),
            "follow_agency": request.follow_agency,
        }
    )
    async with ports.book.begin() as ledger:
        expires_at = ports.clock.now() + INVITATION_LASTS
        await ledger.add_invitation(_sha256(token), payload, expires_at)
    return link


async def accept_invitation(
    ports: Ports, token: str, keys: Mapping[str, str], public_url: str
) -> tuple[Store, tuple[Check, ...]]:
    """Connect the store that a one-time token was made for.

    Raises:
        NotThere: the token is unknown, used or expired.
    """
    async with ports.book.begin() as ledger:
        payload = await ledger.take_invitation(_sha256(token), ports.clock.now())
    if payload is None:
        raise NotThere("this connection link is unknown, used or expired; start a new one")
    given = json.loads(payload)
    mode = Mode(given["mode"]) if given["mode"] else None
    store = await _keep_store(ports, StoreRequest(**{**given, "mode": mode}), keys, public_url)
    # The store waits for our answer and may serve one caller at a time; an error
    # would make it undo its keys. The next poll creates the webhooks.
    return store, await _connected(ports, store, _LATER)


async def _connected(ports: Ports, store: Store, mend: str) -> tuple[Check, ...]:
    try:
        return await ports.platforms.named(store.platform).connect(connection(ports, store))
    except PlatformError as fault:
        return (Check("webhooks", passed=False, detail=str(fault), mend=mend),)


async def _keep_store(
    ports: Ports, request: StoreRequest, keys: Mapping[str, str], public_url: str
) -> Store:
    """The store with its policy, or nothing: it never decides by another one meanwhile."""
    if request.language not in LANGUAGES:
        raise SettingInvalid(f"{request.language!r} is not one of {', '.join(LANGUAGES)}")
    account, now = await _account(ports, request.account_id), ports.clock.now()
    name = store_id(request.address)
    async with ports.book.begin() as ledger:
        if request.agency:  # before its stores, as whoever changes the agency does
            await ledger.lock_settings(owner_of_agency(request.agency))
        await ledger.lock_settings(owner_of_store(name))
        fresh = _fresh_store(request, account, keys, public_url=public_url, now=now)
        store = _as_known(fresh, await ledger.store(name), keys)
        store = await _under_its_agency(ports, ledger, store)
        await ledger.add_store(store)
        await forget_departure(ledger, store, now)
        if "name" in request.policy:  # a whole policy, and not only windows
            policy = policy_from_settings(request.policy)
            await publish_in(ledger, owner_of_store(name), policy, _ADDED, now)
    return store


async def _under_its_agency(ports: Ports, ledger: Ledger, store: Store) -> Store:
    """The store with what its agency says for the platform by which it is connected now."""
    name = store.settings.get("agency")
    if not name:
        return store
    return inheriting(ports.platforms, store, await agency_or_new(ledger, ports, str(name)))


def _fresh_store(
    request: StoreRequest,
    account: Account,
    keys: Mapping[str, str],
    *,
    public_url: str,
    now: datetime,
) -> Store:
    name = store_id(request.address)
    return Store(
        id=name,
        platform=request.platform,
        identity=canonical_address(request.address),
        account_id=account.id,
        mode=request.mode or account.mode,
        language=request.language,
        callback_url=f"{public_url.rstrip('/')}/webhooks/{request.platform}/{name}",
        settings={
            "platform": dict(request.settings),
            "policy": {} if "name" in request.policy else dict(request.policy),
            CONNECTED_AT: now.isoformat(),
            **_told_with(request),
        },
        # Alphanumeric, because WooCommerce decodes entities in it (store facts, 3).
        secrets={"webhook_secret": secrets.token_hex(24), **keys},
        poll_cursor=now - _LOOK_BACK,
        created_at=now,
    )


def _told_with(request: StoreRequest) -> dict[str, Any]:
    told = {"agency": request.agency, "people": dict(request.people)}
    follows = {LANGUAGE_FROM: FROM_AGENCY} if request.agency and request.follow_agency else {}
    return {name: value for name, value in told.items() if value} | follows


def _as_known(store: Store, known: Store | None, keys: Mapping[str, str]) -> Store:
    """A store added again keeps its webhooks' secret and what it was told since."""
    if known is None:
        return store
    if known.identity.partition("://")[2] != store.identity.partition("://")[2]:
        said = f"{store.identity} and {known.identity} would share the name {store.id}"
        raise SettingInvalid(said)
    if known.platform != store.platform and not has_left(known):
        # Each way tells refunds by names of its own: by two, one could be paid twice.
        said = f"{store.id} is connected as {known.platform}; remove that app from it first"
        raise SettingInvalid(said)
    kept = {**store.secrets, **_signing_secret(known, keys)}
    told = {name: known.settings[name] for name in _KEPT_OF_STORES if name in known.settings}
    return replace(
        store,
        settings={**told, **store.settings},
        secrets=kept,
        poll_cursor=known.poll_cursor,
        created_at=known.created_at,
    )


def _signing_secret(known: Store, keys: Mapping[str, str]) -> dict[str, str]:
    """What signs its webhooks stays, unless the owner gives another one now."""
    name = "webhook_secret"
    return {name: known.secrets[name]} if name in known.secrets and name not in keys else {}


async def _account(ports: Ports, account_id: str) -> Account:
    async with ports.book.begin() as ledger:
        account = await ledger.account(account_id)
    if account is None:
        raise NotThere(f"there is no merchant account {account_id}; add it: `pef account add`")
    return account


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
