"""What accounts and stores are told after they were connected, one thing at a time.

Each use case locks the settings it changes and leaves the others alone; `onboarding`
keeps them when keys are given anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pef_adapters.core.costs import CostSettings
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.agencies import (
    FROM_AGENCY,
    LANGUAGE_FROM,
    agency_or_new,
    check_settings,
    inheriting,
)
from pef_adapters.engine.costs import SETTING
from pef_adapters.engine.known import known_account, known_store
from pef_adapters.engine.policies import check_draft, owner_of_agency, owner_of_store, policy_of
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, Store


async def renew_account(
    ports: Ports, account_id: str, *, kyc_until: date | None, keys_until: date | None
) -> Account:
    """Record until when the account's documents and keys are good; None leaves a day alone.

    Raises:
        NotThere: no such account.
    """
    days = {"kyc_until": kyc_until, "keys_until": keys_until}
    given = {name: day.isoformat() for name, day in days.items() if day is not None}
    async with ports.book.begin() as ledger:
        return await _tell_account(ledger, account_id, given)


async def set_costs(ports: Ports, account_id: str, costs: CostSettings) -> None:
    """Keep an account's fees and exchange rates; they replace what was kept before.

    Raises:
        NotThere: no such account.
    """
    async with ports.book.begin() as ledger:
        await _tell_account(ledger, account_id, {SETTING: costs.as_settings()})


async def name_operator(ports: Ports, store_id: str, operator: str, name: str) -> Store:
    """Say which person a store's operator is, so that nobody approves his own refund.

    Raises:
        NotThere: no such store.
    """
    async with ports.book.begin() as ledger:
        store = await _locked_store(ledger, store_id)
        people = {**store.settings.get("people", {}), operator: name}
        told = replace(store, settings={**store.settings, "people": people})
        await ledger.add_store(told)
    return told


async def join_agency(ports: Ports, store_id: str, agency: str | None) -> Store:
    """Put a store under an agency's policy and settings, or (None) under nobody's.

    An agency that nobody has described yet is made.

    Raises:
        NotThere: no such store.
        PolicyLocked, PolicyUnreadable: the two policies don't go together.
        SettingInvalid: the settings don't go together.
    """
    async with ports.book.begin() as ledger:
        if agency:  # before its stores, as whoever changes the agency does
            await ledger.lock_settings(owner_of_agency(agency))
        store = await _locked_store(ledger, store_id)
        moved = await moved_to(ports, ledger, store, agency)
        await ledger.add_store(moved)
    return moved


async def moved_to(ports: Ports, ledger: Ledger, store: Store, agency: str | None) -> Store:
    """The store under an agency or under nobody, proved but not yet kept.

    Raises:
        PolicyLocked, PolicyUnreadable: the two policies don't go together.
        SettingInvalid: the settings don't go together.
    """
    over = await agency_or_new(ledger, ports, agency) if agency else None
    moved = replace(store, settings={**store.settings, "agency": agency})
    moved = inheriting(ports.platforms, moved, over)
    check_draft(await policy_of(ledger, moved))
    return moved


async def change_store_settings(
    ports: Ports,
    store_id: str,
    settings: Mapping[str, Any] | None = None,
    *,
    language: str | None = None,
    follow_agency: bool = False,
) -> tuple[Store, Store]:
    """Change what a store itself says; answers the store as it was and as it is.

    `settings` are those of its platform and replace all that the store said itself; what it
    leaves out is inherited. `follow_agency` makes it speak its agency's language.

    Raises:
        NotThere: no such store.
        SettingInvalid: a setting or the language can't be used.
    """
    if language is not None and language not in LANGUAGES:
        raise SettingInvalid(f"{language!r} is not one of {', '.join(LANGUAGES)}")
    async with ports.book.begin() as ledger:
        before = await _locked_store(ledger, store_id)
        now = before
        if settings is not None:
            now = replace(now, settings={**now.settings, "platform": dict(settings)})
            check_settings(ports.platforms, now)
        name = now.settings.get("agency")
        if follow_agency and not name:
            raise SettingInvalid(
                f"store {store_id} is under no agency whose language it could speak"
            )
        now = speaking(now, language, follow_agency=follow_agency)
        if name:
            now = inheriting(ports.platforms, now, await ledger.agency(str(name)))
        await ledger.add_store(now)
    return before, now


def speaking(store: Store, language: str | None, *, follow_agency: bool = False) -> Store:
    """The store with a language of its own, or with its agency's from now on."""
    if follow_agency:
        return replace(store, settings={**store.settings, LANGUAGE_FROM: FROM_AGENCY})
    if language is None:
        return store
    own = {name: kept for name, kept in store.settings.items() if name != LANGUAGE_FROM}
    return replace(store, language=language, settings=own)


async def _tell_account(ledger: Ledger, account_id: str, told: Mapping[str, Any]) -> Account:
    await ledger.lock_settings(f"account/{account_id}")
    account = await known_account(ledger, account_id)
    account = replace(account, settings={**account.settings, **told})
    await ledger.add_account(account)
    return account


async def _locked_store(ledger: Ledger, store_id: str) -> Store:
    await ledger.lock_settings(owner_of_store(store_id))
    return await known_store(ledger, store_id)
