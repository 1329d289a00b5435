"""What the file wants of an account or a store, in the words of the facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pef_adapters.core.policy import Policy
from pef_adapters.engine.costs import SETTING
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.engine.settings_as_code.facts import DAYS
from pef_adapters.engine.settings_as_code.file import AccountEntry, StoreEntry


@dataclass(frozen=True, slots=True)
class Windows:
    """Only the two windows of a store without a whole policy."""

    days: Mapping[str, int]
    name: str = ""

    def as_written(self) -> dict[str, Any]:
        """As `Policy.as_written`."""
        return dict(self.days)


def account_of(
    entry: AccountEntry, given: Mapping[str, str], known: Account | None, ports: Ports
) -> Account:
    """The account as the file wants it; what it leaves out stays as it was."""
    settings = dict(known.settings) if known else {}
    if entry.settings is not None:
        beside = {n: v for n, v in settings.items() if n in {*DAYS.values(), SETTING}}
        settings = {**beside, **entry.settings}
    wanted = wanted_of_account(entry)
    settings |= {kept: wanted[name] for name, kept in DAYS.items() if name in wanted}
    if entry.costs is not None:
        settings[SETTING] = entry.costs.as_settings()
    return Account(
        id=entry.id,
        mode=entry.mode,
        base_url=entry.base_url.rstrip("/"),
        service_id=entry.service_id,
        settings=settings,
        secrets={**(known.secrets if known else {}), **given},
        created_at=known.created_at if known else ports.clock.now(),
    )


def wanted_of_account(entry: AccountEntry) -> dict[str, Any]:
    """What the file names of an account, without its keys."""
    days = {"documents_until": entry.documents_until, "keys_until": entry.keys_until}
    return {
        "mode": str(entry.mode),
        "base_url": entry.base_url.rstrip("/"),
        "service_id": entry.service_id,
        **({"settings": entry.settings} if entry.settings is not None else {}),
        **{name: day.isoformat() for name, day in days.items() if day is not None},
        **({"costs": entry.costs.as_settings()} if entry.costs is not None else {}),
    }


def wanted_of_store(entry: StoreEntry, policy: Policy | Windows | None) -> dict[str, Any]:
    """What the file names of a store, without its keys."""
    given = entry.model_fields_set
    return {
        "address": entry.address,
        "platform": entry.platform,
        "account": entry.account,
        **({"agency": entry.agency} if "agency" in given else {}),
        **({"language": entry.language} if entry.language is not None else {}),
        **({"mode": str(entry.mode)} if entry.mode is not None else {}),
        **({"settings": entry.settings} if entry.settings is not None else {}),
        **({"operators": entry.operators} if entry.operators is not None else {}),
        **({"policy": policy_as_kept(policy)} if policy is not None else {}),
    }


def policy_as_kept(policy: Policy | Windows) -> dict[str, Any]:
    """What is kept of a policy, without its version."""
    return {name: value for name, value in policy.as_written().items() if name != "version"}
