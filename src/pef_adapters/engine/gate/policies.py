"""Published policies, as far as an actor may see them and publish.

An owner of policies is "store/ID" or "agency/NAME". Whoever publishes says which version
was edited: a newer one of somebody else is never written over unseen.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import InvalidInput, NotThere, PolicyLocked, PolicyUnreadable
from pef_adapters.core.policy import Policy, read_policy
from pef_adapters.core.writing import policy_as_written
from pef_adapters.engine import policies
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import demand_in_agency, pass_to_head, reach
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import PublishedPolicy, StoreHead

MOST_LETTERS = 200_000
"""The longest text that is read as a policy."""


@dataclass(frozen=True, slots=True)
class OwnerHead:
    """A store or an agency, with its newest version (0: nothing is published)."""

    owner: str
    title: str
    agency: str | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What an owner has published last, and what decides in the end.

    `text` is what the owner wrote, as YAML; empty where nothing is published. `effective`
    is the whole policy: of a store under its agency's; None: an agency without a policy, or
    what is kept can't decide, as `trouble` says. `may_publish` tells whether the reader may
    change it.
    """

    owner: str
    newest: PublishedPolicy | None
    text: str
    effective: Policy | None
    may_publish: bool
    trouble: str = ""

    @property
    def version(self) -> int:
        """The newest version; 0: nothing is published."""
        return self.newest.version if self.newest else 0


async def owners(ports: Ports, actor: Actor) -> list[OwnerHead]:
    """Whose policies he may read: agencies by name, then stores by id."""
    async with ports.book.begin() as ledger:
        seen = await reach(ledger, actor, Permission.SEE_POLICY)
        everybody = await ledger.store_heads()
        titles = {each.name: each.title for each in await ledger.agencies()}
        named = {head.agency for head in everybody if head.agency} | set(titles)
        own = [n for n in sorted(named) if actor.may_in_agency(Permission.SEE_POLICY, n)]
        heads = [head for head in everybody if seen is None or head.id in seen]
        found = [_agency_head(name, titles) for name in own] + [_store_head(h) for h in heads]
        return [replace(h, version=await _version(ledger, h.owner)) for h in found]


async def read(ports: Ports, actor: Actor, owner: str) -> Standing:
    """The newest version and the whole policy that decides.

    Raises:
        NotThere: no such store or agency, or none that he may see.
        NotAllowed: he may see it, but not its policy.
    """
    async with ports.book.begin() as ledger:
        head = await pass_to_owner(ledger, actor, Permission.SEE_POLICY, owner)
        newest = await ledger.newest_policy(owner)
        own, whole, trouble = policies.policy_in(newest) if newest else None, None, ""
        try:
            whole = await _whole(ledger, head) if head else own
        except (PolicyLocked, PolicyUnreadable) as error:
            trouble = str(error)
    text, may_publish = policy_as_written(own) if own else "", _may_publish(actor, owner, head)
    return Standing(owner, newest, text, whole, may_publish, trouble)


async def publish(
    ports: Ports, actor: Actor, owner: str, text: str, edited_from: int
) -> PublishedPolicy:
    """Make a text the owner's newest version; the same contents again change nothing.

    `edited_from` is the version that was edited, 0 where there was none.

    Raises:
        NotThere, NotAllowed: as for every owner; an agency's takes the right to edit it.
        PolicyUnreadable: it is no policy, or lint finds errors in it.
        PolicyLocked: a store would change what its agency locks.
        InvalidInput: another version was published meanwhile.
    """
    deed = _deed("publish_policy", owner)
    async with ports.book.begin() as ledger:
        await pass_to_owner(ledger, actor, Permission.SEE_POLICY, owner)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_owner(ledger, actor, _edits(owner), owner)
    deed.detail["edited_from"] = edited_from
    async with audited(ports, actor, deed):
        draft = draft_in(text)
        async with ports.book.begin() as ledger:
            _refuse_overtaken(await ledger.newest_policy(owner), draft, edited_from)
            kept = await policies.publish_in(ledger, owner, draft, actor.name, ports.clock.now())
        deed.detail["version"] = kept.version
    return kept


async def history(ports: Ports, actor: Actor, owner: str) -> list[PublishedPolicy]:
    """Every published version, newest first.

    Raises:
        NotThere, NotAllowed: as for every owner.
    """
    async with ports.book.begin() as ledger:
        await pass_to_owner(ledger, actor, Permission.SEE_POLICY, owner)
        return await ledger.policies(owner)


