"""What accounts and stores are told after they were connected, one thing at a time.

Each use case locks the settings it changes and leaves the others alone; `onboarding`
keeps them when keys are given anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pef_adapters.core.costs import CostSettings
from pef_adapters.engine.costs import SETTING
from pef_adapters.engine.known import known_account, known_store
from pef_adapters.engine.policies import check_draft, owner_of_store, policy_of
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
    """Put a store under an agency's policy, or (None) under nobody's.

    Raises:
        NotThere: no such store.
        PolicyLocked, PolicyUnreadable: the two policies don't go together.
    """
    async with ports.book.begin() as ledger:
        store = await _locked_store(ledger, store_id)
        moved = replace(store, settings={**store.settings, "agency": agency})
        check_draft(await policy_of(ledger, moved))
        await ledger.add_store(moved)
    return moved


async def _tell_account(ledger: Ledger, account_id: str, told: Mapping[str, Any]) -> Account:
    await ledger.lock_settings(f"account/{account_id}")
    account = await known_account(ledger, account_id)
    account = replace(account, settings={**account.settings, **told})
    await ledger.add_account(account)
    return account


async def _locked_store(ledger: Ledger, store_id: str) -> Store:
    await ledger.lock_settings(owner_of_store(store_id))
    return await known_store(ledger, store_id)
