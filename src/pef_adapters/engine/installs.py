"""Apps that a store's owner installs from the platform's side.

Who pays the store's refunds is said beforehand, by `prepare`: an installation brings the
store's proof and its tokens, and nothing else. A store that was never prepared is not
kept. Installing again replaces tokens and leaves everything else as it was.
"""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from pef_adapters.core.errors import NotThere, PlatformError, SourceMismatch
from pef_adapters.core.policy import Mode
from pef_adapters.engine.departures import CONNECTED_AT, LEFT_AT, forget_departure, has_left
from pef_adapters.engine.known import known_account, known_store
from pef_adapters.engine.onboarding import (
    INVITATION_LASTS,
    StoreRequest,
    add_store,
    canonical_address,
    store_id,
)
from pef_adapters.engine.policies import owner_of_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import LedgerRecords, connection
from pef_adapters.platforms.contract import Check
from pef_adapters.platforms.stores import Secrets

_log = structlog.get_logger(__name__)

Obtain = Callable[[], Awaitable[Secrets]]
"""Gets the store's tokens from the platform; called once, when everything else is right."""

PREPARATION_LASTS = timedelta(days=30)
_UNPREPARED = "no merchant account was named for this store; run `pef store add` for it first"


@dataclass(frozen=True, slots=True)
class _Preparation:
    """What an installation needs to know, and until when it may come."""

    request: StoreRequest
    keys: Secrets = field(repr=False)
    until: datetime


async def prepare(ports: Ports, request: StoreRequest, keys: Secrets | None = None) -> str:
    """Keep what a store's installation needs to know; answers the link to install by.

    It waits for thirty days. `keys` are secrets of the store's own app, where it has one.
    Prepared again, or prepared for a store that is connected, it replaces the settings
    when the app is installed or opened the next time.

    Raises:
        NotThere: no such platform or merchant account.
        SettingInvalid: the address can't be used.
    """
    ports.platforms.named(request.platform)
    request = replace(request, address=canonical_address(request.address))
    until = ports.clock.now() + PREPARATION_LASTS
    async with ports.book.begin() as ledger:
        await known_account(ledger, request.account_id)
        await ledger.lock_settings(owner_of_store(store_id(request.address)))
        await _keep(ledger, _Preparation(request, keys or {}, until))
    host = request.address.partition("://")[2]
    return f"{ports.public_url}/connect/{request.platform}/install?shop={host}"


async def expected(ports: Ports, platform: str, address: str) -> Secrets:
    """What is known already of a store that may install: it is connected, or prepared.

    Raises:
        NotThere: it is neither.
        SettingInvalid: the address can't be used.
    """
    address = canonical_address(address)
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_store(store_id(address)))
        known = await _connected_store(ledger, platform, address)
        prepared = await _look(ledger, platform, address, ports.clock.now())
    if known is None and prepared is None:
        raise NotThere(_UNPREPARED)
    return {**(known.secrets if known else {}), **(prepared.keys if prepared else {})}


async def begin(ports: Ports, platform: str, address: str) -> str:
    """A one-time state for an installation that the platform is about to ask its owner for.

    Raises:
        NotThere: the store is neither connected nor prepared.
    """
    await expected(ports, platform, address)
    state = secrets.token_urlsafe(32)
    payload = json.dumps({"platform": platform, "address": canonical_address(address)})
    async with ports.book.begin() as ledger:
        expires_at = ports.clock.now() + INVITATION_LASTS
        await ledger.add_invitation(_key(state), payload, expires_at)
    return state


async def finish(ports: Ports, platform: str, address: str, state: str, obtain: Obtain) -> Store:
    """Keep the store that brings a state back; the state is used up, whatever comes after.

    Raises:
        NotThere: the state is unknown, used or expired, or the store is not expected.
        SourceMismatch: the state was made for another store.
        PlatformError: `obtain` got no tokens.
    """
    async with ports.book.begin() as ledger:
        payload = await ledger.take_invitation(_key(state), ports.clock.now())
    if payload is None:
        raise NotThere("this installation is unknown, used or expired; start it again")
    if json.loads(payload) != {"platform": platform, "address": canonical_address(address)}:
        raise SourceMismatch("this installation was begun by another store; start it again")
    return await arrive(ports, platform, address, obtain)


