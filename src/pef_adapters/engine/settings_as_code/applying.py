"""Do what a plan says. One item that fails does not stop the others; nothing is deleted.

Agencies and accounts come first, one after another, because stores lean on them. Stores
are many and far away: some at once, never all.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pef_adapters.core.errors import PefError
from pef_adapters.core.policy import Mode
from pef_adapters.core.texts import DEFAULT_LANGUAGE, advise, known
from pef_adapters.engine import installs, onboarding
from pef_adapters.engine.agencies import set_agency_settings
from pef_adapters.engine.known import known_store
from pef_adapters.engine.onboarding import StoreRequest
from pef_adapters.engine.policies import (
    check_draft,
    owner_of_agency,
    owner_of_store,
    policy_of,
    publish_in,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.settings_as_code.drifting import APPLIED, applied_now
from pef_adapters.engine.settings_as_code.file import AccountEntry, AgencyEntry, StoreEntry
from pef_adapters.engine.settings_as_code.planning import Action, Item, Plan
from pef_adapters.engine.settings_as_code.wanting import account_of
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.upkeep import moved_to, speaking
from pef_adapters.platforms.contract import Check

STORES_AT_ONCE = 8
_CHANGES_THE_CALL = ("settings", "mode", "account", "agency", "address")


class OutcomeKind(StrEnum):
    """How it went with one item."""

    DONE = "done"
    NOTHING = "nothing to do"
    WAITS = "waits for the owner"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item; `mends` say what to do, `link` is the owner's to open."""

    item: Item
    kind: OutcomeKind
    detail: str = ""
    mends: tuple[str, ...] = ()
    link: str = ""


async def apply_plan(
    ports: Ports, plan: Plan, by: str, public_url: str, *, at_once: int = STORES_AT_ONCE
) -> list[Outcome]:
    """Do it; answers what became of each item, in the plan's order."""
    hands = _Hands(ports, by, public_url)
    first = [item for item in plan.items if item.kind != "store"]
    outcomes = [await hands.tried(item) for item in first]
    gate = asyncio.Semaphore(at_once)

    async def in_turn(item: Item) -> Outcome:
        async with gate:
            return await hands.tried(item)

    stores = [item for item in plan.items if item.kind == "store"]
    found = {id(each.item): each for each in outcomes}
    found |= {id(each.item): each for each in await asyncio.gather(*map(in_turn, stores))}
    return [found[id(item)] for item in plan.items]


@dataclass(frozen=True, slots=True)
class _Hands:
    """What does it, for whom, and where stores reach us."""

    ports: Ports
    by: str
    public_url: str

    async def tried(self, item: Item) -> Outcome:
        try:
            return await self._done(item)
        except PefError as error:
            return Outcome(item, OutcomeKind.FAILED, str(error), _mends(error))

    async def _done(self, item: Item) -> Outcome:
        if item.action is Action.NOT_IN_FILE:
            return Outcome(item, OutcomeKind.NOTHING)
        match item.entry:
            case AgencyEntry() as agency if item.action is not Action.NOTHING:
                await self._agency(item, agency)
            case AccountEntry() as account if item.action is not Action.NOTHING:
                await self._account(item, account)
            case StoreEntry() as store:
                return await self._store(item, store)
            case _:
                return Outcome(item, OutcomeKind.NOTHING)
        return Outcome(item, OutcomeKind.DONE)

    async def _agency(self, item: Item, entry: AgencyEntry) -> None:
        async with self.ports.book.begin() as ledger:
            known = await ledger.agency(entry.name)
        title = entry.title or (known.title if known else entry.name)
        settings = item.wanted.get("settings", known.settings if known else {})
        if known is None or (title, settings) != (known.title, known.settings):
            await set_agency_settings(self.ports, entry.name, title, settings, self.by)
        if item.policy is not None:
            async with self.ports.book.begin() as ledger:
                owner, now = owner_of_agency(entry.name), self.ports.clock.now()
                await publish_in(ledger, owner, item.policy, self.by, now)

    async def _account(self, item: Item, entry: AccountEntry) -> None:
        async with self.ports.book.begin() as ledger:
            await ledger.lock_settings(f"account/{entry.id}")
            known = await ledger.account(entry.id)
            await ledger.add_account(account_of(entry, item.given, known, self.ports))

    async def _store(self, item: Item, entry: StoreEntry) -> Outcome:
        if item.action is Action.CREATE and entry.connect == "link":
            return await self._linked(item, entry)
        checks: tuple[Check, ...] = ()
        if item.action is Action.CREATE:
            request = _request(item, entry)
            _, checks = await onboarding.add_store(self.ports, request, item.given, self.public_url)
        elif item.action is Action.CHANGE:
            await self._changed(item, entry)
        await self._remember(item)
        if item.action is Action.CHANGE and _calls_differently(item):
            checks = await self._connected(item.name)
        return _told(item, checks)

    async def _linked(self, item: Item, entry: StoreEntry) -> Outcome:
        """A store whose keys come when its owner agrees; until then it is not here."""
        request, ports = _request(item, entry), self.ports
        if ports.platforms.named(entry.platform).one_click is not None:
            link = await onboarding.invite(ports, request, self.public_url)
        else:
            link = await installs.prepare(ports, request, item.given)
        return Outcome(item, OutcomeKind.WAITS, "open the link as the store's owner", link=link)

    async def _changed(self, item: Item, entry: StoreEntry) -> None:
        """All changes of one store together, or none."""
        wanted, ports = item.wanted, self.ports
        async with ports.book.begin() as ledger:
            if wanted.get("agency"):  # before its stores, as whoever changes the agency does
                await ledger.lock_settings(owner_of_agency(wanted["agency"]))
            await ledger.lock_settings(owner_of_store(item.name))
            store = _rewritten(await known_store(ledger, item.name), item, entry)
            agency = wanted.get("agency", store.settings.get("agency"))
            store = await moved_to(ports, ledger, store, agency)
            await ledger.add_store(store)
            if item.policy is not None:
                now = ports.clock.now()
                await publish_in(ledger, owner_of_store(item.name), item.policy, self.by, now)
            check_draft(await policy_of(ledger, store))

    async def _remember(self, item: Item) -> None:
        """Keep what the file said, for whoever asks later what was changed by hand."""
        async with self.ports.book.begin() as ledger:
            await ledger.lock_settings(owner_of_store(item.name))
            store = await known_store(ledger, item.name)
            applied = applied_now(item.wanted, self.by, self.ports.clock.now())
            if store.settings.get(APPLIED, {}).get("digest") != applied["digest"]:
                await _told_applied(ledger, store, applied)

    async def _connected(self, name: str) -> tuple[Check, ...]:
        async with self.ports.book.begin() as ledger:
            store = await known_store(ledger, name)
        adapter = self.ports.platforms.named(store.platform)
        return await adapter.connect(connection(self.ports, store))