async def diff(ports: Ports, actor: Actor, owner: str, older: int, newer: int) -> list[str]:
    """How version `newer` differs from `older`, as the lines of a unified diff of their YAML.

    Raises:
        NotThere, NotAllowed: as for every owner; there is no such version.
    """
    kept = {each.version: each for each in await history(ports, actor, owner)}
    before, after = (text_of(kept.get(v), owner, v).splitlines() for v in (older, newer))
    names = (f"{owner} version {older}", f"{owner} version {newer}")
    return list(difflib.unified_diff(before, after, names[0], names[1], lineterm=""))


def text_of(published: PublishedPolicy | None, owner: str, version: int) -> str:
    """What was written in a version, as YAML.

    Raises:
        NotThere: there is no such version.
    """
    if published is None:
        raise NotThere(f"{owner} has no version {version}")
    return policy_as_written(policies.policy_in(published))


def draft_in(text: str) -> Policy:
    """The policy that somebody typed.

    Raises:
        PolicyUnreadable: not YAML, or not a policy; the message names lines and mends.
    """
    if len(text) > MOST_LETTERS:
        raise PolicyUnreadable(f"a policy has at most {MOST_LETTERS} letters")
    return read_policy(text)


async def diff_of_draft(ports: Ports, actor: Actor, owner: str, text: str) -> list[str]:
    """How a draft differs from the newest version, as `diff`.

    Raises:
        NotThere, NotAllowed: as for every owner.
        PolicyUnreadable: it is no policy.
    """
    standing = await read(ports, actor, owner)
    before, after = standing.text.splitlines(), policy_as_written(draft_in(text)).splitlines()
    names = (f"{owner} version {standing.version}", f"{owner} draft")
    return list(difflib.unified_diff(before, after, names[0], names[1], lineterm=""))


async def pass_to_owner(
    ledger: Ledger, actor: Actor, permission: Permission, owner: str
) -> StoreHead | None:
    """Let pass to a store, which is answered, or to an agency: None.

    Raises:
        NotThere: no such store or agency, or none that he may see.
        NotAllowed: he may see it, and not do this.
    """
    kind, _, name = owner.partition("/")
    if kind == "store":
        return await pass_to_head(ledger, actor, permission, name)
    if kind != "agency":
        raise NotThere(f"nobody has policies under the name {owner}")
    # A name that nobody bears and one that is not his are answered alike.
    if not await _is_agency(ledger, owner, name):
        raise NotThere(f"there is no agency {name}; see `pef agency list`")
    demand_in_agency(actor, permission, name)
    return None


async def _is_agency(ledger: Ledger, owner: str, name: str) -> bool:
    if await ledger.agency(name) is not None:
        return True
    if any(head.agency == name for head in await ledger.store_heads()):
        return True
    return await ledger.newest_policy(owner) is not None


async def _whole(ledger: Ledger, head: StoreHead) -> Policy | None:
    store = await ledger.store(head.id)
    return await policies.policy_of(ledger, store) if store else None


def _agency_head(name: str, titles: Mapping[str, str]) -> OwnerHead:
    return OwnerHead(policies.owner_of_agency(name), titles.get(name) or name, None)


def _store_head(head: StoreHead) -> OwnerHead:
    return OwnerHead(policies.owner_of_store(head.id), head.identity, head.agency)


async def _version(ledger: Ledger, owner: str) -> int:
    newest = await ledger.newest_policy(owner)
    return newest.version if newest else 0


def _refuse_overtaken(newest: PublishedPolicy | None, draft: Policy, edited_from: int) -> None:
    stands = newest.version if newest else 0
    if newest is None or stands == edited_from:
        return
    # The same contents again, as by a button pressed twice, overtake nothing.
    if policy_as_written(policies.policy_in(newest)) != policy_as_written(draft):
        raise InvalidInput(
            f"{newest.published_by} published version {stands} while you edited version "
            f"{edited_from}: compare the two, then publish again"
        )


def _may_publish(actor: Actor, owner: str, head: StoreHead | None) -> bool:
    if head is not None:
        return actor.may(_edits(owner), head.id, head.agency)
    return actor.may_in_agency(_edits(owner), owner.partition("/")[2])


def _edits(owner: str) -> Permission:
    return Permission.EDIT_POLICY if owner.startswith("store/") else Permission.EDIT_AGENCY


def _deed(what: str, owner: str) -> Deed:
    kind, _, name = owner.partition("/")
    of_store = kind == "store"
    return Deed(
        what=what,
        subject=owner,
        store_id=name if of_store else None,
        agency=None if of_store else name,
    )
