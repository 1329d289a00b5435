"""An agency's settings, and what its stores inherit of them.

Inheritance is written down: each store keeps in `settings["inherited"]` what its agency says
for its platform, so that nobody has to look two records up to speak with a store. Whoever
changes an agency locks it first and its stores after that, in the order of their ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import structlog

from pef_adapters.core.errors import InvalidInput, NotThere, SettingInvalid
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.known import known_store
from pef_adapters.engine.people import named
from pef_adapters.engine.policies import owner_of_agency, owner_of_store
from pef_adapters.engine.ports import Ledger, Platforms, Ports
from pef_adapters.engine.records import Agency, Store, StoreHead
from pef_adapters.platforms.settings_model import setting_defaults, setting_faults

INHERITED, LANGUAGE_FROM = "inherited", "language_from"
FROM_AGENCY = "agency"
_KNOWN = frozenset({"language", "platform"})
_MOST_CHARACTERS = 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting of a store, and who says so. Settings hold no secret."""

    name: str
    value: Any
    comes_from: Literal["store", "agency", "default"]


async def set_agency_settings(
    ports: Ports, name: str, title: str, settings: Mapping[str, Any], by: str
) -> Agency:
    """Make or change an agency, and hand its settings on to each of its stores.

    `settings`: "language", and "platform" with the settings of each platform by its name;
    they replace those that were kept.

    Raises:
        InvalidInput: there is no name, or nobody who decides.
        SettingInvalid: a setting can't be used, alone or together with those of a store.
    """
    who = named(by)
    agency = Agency(
        name=usable_name(name),
        title=title.strip() or name,
        settings=checked_settings(ports.platforms, settings),
        created_at=ports.clock.now(),
    )
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_agency(agency.name))
        await ledger.add_agency(agency)
        heads = [head for head in await ledger.store_heads() if head.agency == agency.name]
        for head in sorted(heads, key=lambda head: head.id):
            await _hand_on(ports, ledger, agency, head.id)
    _log.info("agency_changed", agency=agency.name, stores=len(heads), by=who)
    return agency


async def known_agency(ledger: Ledger, name: str) -> Agency:
    """The agency.

    Raises:
        NotThere: there is none of this name.
    """
    agency = await ledger.agency(name)
    if agency is None:
        raise NotThere(f"there is no agency {name}; see `pef agency list`")
    return agency


async def agency_or_new(ledger: Ledger, ports: Ports, name: str) -> Agency:
    """The agency, made now where a store joins one that nobody has described yet."""
    known = await ledger.agency(name)
    if known is None:
        known = Agency(name=name, title=name, settings={}, created_at=ports.clock.now())
        await ledger.add_agency(known)
    return known


def inheriting(platforms: Platforms, store: Store, agency: Agency | None) -> Store:
    """The store with what it inherits from `agency`, or from nobody any more.

    Raises:
        SettingInvalid: together with what the store itself says it can't be used.
    """
    part = inherited_part(agency, store.platform)
    own = {name: kept for name, kept in store.settings.items() if name != INHERITED}
    if agency is None:
        own.pop(LANGUAGE_FROM, None)
        return replace(store, settings=own)
    changed = (
        replace(store, settings={**own, INHERITED: part}) if part else replace(store, settings=own)
    )
    if part:
        check_settings(platforms, changed)
    return replace(changed, language=_language(changed, agency))


def inherited_part(agency: Agency | None, platform: str) -> dict[str, Any]:
    """What an agency says for a platform."""
    return dict(agency.settings.get("platform", {}).get(platform, {})) if agency else {}


def in_force(store: Store | StoreHead) -> dict[str, Any]:
    """The platform's settings as its adapter reads them: the store's over its agency's."""
    own = store.settings.get("platform", {})
    return {**store.settings.get(INHERITED, {}), **own}


def check_settings(platforms: Platforms, store: Store) -> None:
    """Let pass a store whose settings its adapter can use.

    Raises:
        SettingInvalid: it can't; the message names each mistake and no value.
    """
    if faults := setting_faults(platforms.named(store.platform), in_force(store)):
        raise SettingInvalid(f"store {store.id}: {'; '.join(faults)}")


def checked_settings(platforms: Platforms, settings: Mapping[str, Any]) -> dict[str, Any]:
    """An agency's settings, if they can be used.

    Raises:
        SettingInvalid: they can't; the message names each mistake and no value.
    """
    faults = [f"{name}: there is no such setting" for name in sorted(set(settings) - _KNOWN)]
    language = settings.get("language")
    if language is not None and language not in LANGUAGES:
        faults.append(f"language: give one of {', '.join(LANGUAGES)}")
    by_platform = settings.get("platform") or {}
    if not isinstance(by_platform, Mapping):
        raise SettingInvalid("platform: give the settings of each platform by its name")
    for platform, part in by_platform.items():
        faults += [f"platform.{platform}.{said}" for said in _faults(platforms, platform, part)]
    if faults:
        raise SettingInvalid("; ".join(faults))
    kept = {name: dict(part) for name, part in by_platform.items() if part}
    return {**({"language": language} if language else {}), **({"platform": kept} if kept else {})}


def settings_shown(
    platforms: Platforms, store: Store | StoreHead, agency: Agency | None
) -> list[Shown]:
    """Each setting with its value in force and who says so; the language comes first."""
    follows = store.settings.get(LANGUAGE_FROM) == FROM_AGENCY and agency is not None
    own = store.settings.get("platform", {})
    inherited = inherited_part(agency, store.platform)
    given = [Shown(name, value, "store") for name, value in own.items()]
    given += [Shown(n, value, "agency") for n, value in inherited.items() if n not in own]
    defaults = setting_defaults(platforms.named(store.platform))
    rest = [
        Shown(name, value, "default")
        for name, value in defaults.items()
        if name not in {**inherited, **own}
    ]
    language = Shown("language", store.language, "agency" if follows else "store")
    return [language, *sorted([*given, *rest], key=lambda shown: shown.name)]


def usable_name(name: str) -> str:
    """An agency's name, which stands in addresses and in `agency/NAME`.

    Raises:
        InvalidInput: it is empty, too long, or holds a slash or what can't be printed.
    """
    bare = name.strip()
    if not bare or len(bare) > _MOST_CHARACTERS or "/" in bare or not bare.isprintable():
        raise InvalidInput(f"an agency's name has 1 to {_MOST_CHARACTERS} letters and no slash")
    return bare


async def _hand_on(ports: Ports, ledger: Ledger, agency: Agency, store_id: str) -> None:
    await ledger.lock_settings(owner_of_store(store_id))
    store = await known_store(ledger, store_id)
    if store.settings.get("agency") == agency.name:  # it may have left meanwhile
        await ledger.add_store(inheriting(ports.platforms, store, agency))


def _language(store: Store, agency: Agency) -> str:
    """Only a store that was told to follow its agency speaks its agency's language."""
    if store.settings.get(LANGUAGE_FROM) != FROM_AGENCY:
        return store.language
    return str(agency.settings.get("language") or store.language)


def _faults(platforms: Platforms, platform: str, part: Any) -> tuple[str, ...]:
    if not isinstance(part, Mapping):
        return ("give names and values",)
    try:
        adapter = platforms.named(platform)
    except (NotThere, KeyError):
        return ("there is no such platform",)
    return setting_faults(adapter, part, partly=True)