async def _told_applied(ledger: Ledger, store: Store, applied: Mapping[str, Any]) -> None:
    told = {**store.settings, APPLIED: applied}
    await ledger.add_store(replace(store, settings=told))


def _rewritten(store: Store, item: Item, entry: StoreEntry) -> Store:
    """The store as the file wants it, but for its agency and a whole policy."""
    settings = dict(store.settings)
    if entry.settings is not None:
        settings["platform"] = dict(entry.settings)
    if entry.operators is not None:
        settings["people"] = dict(entry.operators)
    if item.policy is None and "policy" in item.wanted:
        settings["policy"] = dict(item.wanted["policy"])
    changed = replace(
        store,
        identity=entry.address,
        account_id=entry.account,
        mode=entry.mode or store.mode,
        settings=settings,
        secrets={**store.secrets, **item.given},
    )
    return speaking(changed, entry.language)


def _request(item: Item, entry: StoreEntry) -> StoreRequest:
    follows = entry.language is None and entry.agency is not None
    return StoreRequest(
        platform=entry.platform,
        address=entry.address,
        account_id=entry.account,
        settings=dict(entry.settings or {}),
        policy=dict(item.wanted.get("policy", {})),
        language=entry.language or DEFAULT_LANGUAGE,
        mode=Mode(entry.mode) if entry.mode else None,
        agency=entry.agency,
        people=dict(entry.operators or {}),
        follow_agency=follows,
    )


def _calls_differently(item: Item) -> bool:
    touched = any(change.name.startswith(_CHANGES_THE_CALL) for change in item.changes)
    return touched or "changed" in item.secrets.values()


def _told(item: Item, checks: tuple[Check, ...]) -> Outcome:
    failed = [check for check in checks if not check.passed]
    if failed:
        detail = "; ".join(f"{check.name}: {check.detail}" for check in failed)
        mends = tuple(check.mend or _CHECK_IT for check in failed)
        return Outcome(item, OutcomeKind.FAILED, detail, mends)
    kind = OutcomeKind.NOTHING if item.action is Action.NOTHING else OutcomeKind.DONE
    return Outcome(item, kind)


_CHECK_IT = "run `pef store check` for this store"


def _mends(error: PefError) -> tuple[str, ...]:
    """What there is to do about an error; it can lack words where it names its own mend."""
    if not known(error.text_key):
        return (_CHECK_IT,)
    return (advise(error.text_key, "en") or _CHECK_IT,)
