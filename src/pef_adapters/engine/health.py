"""How each store stands: its last check, what was heard of it, and what needs a mend.

Reads the store by its adapter and keeps what was found; it changes nothing outside, and
decides nothing about a refund.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from pef_adapters.core.calendar import lima_date
from pef_adapters.core.errors import NotThere, PefError
from pef_adapters.engine.departures import LEFT_AT
from pef_adapters.engine.known import known_store
from pef_adapters.engine.onboarding import check_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, Alarm, StoreHead, StoreHealth

CHECKED_EVERY: Final = timedelta(hours=24)
# A webhook comes within seconds; what a poll found this long after none came by itself.
_SILENT_AFTER: Final = timedelta(hours=1)
_WARN_DAYS: Final = 30
_DAYS: Final = (
    ("keys_until", "health.keys_expire", "health.keys_over"),
    ("kyc_until", "health.documents_expire", "health.documents_over"),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to mend: a text with its figures, or what a check found, in its own words."""

    key: str
    figures: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A store, its last check, when it was last heard of by a webhook, and what to mend."""

    head: StoreHead
    health: StoreHealth | None
    last_webhook: datetime | None
    alarms: tuple[Alarm, ...]
    troubles: tuple[Trouble, ...]


async def check_and_keep(ports: Ports, store_id: str) -> StoreHealth:
    """Check a store now and keep what was found; a store that can't be asked is a finding.

    Raises:
        NotThere: no such store.
    """
    async with ports.book.begin() as ledger:
        await known_store(ledger, store_id)
    health = StoreHealth(
        store_id=store_id, at=ports.clock.now(), checks=await _found(ports, store_id)
    )
    async with ports.book.begin() as ledger:
        await ledger.save_health(health)
    return health


async def check_if_old(ports: Ports, store_id: str) -> bool:
    """Check a store whose last check is older than a day; answers whether it was."""
    async with ports.book.begin() as ledger:
        kept = await ledger.healths([store_id])
    if kept and kept[0].at > ports.clock.now() - CHECKED_EVERY:
        return False
    await check_and_keep(ports, store_id)
    return True


async def standings(ports: Ports, ledger: Ledger, heads: Collection[StoreHead]) -> list[Standing]:
    """How these stores stand, in their order; opens no store's secret."""
    ids = [head.id for head in heads]
    healths = {each.store_id: each for each in await ledger.healths(ids)}
    heard = await ledger.last_deliveries(ids)
    accounts = {each.id: each for each in await ledger.accounts()}
    alarms = await ledger.open_alarms()
    found = []
    for head in heads:
        own = tuple(alarm for alarm in alarms if alarm.subject == f"store/{head.id}")
        silent = await _silent(ports, ledger, head, heard.get(head.id))
        health, account = healths.get(head.id), accounts.get(head.account_id)
        troubles = (
            *_of_the_store(head, health),
            *silent,
            *_of_the_account(account, lima_date(ports.clock.now())),
            *(Trouble(alarm.code, alarm.figures) for alarm in own),
        )
        found.append(
            Standing(
                head=head,
                health=health,
                last_webhook=heard.get(head.id),
                alarms=own,
                troubles=troubles,
            )
        )
    return found


def is_well(head: StoreHead, health: StoreHealth | None) -> bool:
    """Whether the store is here, was checked, and nothing failed."""
    return (
        LEFT_AT not in head.settings
        and health is not None
        and all(check["passed"] for check in health.checks)
    )


async def _found(ports: Ports, store_id: str) -> tuple[Mapping[str, Any], ...]:
    try:
        checks = await check_store(ports, store_id)
    except PefError as error:
        fault = {"name": "reach", "passed": False, "detail": str(error), "mend": ""}
        return ({**fault, "code": error.code},)
    return tuple(
        {"name": c.name, "passed": c.passed, "detail": c.detail, "mend": c.mend} for c in checks
    )


def _of_the_store(head: StoreHead, health: StoreHealth | None) -> list[Trouble]:
    if LEFT_AT in head.settings:
        return [Trouble("health.store_left", {"store": head.id})]
    if health is None:
        return [Trouble("health.never_checked", {"store": head.id})]
    return [
        Trouble("health.check_failed", {"store": head.id}, f"{c['name']}: {c['detail']}", c["mend"])
        for c in health.checks
        if not c["passed"]
    ]


async def _silent(
    ports: Ports, ledger: Ledger, head: StoreHead, heard: datetime | None
) -> list[Trouble]:
    """A refund that no webhook told shows that none comes; a quiet store shows nothing."""
    if not _tells_by_webhook(ports, head.platform):
        return []
    newest = await ledger.list_refunds(store_id=head.id, limit=1)
    if not newest or (heard and newest[0].created_at - heard <= _SILENT_AFTER):
        return []
    return [Trouble("health.webhook_silent", {"store": head.id})]


def _tells_by_webhook(ports: Ports, platform: str) -> bool:
    """Whether silence means anything: a gateway asks us instead, and waits for the answer."""
    try:
        return ports.platforms.named(platform).provider is None
    except NotThere:  # its adapter is not installed any more; the check says so
        return False


def _of_the_account(account: Account | None, today: date) -> list[Trouble]:
    if account is None:
        return []
    found = []
    for setting, soon, over in _DAYS:
        last = account.settings.get(setting)
        if last is None:
            continue
        left = (date.fromisoformat(last) - today).days
        if left <= _WARN_DAYS:
            figures = {"account": account.id, "day": last}
            found.append(Trouble(soon if left >= 0 else over, figures))
    return found