async def arrive(ports: Ports, platform: str, address: str, obtain: Obtain) -> Store:
    """Keep the tokens of a store that the platform itself has proved.

    Raises:
        NotThere: the store is neither connected nor prepared.
        PlatformError: `obtain` got no tokens; nothing has changed.
    """
    address = canonical_address(address)
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_store(store_id(address)))
        known = await _connected_store(ledger, platform, address)
        prepared = await _look(ledger, platform, address, ports.clock.now())
    if prepared is not None:
        return await _settle(ports, prepared, known, obtain)
    if known is None:
        raise NotThere(_UNPREPARED)
    return await _renew(ports, known, obtain)


async def change_settings(
    ports: Ports, store: str, changes: dict[str, Any], check: Callable[[Store], object]
) -> Store:
    """Replace some of the adapter's settings, if `check` finds no fault with the result.

    Raises:
        NotThere: no such store.
        SettingInvalid: from `check`; then nothing has changed.
    """
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_store(store))
        known = await known_store(ledger, store)
        told = {**known.settings.get("platform", {}), **changes}
        changed = replace(known, settings={**known.settings, "platform": told})
        check(changed)
        await ledger.add_store(changed)
    return changed


async def _settle(
    ports: Ports, prepared: _Preparation, known: Store | None, obtain: Obtain
) -> Store:
    """Connect what was prepared; a store that was connected before keeps its other secrets."""
    tokens, before = await obtain(), known.secrets if known else {}
    keys = {**before, **prepared.keys, **tokens}
    store, checks = await add_store(ports, prepared.request, keys, ports.public_url)
    async with ports.book.begin() as ledger:
        where = _preparation(store.platform, store.identity)
        await ledger.take_invitation(where, ports.clock.now())
    _tell(store, checks)
    return store


async def _renew(ports: Ports, known: Store, obtain: Obtain) -> Store:
    """New tokens for a connected store; one that had left is connected again, as it was.

    That the app is there now is noted as well: its owner may have removed it a moment ago,
    and be told of later.
    """
    proved_at = ports.clock.now()
    await LedgerRecords(ports.book, known.id).renew_secrets(lambda _: False, lambda _: obtain())
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_store(known.id))
        store = await known_store(ledger, known.id)
        had_left = has_left(store)
        store = await _come_back(ledger, store, proved_at)
    if not had_left:
        return store
    try:
        _tell(store, await ports.platforms.named(store.platform).connect(connection(ports, store)))
    except PlatformError as fault:  # the next poll tries again
        _log.warning("store_not_connected", store=store.id, detail=str(fault))
    return store


async def _come_back(ledger: Ledger, store: Store, now: datetime) -> Store:
    await forget_departure(ledger, store, now)
    stays = {name: told for name, told in store.settings.items() if name != LEFT_AT}
    back = replace(store, settings={**stays, CONNECTED_AT: now.isoformat()})
    await ledger.add_store(back)
    return back


def _tell(store: Store, checks: tuple[Check, ...]) -> None:
    for check in checks:
        if not check.passed:
            _log.warning("store_check_failed", store=store.id, check=check.name)


async def _connected_store(ledger: Ledger, platform: str, address: str) -> Store | None:
    store = await ledger.store(store_id(address))
    if store is None or (store.platform, store.identity) != (platform, address):
        return None
    return store


async def _keep(ledger: Ledger, prepared: _Preparation) -> None:
    request = prepared.request
    given = {each.name: getattr(request, each.name) for each in fields(request)}
    kept = {"request": given, "keys": prepared.keys, "until": prepared.until.isoformat()}
    payload = json.dumps(kept, default=dict)
    where = _preparation(request.platform, request.address)
    await ledger.add_invitation(where, payload, prepared.until)


async def _look(ledger: Ledger, platform: str, address: str, now: datetime) -> _Preparation | None:
    """What was prepared for the store; it stays there."""
    payload = await ledger.take_invitation(_preparation(platform, address), now)
    if payload is None:
        return None
    kept = json.loads(payload)
    mode = kept["request"].pop("mode")
    request = StoreRequest(**kept["request"], mode=Mode(mode) if mode else None)
    prepared = _Preparation(request, kept["keys"], datetime.fromisoformat(kept["until"]))
    await _keep(ledger, prepared)
    return prepared


def _preparation(platform: str, address: str) -> str:
    return _key(f"prepared {platform} {address}", kind=b"\xfe")


def _key(text: str, kind: bytes = b"\xff") -> str:
    """Where something is kept; no token that comes in as text leads to another kind's."""
    return hashlib.sha256(kind + text.encode()).hexdigest()
