"""Stores, as far as an actor may see, check and change them. No secret leaves here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import NotThere, SettingInvalid
from pef_adapters.engine import health, link_ups, plugin_codes, upkeep
from pef_adapters.engine.agencies import FROM_AGENCY, LANGUAGE_FROM, Shown, settings_shown
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import (
    demand_in_agency,
    demand_in_house,
    pass_to_head,
    pass_to_store,
)
from pef_adapters.engine.health import Standing, is_well, standings
from pef_adapters.engine.onboarding import StoreRequest
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Agency, Store, StoreHead, StoreHealth
from pef_adapters.engine.settings_as_code import Difference, drift_of

PAGE: Final = 50
WELL, TROUBLE, UNCHECKED = "well", "trouble", "unchecked"
# They say where keys go, ours among them: not a single store's owner's to change.
WHERE_KEYS_GO: Final = frozenset(
    {"allow_http", "api_address", "payments_address", "callback_hosts", "return_hosts"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFilter:
    """Which stores; whatever is left empty does not narrow. `text` is part of id or address."""

    text: str = ""
    platform: str = ""
    mode: str = ""
    agency: str = ""
    standing: str = ""


@dataclass(frozen=True, slots=True)
class StorePage:
    """One page of stores by id; `number` is at least 1, `total` counts all that fit."""

    standings: tuple[Standing, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store with its settings, who says each, and what was changed by hand since applied."""

    standing: Standing
    settings: tuple[Shown, ...]
    drift: tuple[Difference, ...]
    agency: Agency | None
    own: Mapping[str, Any]
    follows_agency: bool


