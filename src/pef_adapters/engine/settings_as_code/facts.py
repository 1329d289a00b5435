"""What is kept of an agency, an account or a store, in the words of the file; no secret.

One shape for the plan, the export and the drift, so that they can't disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pef_adapters.engine.agencies import FROM_AGENCY, LANGUAGE_FROM
from pef_adapters.engine.costs import SETTING, costs_of
from pef_adapters.engine.records import Account, Agency, PublishedPolicy, Store, StoreHead

Facts = Mapping[str, Any]
# Settings of an account that stand beside its other settings in the file.
DAYS = {"documents_until": "kyc_until", "keys_until": "keys_until"}
_BESIDE = frozenset({*DAYS.values(), SETTING})
# Of these each name is compared by itself, so that a plan says what exactly changes.
_GROUPS = frozenset({"settings", "operators"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be; `before` and `after` are plain data."""

    name: str
    before: Any
    after: Any


def agency_facts(agency: Agency, published: PublishedPolicy | None) -> dict[str, Any]:
    """An agency as its entry would say it."""
    return {
        "title": agency.title,
        "settings": dict(agency.settings),
        "policy": written_policy(published),
    }


def account_facts(account: Account) -> dict[str, Any]:
    """An account as its entry would say it, without its keys."""
    settings = account.settings
    return {
        "mode": str(account.mode),
        "base_url": account.base_url,
        "service_id": account.service_id,
        "settings": {n: value for n, value in settings.items() if n not in _BESIDE},
        **{name: settings.get(kept) for name, kept in DAYS.items()},
        "costs": costs_of(account).as_settings(),
    }


def store_facts(store: Store | StoreHead, published: PublishedPolicy | None) -> dict[str, Any]:
    """A store as its entry would say it, without its keys; no language: its agency's."""
    settings = store.settings
    follows = settings.get(LANGUAGE_FROM) == FROM_AGENCY
    return {
        "address": store.identity,
        "platform": store.platform,
        "account": store.account_id,
        "agency": settings.get("agency") or None,
        "language": None if follows else store.language,
        "mode": str(store.mode),
        "settings": dict(settings.get("platform", {})),
        "policy": written_policy(published) or dict(settings.get("policy", {})) or None,
        "operators": dict(settings.get("people", {})),
    }


def written_policy(published: PublishedPolicy | None) -> dict[str, Any] | None:
    """A policy as its owner wrote it; its version is the publication's."""
    if published is None:
        return None
    return {name: value for name, value in published.body.items() if name != "version"}


def differences(now: Facts, wanted: Facts) -> tuple[Difference, ...]:
    """What `wanted` names and is not so now; what it does not name may be as it is."""
    found: list[Difference] = []
    for name, value in wanted.items():
        if name in _GROUPS:
            found += _each(name, now.get(name) or {}, value or {})
        elif now.get(name) != value:
            found.append(Difference(name, now.get(name), value))
    return tuple(found)


def _each(group: str, now: Facts, wanted: Facts) -> list[Difference]:
    names = [*wanted, *(name for name in now if name not in wanted)]
    return [
        Difference(f"{group}.{name}", now.get(name), wanted.get(name))
        for name in names
        if now.get(name) != wanted.get(name)
    ]
