"""What applying a file would do, item by item; reads only.

Every mistake of the whole file is found before anything is done, and said at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from pef_adapters.core.errors import NotThere, PefError, SettingInvalid
from pef_adapters.core.policy import Policy, policy_from_settings, read_policy
from pef_adapters.engine.agencies import INHERITED, checked_settings, inherited_part
from pef_adapters.engine.onboarding import store_id
from pef_adapters.engine.policies import check_draft, owner_of_agency, owner_of_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Agency, Store
from pef_adapters.engine.settings_as_code.drifting import drift
from pef_adapters.engine.settings_as_code.facts import (
    Difference,
    account_facts,
    agency_facts,
    differences,
    store_facts,
)
from pef_adapters.engine.settings_as_code.file import (
    AccountEntry,
    AgencyEntry,
    Reference,
    StoreEntry,
    StoresFile,
)
from pef_adapters.engine.settings_as_code.sources import Sources
from pef_adapters.engine.settings_as_code.wanting import (
    Windows,
    account_of,
    policy_as_kept,
    wanted_of_account,
    wanted_of_store,
)
from pef_adapters.platforms.settings_model import setting_faults

Answer = TypeVar("Answer")


class Action(StrEnum):
    """What is to be done about one item."""

    CREATE = "create"
    CHANGE = "change"
    NOTHING = "nothing"
    NOT_IN_FILE = "not in the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One agency, account or store; `secrets` says of each key "new", "changed", "unchanged".

    `wanted` are the facts that the file names. `given` holds the open secrets: it never
    leaves the process. `drift` is what somebody changed by hand since the last time.
    """

    kind: str
    name: str
    action: Action
    changes: tuple[Difference, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    drift: tuple[Difference, ...] = ()
    wanted: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    entry: AgencyEntry | AccountEntry | StoreEntry | None = None
    given: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that applying would do, in the order in which it would be done."""

    items: tuple[Item, ...]

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to do."""
        return any(item.action in {Action.CREATE, Action.CHANGE} for item in self.items)


async def make_plan(ports: Ports, wanted: StoresFile, sources: Sources) -> Plan:
    """Compare a file with what is kept.

    Raises:
        SettingInvalid: the file can't be applied; the message names every mistake.
    """
    planner = _Planner(ports, wanted, sources)
    async with ports.book.begin() as ledger:
        items = [
            *[await planner.agency(ledger, i, each) for i, each in enumerate(wanted.agencies)],
            *[await planner.account(ledger, i, each) for i, each in enumerate(wanted.accounts)],
            *[await planner.store(ledger, i, each) for i, each in enumerate(wanted.stores)],
        ]
        rest = await _not_in_file(ledger, wanted)
    if planner.faults:
        raise SettingInvalid("; ".join(planner.faults))
    return Plan((*items, *rest))


class _Planner:
    """Collects mistakes instead of stopping at the first."""

    def __init__(self, ports: Ports, wanted: StoresFile, sources: Sources) -> None:
        self.faults: list[str] = []
        self._ports, self._sources = ports, sources
        self._agencies = {each.name: each for each in wanted.agencies}
        self._accounts = {each.id for each in wanted.accounts}

    async def agency(self, ledger: Ledger, number: int, entry: AgencyEntry) -> Item:
        place = f"agencies[{number + 1}] ({entry.name})"
        policy = self._policy(place, entry.policy, whole=True, alone=True)
        wanted: dict[str, Any] = {"title": entry.title} if entry.title else {}
        if entry.settings is not None:
            given = entry.settings
            wanted["settings"] = self._tried(
                f"{place}.settings", lambda: checked_settings(self._ports.platforms, given)
            )
        known = await ledger.agency(entry.name)
        published = await ledger.newest_policy(owner_of_agency(entry.name))
        now = agency_facts(known, published) if known else {"policy": None}
        item = Item(kind="agency", name=entry.name, action=Action.NOTHING, entry=entry)
        whole = policy if isinstance(policy, Policy) else None
        return _compared(item, now if known else None, wanted, whole)

    async def account(self, ledger: Ledger, number: int, entry: AccountEntry) -> Item:
        place = f"accounts[{number + 1}] ({entry.id})"
        references = {"access_key": entry.access_key, "secret_key": entry.secret_key}
        given = self._secrets(place, references)
        wanted = wanted_of_account(entry)
        known = await ledger.account(entry.id)
        if len(given) == len(references):
            told = account_of(entry, given, known, self._ports)
            self._tried(place, lambda: self._sources.check_account(told))
        item = Item(
            kind="account",
            name=entry.id,
            action=Action.NOTHING,
            entry=entry,
            given=given,
            secrets=_compared_secrets(given, known.secrets if known else None),
        )
        return _compared(item, account_facts(known) if known else None, wanted, None)

    async def store(self, ledger: Ledger, number: int, entry: StoreEntry) -> Item:
        place, name = f"stores[{number + 1}] ({entry.address})", store_id(entry.address)
        known, given = await ledger.store(name), self._secrets(place, entry.keys)
        await self._check_store(ledger, place, entry, known)
        published = await ledger.newest_policy(owner_of_store(name))
        under = self._agency_of(entry, known)
        policy = self._policy(place, entry.policy, whole=published is not None, alone=under is None)
        wanted = wanted_of_store(entry, policy)
        item = Item(
            kind="store",
            name=name,
            action=Action.NOTHING,
            entry=entry,
            given=given,
            secrets=_compared_secrets(given, known.secrets if known else None),
            drift=drift(known, published) if known else (),
        )
        now = store_facts(known, published) if known else None
        return _compared(item, now, wanted, policy if isinstance(policy, Policy) else None)

    async def _check_store(
        self, ledger: Ledger, place: str, entry: StoreEntry, known: Store | None
    ) -> None:
        """What a store needs around it: an adapter, an account, settings that fit."""
        if entry.account not in self._accounts and await ledger.account(entry.account) is None:
            self.faults.append(f"{place}.account: there is no merchant account {entry.account}")
        try:
            adapter = self._ports.platforms.named(entry.platform)
        except (NotThere, KeyError):
            self.faults.append(f"{place}.platform: there is no platform {entry.platform}")
            return
        if known is not None and known.platform != entry.platform:
            self.faults.append(f"{place}.platform: it is connected as {known.platform}")
        own = entry.settings
        if own is None:
            own = dict(known.settings.get("platform", {})) if known else {}
        part = await self._inherited(ledger, entry, known)
        for fault in setting_faults(adapter, {**part, **own}):
            self.faults.append(f"{place}.settings.{fault}")

    async def _inherited(
        self, ledger: Ledger, entry: StoreEntry, known: Store | None
    ) -> Mapping[str, Any]:
        """What the store will inherit once the whole file has been applied."""
        name = self._agency_of(entry, known)
        if name is None:
            return {}
        described = self._agencies.get(name)
        if described is not None and described.settings is not None:
            by_platform = described.settings.get("platform") or {}
            part = by_platform.get(entry.platform) if isinstance(by_platform, dict) else None
            return part if isinstance(part, dict) else {}
        kept = await ledger.agency(name)
        if kept is None and known is not None and known.settings.get("agency") == name:
            return dict(known.settings.get(INHERITED, {}))
        return inherited_part(kept, entry.platform)

    def _agency_of(self, entry: StoreEntry, known: Store | None) -> str | None:
        """The agency under which the store will be."""
        if "agency" not in entry.model_fields_set and known is not None:
            return known.settings.get("agency") or None
        return entry.agency

    def _secrets(self, place: str, references: Mapping[str, Reference]) -> dict[str, str]:
        found = {}
        for name, reference in references.items():
            secret = self._tried(f"{place}.{name}", partial(self._sources.secret, reference))
            if secret is not None:
                found[name] = secret
        return found

    def _policy(
        self, place: str, given: Mapping[str, Any] | None, *, whole: bool, alone: bool
    ) -> Policy | Windows | None:
        """The policy that is given here or in a file; None where none is."""
        if given is None:
            return None
        policy = self._tried(f"{place}.policy", lambda: self._read_policy(given, alone=alone))
        if policy is not None and whole and not policy.name:
            self.faults.append(f"{place}.policy: give a whole policy, which starts with its name")
        return policy

    def _read_policy(self, given: Mapping[str, Any], *, alone: bool) -> Policy | Windows:
        if set(given) == {"file"}:
            policy = read_policy(self._sources.text(str(given["file"])))
        elif "name" not in given:
            policy_from_settings(given)
            return Windows({name: int(days) for name, days in given.items()})
        else:
            policy = policy_from_settings(given)
        if alone:  # under an agency, what it leaves open is the agency's to say
            check_draft(policy)
        return policy

    def _tried(self, place: str, ask: Callable[[], Answer]) -> Answer | None:
        try:
            return ask()
        except PefError as error:
            self.faults.append(f"{place}: {error}")
            return None


def _compared(
    item: Item, now: Mapping[str, Any] | None, wanted: Mapping[str, Any], policy: Policy | None
) -> Item:
    if policy is not None:
        wanted = {**wanted, "policy": policy_as_kept(policy)}
    found = differences(now or {}, wanted)
    touched = found or set(item.secrets.values()) - {"unchanged"}
    action = Action.CREATE if now is None else Action.CHANGE if touched else Action.NOTHING
    return replace(item, action=action, changes=found, wanted=wanted, policy=policy)


def _compared_secrets(
    given: Mapping[str, str], known: Mapping[str, str] | None
) -> Mapping[str, str]:
    if known is None:
        return dict.fromkeys(given, "new")
    return {n: "unchanged" if known.get(n) == value else "changed" for n, value in given.items()}


async def _not_in_file(ledger: Ledger, wanted: StoresFile) -> list[Item]:
    """What is kept and not named; it is left alone, whatever else happens."""
    agencies: list[Agency] = await ledger.agencies()
    accounts = await ledger.accounts()
    names = {
        "agency": ([a.name for a in agencies], {each.name for each in wanted.agencies}),
        "account": ([a.id for a in accounts], {each.id for each in wanted.accounts}),
        "store": (
            sorted(await ledger.store_ids()),
            {store_id(each.address) for each in wanted.stores},
        ),
    }
    return [
        Item(kind=kind, name=name, action=Action.NOT_IN_FILE)
        for kind, (kept, written) in names.items()
        for name in kept
        if name not in written
    ]