async def list_stores(ports: Ports, actor: Actor, wanted: StoreFilter, page: int = 1) -> StorePage:
    """The stores that he may see and that fit, `PAGE` at a time."""
    async with ports.book.begin() as ledger:
        heads = [h for h in await ledger.store_heads() if _sees(actor, h) and _fits(h, wanted)]
        if wanted.standing:
            kept = {e.store_id: e for e in await ledger.healths([h.id for h in heads])}
            heads = [h for h in heads if _stands(h, kept.get(h.id)) == wanted.standing]
        pages = max(1, -(-len(heads) // PAGE))
        number = min(max(page, 1), pages)
        shown = heads[(number - 1) * PAGE : number * PAGE]
        found = await standings(ports, ledger, shown)
    return StorePage(tuple(found), number, pages, len(heads))


async def see(ports: Ports, actor: Actor, store_id: str) -> StoreView:
    """One store.

    Raises:
        NotThere: no such store, or none that he may see.
    """
    async with ports.book.begin() as ledger:
        head = await pass_to_head(ledger, actor, Permission.SEE_STORES, store_id)
        agency = await ledger.agency(head.agency) if head.agency else None
        (standing,) = await standings(ports, ledger, [head])
        return StoreView(
            standing=standing,
            settings=tuple(settings_shown(ports.platforms, head, agency)),
            drift=await drift_of(ledger, head),
            agency=agency,
            own=dict(head.settings.get("platform", {})),
            follows_agency=head.settings.get(LANGUAGE_FROM) == FROM_AGENCY,
        )


async def check(ports: Ports, actor: Actor, store_id: str) -> StoreHealth:
    """Check a store now (`health.check_and_keep`); whoever sees it may ask.

    Raises:
        NotThere: no such store, or none that he may see.
    """
    deed = await _passed(ports, actor, Permission.SEE_STORES, _deed("check_store", store_id))
    async with audited(ports, actor, deed):
        return await health.check_and_keep(ports, store_id)


async def change(
    ports: Ports,
    actor: Actor,
    store_id: str,
    settings: Mapping[str, Any] | None = None,
    *,
    language: str | None = None,
    follow_agency: bool = False,
) -> Store:
    """Change what a store itself says (`upkeep.change_store_settings`).

    Raises:
        NotThere, NotAllowed: as for every store; where keys go is the house's to say.
        SettingInvalid: a setting or the language can't be used.
    """
    deed = await _passed(ports, actor, Permission.EDIT_STORES, _deed("change_store", store_id))
    async with audited(ports, actor, deed):
        await _demand_for_keys(ports, actor, store_id, settings)
        before, now = await upkeep.change_store_settings(
            ports, store_id, settings, language=language, follow_agency=follow_agency
        )
        deed.detail.update(before=_told(before), after=_told(now))
        return now


async def move(ports: Ports, actor: Actor, store_id: str, agency: str | None) -> Store:
    """Put a store under an agency or under nobody (`upkeep.join_agency`).

    It takes a say in both agencies: whoever leaves one leaves what it locks.

    Raises:
        NotThere, NotAllowed: as for every store, and for every agency.
        PolicyLocked, PolicyUnreadable, SettingInvalid: the two don't go together.
    """
    deed = await _passed(ports, actor, Permission.EDIT_STORES, _deed("move_store", store_id))
    async with audited(ports, actor, deed):
        async with ports.book.begin() as ledger:
            head = await pass_to_head(ledger, actor, Permission.EDIT_STORES, store_id)
        for name in filter(None, {head.agency, agency}):
            demand_in_agency(actor, Permission.EDIT_AGENCY, name)
        if not head.agency and agency:
            demand_in_agency(actor, Permission.EDIT_STORES, agency)
        deed.detail.update(before=head.agency, after=agency)
        return await upkeep.join_agency(ports, store_id, agency)


async def plugin_code(ports: Ports, actor: Actor, store_id: str) -> str:
    """A one-time code by which the store's WordPress plugin connects it anew.

    Raises:
        NotThere, NotAllowed: as for every store.
        SettingInvalid: it is no WordPress store.
    """
    deed = await _passed(ports, actor, Permission.EDIT_STORES, _deed("plugin_code", store_id))
    async with audited(ports, actor, deed):
        async with ports.book.begin() as ledger:
            store = await pass_to_store(ledger, actor, Permission.EDIT_STORES, store_id)
        if ports.platforms.named(store.platform).one_click is None:
            raise SettingInvalid(f"{store_id} is no WordPress store: it has no plugin of ours")
        return await plugin_codes.offer(ports, _as_it_is(store))


async def link_up_code(ports: Ports, actor: Actor, store_id: str) -> str:
    """A one-time code by which the owner links the store up in its platform's admin.

    Raises:
        NotThere, NotAllowed: as for every store.
        SettingInvalid: its platform knows no link-up.
    """
    deed = await _passed(ports, actor, Permission.EDIT_STORES, _deed("link_up_code", store_id))
    async with audited(ports, actor, deed):
        async with ports.book.begin() as ledger:
            head = await pass_to_head(ledger, actor, Permission.EDIT_STORES, store_id)
        if not links_up(head):
            raise SettingInvalid(f"{store_id} is no VTEX store: there is nothing to link up")
        return await link_ups.offer_code(ports, store_id)


def links_up(head: StoreHead) -> bool:
    """Whether its owner can link the store up in its platform's admin."""
    return head.platform == "vtex"


async def _passed(ports: Ports, actor: Actor, permission: Permission, deed: Deed) -> Deed:
    """Let pass, and note where; a refusal of somebody who sees the store is kept."""
    store_id = deed.subject.partition("/")[2]
    async with ports.book.begin() as ledger:
        head = await pass_to_head(ledger, actor, Permission.SEE_STORES, store_id)
    deed.store_id, deed.agency = head.id, head.agency
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_head(ledger, actor, permission, store_id)
    return deed


async def _demand_for_keys(
    ports: Ports, actor: Actor, store_id: str, settings: Mapping[str, Any] | None
) -> None:
    if settings is None:
        return
    async with ports.book.begin() as ledger:
        head = await _head(ledger, store_id)
    demand_for_keys(actor, head.settings.get("platform", {}), settings)


def demand_for_keys(actor: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Let pass a change that leaves where keys go as it is, and whoever runs the house.

    Raises:
        NotAllowed: the change says where keys go, and he runs no more than a part.
    """
    # Nothing said and nothing allowed are one.
    if any((before.get(name) or None) != (after.get(name) or None) for name in WHERE_KEYS_GO):
        demand_in_house(actor, Permission.EDIT_STORES)


async def _head(ledger: Ledger, store_id: str) -> StoreHead:
    head = await ledger.store_head(store_id)
    if head is None:
        raise NotThere(f"there is no store {store_id}; see `pef store list`")
    return head


def _as_it_is(store: Store) -> StoreRequest:
    """What connecting the store anew needs to know: all that it is told now."""
    told = store.settings
    return StoreRequest(
        platform=store.platform,
        address=store.identity,
        account_id=store.account_id,
        settings=dict(told.get("platform", {})),
        policy=dict(told.get("policy", {})),
        language=store.language,
        mode=store.mode,
        agency=told.get("agency"),
        people=dict(told.get("people", {})),
        follow_agency=told.get(LANGUAGE_FROM) == FROM_AGENCY,
    )


def _told(store: Store) -> dict[str, Any]:
    return {"settings": dict(store.settings.get("platform", {})), "language": store.language}


def _sees(actor: Actor, head: StoreHead) -> bool:
    return actor.may(Permission.SEE_STORES, head.id, head.agency)


def _fits(head: StoreHead, wanted: StoreFilter) -> bool:
    part = wanted.text.strip().lower()
    pairs: Iterable[tuple[str, str]] = (
        (wanted.platform, head.platform),
        (wanted.mode, str(head.mode)),
        (wanted.agency, head.agency or ""),
    )
    return (part in head.id.lower() or part in head.identity.lower()) and all(
        asked in ("", is_so) for asked, is_so in pairs
    )


def _stands(head: StoreHead, kept: StoreHealth | None) -> str:
    if kept is None:
        return UNCHECKED
    return WELL if is_well(head, kept) else TROUBLE


def _deed(what: str, store_id: str) -> Deed:
    return Deed(what=what, subject=f"store/{store_id}")
