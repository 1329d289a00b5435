"""What is kept, as the file that would make it again; secrets become references.

Each reference names a variable of the environment that whoever applies the file fills in.
"""

import re
from collections.abc import Mapping
from typing import Any

from pef_adapters.engine.known import known_store
from pef_adapters.engine.policies import owner_of_agency, owner_of_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, Agency
from pef_adapters.engine.settings_as_code.facts import account_facts, agency_facts, store_facts

# What nobody types in: we make it, or the platform gives and renews it.
_NOT_GIVEN = frozenset(
    {"webhook_secret", "hook_secret", "access_token", "refresh_token", "expires_at", "scope"}
)
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9]+")


async def exported(ports: Ports, agency: str | None = None) -> dict[str, Any]:
    """The file as plain data; with an agency only that, its stores and their accounts.

    Reads only. Applying it to this database, with the same secrets in the variables that it
    names, would change nothing.
    """
    async with ports.book.begin() as ledger:
        heads = [h for h in await ledger.store_heads() if agency in (None, h.agency)]
        stores = [await _store(ledger, head.id) for head in heads]
        used = {head.account_id for head in heads}
        accounts = [a for a in await ledger.accounts() if agency is None or a.id in used]
        agencies = [a for a in await ledger.agencies() if agency in (None, a.name)]
        return {
            "version": 1,
            "agencies": [await _agency(ledger, each) for each in agencies],
            "accounts": [_account(each) for each in accounts],
            "stores": stores,
        }


def variable(kind: str, name: str, key: str) -> str:
    """The variable that an export names for a secret, such as PEF_STORE_TIENDA_PE_KEY."""
    return _NOT_IN_NAMES.sub("_", f"PEF_{kind}_{name}_{key}".upper())


async def _agency(ledger: Ledger, agency: Agency) -> dict[str, Any]:
    published = await ledger.newest_policy(owner_of_agency(agency.name))
    return {"name": agency.name, **_said(agency_facts(agency, published))}


def _account(account: Account) -> dict[str, Any]:
    facts = account_facts(account)
    keys = {name: _reference("ACCOUNT", account.id, name) for name in ("access_key", "secret_key")}
    return {"id": account.id, **_said(facts), **keys}


async def _store(ledger: Ledger, store_id: str) -> dict[str, Any]:
    store = await known_store(ledger, store_id)
    facts = store_facts(store, await ledger.newest_policy(owner_of_store(store_id)))
    given = sorted(set(store.secrets) - _NOT_GIVEN)
    keys = {name: _reference("STORE", store_id, name) for name in given}
    return {**_said(facts), **({"keys": keys} if keys else {})}


def _reference(kind: str, name: str, key: str) -> dict[str, str]:
    return {"env": variable(kind, name, key)}


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, {}, [])}
