"""A store's policy: published in versions that never change, under that of its agency.

Owns who may publish what. A store without a published policy is decided by what it was
connected with: only windows, or nothing.
"""

from datetime import UTC, datetime

from pef_adapters.core.errors import InvalidInput, PolicyLocked, PolicyUnreadable
from pef_adapters.core.policy import BASE, Policy, inherit, lint, policy_from_settings
from pef_adapters.core.policy.lint import Severity
from pef_adapters.engine.known import known_store
from pef_adapters.engine.people import named
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import PublishedPolicy, Store

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def owner_of_store(store_id: str) -> str:
    """The owner's name of a store's policies."""
    return f"store/{store_id}"


def owner_of_agency(agency: str) -> str:
    """The owner's name of an agency's policies, which its stores inherit."""
    return f"agency/{agency}"


async def policy_of(ledger: Ledger, store: Store) -> Policy:
    """The whole policy that decides about this store's refunds.

    Raises:
        PolicyUnreadable: what is kept is no policy.
        PolicyLocked: the store's policy changes what its agency's locks.
    """
    return await joined(ledger, store, await _own(ledger, store))


async def joined(ledger: Ledger, store: Store, own: Policy) -> Policy:
    """The whole policy of a store that itself says `own`, under that of its agency.

    Raises:
        PolicyLocked: `own` changes what the agency's policy locks.
    """
    agency = store.settings.get("agency")
    over = await ledger.newest_policy(owner_of_agency(str(agency))) if agency else None
    if over is not None:
        return inherit(policy_in(over), own)
    # An agency that has published nothing yet decides nothing.
    return own if own.name != BASE.name else own.model_copy(update={"otherwise": BASE.otherwise})


async def under(ledger: Ledger, agency: Policy, store: Store) -> Policy:
    """The whole policy of a store, were this its agency's.

    Raises:
        PolicyLocked: the store's policy changes what this one locks.
    """
    return inherit(agency, await _own(ledger, store))


async def publish(ports: Ports, owner: str, draft: Policy, person: str) -> PublishedPolicy:
    """Make a draft the owner's newest version; the same contents again change nothing.

    A draft may name its version; then it must be the next one.

    Raises:
        PolicyUnreadable: lint finds errors in it, alone or joined with its agency's.
        PolicyLocked: a store would change what its agency locks.
        InvalidInput: another version is the next one.
        NotThere: no such store, or no store of such an agency.
    """
    async with ports.book.begin() as ledger:
        return await publish_in(ledger, owner, draft, named(person), ports.clock.now())


async def publish_in(
    ledger: Ledger, owner: str, draft: Policy, who: str, now: datetime
) -> PublishedPolicy:
    """As `publish`, together with whatever else the caller's transaction does."""
    newest = await ledger.newest_policy(owner)
    if newest is not None and _same(newest, draft):
        return newest
    policy = _next_version(draft, newest)
    await _check_stores(ledger, owner, policy)
    published = PublishedPolicy(
        owner=owner,
        version=policy.version,
        digest=policy.digest,
        body=policy.as_written(),
        published_by=who,
        published_at=now,
    )
    if not await ledger.add_policy(published):
        raise InvalidInput(f"somebody else published version {policy.version}; look again")
    return published


async def effective(ports: Ports, store_id: str) -> Policy:
    """The whole policy of a store, as it decides now.

    Raises:
        NotThere: no such store.
        PolicyUnreadable, PolicyLocked: what is kept can't decide.
    """
    async with ports.book.begin() as ledger:
        return await policy_of(ledger, await known_store(ledger, store_id))


async def decided_since(ledger: Ledger, store: Store) -> datetime:
    """Since when the present versions decide; a yes from before was to another policy."""
    owners = [owner_of_store(store.id), owner_of_agency(str(store.settings.get("agency")))]
    newest = [await ledger.newest_policy(owner) for owner in owners]
    return max((each.published_at for each in newest if each), default=_EVER)


def check_draft(policy: Policy) -> None:
    """Let pass what may decide.

    Raises:
        PolicyUnreadable: lint finds errors in it.
    """
    errors = [found for found in lint(policy) if found.severity is Severity.ERROR]
    if errors:
        said = " ".join(found.explanation("en") for found in errors)
        raise PolicyUnreadable(f"run `pef policy check` and mend it first: {said}")


def policy_in(published: PublishedPolicy) -> Policy:
    """The policy of a published version, as it was written."""
    return policy_from_settings(published.body)


async def _own(ledger: Ledger, store: Store) -> Policy:
    """What the store itself says; without a policy of its own all is left to its agency."""
    published = await ledger.newest_policy(owner_of_store(store.id))
    if published is not None:
        return policy_in(published)
    kept = store.settings.get("policy", {})
    if "name" in kept or not store.settings.get("agency"):
        return policy_from_settings(kept)
    if not kept:
        return Policy(name=BASE.name, version=BASE.version)
    return Policy(name=BASE.name, version=BASE.version, window=policy_from_settings(kept).window)


def _same(newest: PublishedPolicy, draft: Policy) -> bool:
    body = {key: value for key, value in newest.body.items() if key != "version"}
    written = {key: value for key, value in draft.as_written().items() if key != "version"}
    return body == written and draft.version in (0, newest.version)


def _next_version(draft: Policy, newest: PublishedPolicy | None) -> Policy:
    number = 1 + (newest.version if newest else 0)
    if draft.version not in (0, number):
        raise InvalidInput(
            f"the file says version {draft.version}, and the next is {number}: "
            f"write version: {number}, or no version at all"
        )
    return draft if draft.version else draft.published(number)


async def _check_stores(ledger: Ledger, owner: str, policy: Policy) -> None:
    """Prove the new version in every store that it will decide for."""
    kind, _, name = owner.partition("/")
    if kind == "agency":
        check_draft(policy)
        stores = [s for s in await ledger.stores() if s.settings.get("agency") == name]
        for store in stores:
            _check_joined(store, policy, await _own(ledger, store))
        return
    check_draft(await joined(ledger, await known_store(ledger, name), policy))


def _check_joined(store: Store, agency: Policy, own: Policy) -> None:
    try:
        check_draft(inherit(agency, own))
    except (PolicyLocked, PolicyUnreadable) as error:
        raise type(error)(f"store {store.id}: {error}") from None
