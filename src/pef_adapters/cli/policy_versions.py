"""`pef policy publish`, `history`, `diff`, and the whole policy that decides in a store."""

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from pef_adapters.cli import moments, output, policy_file
from pef_adapters.cli.options import AgencyOption, Json, Publisher, StoreOption, check_one
from pef_adapters.cli.running import run
from pef_adapters.core import writing
from pef_adapters.core.errors import NotThere
from pef_adapters.core.policy import Policy
from pef_adapters.engine import policies
from pef_adapters.engine.gate.auditing import Deed
from pef_adapters.engine.known import known_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import PublishedPolicy
from pef_adapters.settings import Settings

PolicyFile = Annotated[Path, typer.Argument(help="The policy, in YAML or JSON.")]
_DIGEST_LETTERS = 12
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def publish(
    file: PolicyFile,
    *,
    store: StoreOption = None,
    agency: AgencyOption = None,
    by: Publisher,
    json_wanted: Json = False,
) -> None:
    """Let a store, or all stores of an agency, be decided by this policy from now on."""
    with output.errors_explained(json_wanted=json_wanted):
        owner = _owner(store, agency)
        draft = policy_file.read(file)

    async def use_case(ports: Ports, _: Settings) -> tuple[PublishedPolicy, bool]:
        async with ports.book.begin() as ledger:
            before = await ledger.newest_policy(owner)
        published = await policies.publish(ports, owner, draft, by)
        return published, before is None or before.version != published.version

    deed = Deed(
        what="publish_policy", subject=owner, store_id=store, agency=agency, detail={"by": by}
    )
    published, is_new = run(use_case, "Publishing…", json_wanted=json_wanted, deed=deed)
    if json_wanted:
        output.as_json({**_record(published), "changed": is_new})
        return
    version, digest = published.version, published.digest[:_DIGEST_LETTERS]
    said = "is published" if is_new else "says the same already, so nothing was published"
    output.say(f"{owner} version {version} {said} (digest {digest})")


def history(
    *,
    store: StoreOption = None,
    agency: AgencyOption = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Print this version as YAML instead.")
    ] = None,
    json_wanted: Json = False,
) -> None:
    """List the published versions, newest first, or print one of them."""
    with output.errors_explained(json_wanted=json_wanted):
        owner = _owner(store, agency)

    async def use_case(ports: Ports, _: Settings) -> list[PublishedPolicy]:
        async with ports.book.begin() as ledger:
            return _chosen(await _versions(ledger, owner, store), owner, version)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"owner": owner, "versions": [_record(published) for published in found]})
    elif version is not None:
        typer.echo(_as_yaml(found[0]), nl=False)
    else:
        columns = ("version", "digest", "by", "when (Lima)")
        output.table(f"Policies of {owner}", columns, map(_row, found))


def diff(
    file: PolicyFile,
    *,
    store: StoreOption = None,
    agency: AgencyOption = None,
    json_wanted: Json = False,
) -> None:
    """Show how a file differs from the newest published version, both as YAML."""
    with output.errors_explained(json_wanted=json_wanted):
        owner = _owner(store, agency)
        draft = policy_file.read(file)

    async def use_case(ports: Ports, _: Settings) -> PublishedPolicy | None:
        async with ports.book.begin() as ledger:
            return next(iter(await _versions(ledger, owner, store)), None)

    newest = run(use_case, "Reading…", json_wanted=json_wanted)
    lines = _difference(newest, draft, str(file))
    if json_wanted:
        number = newest.version if newest else None
        output.as_json({"owner": owner, "version": number, "file": str(file), "diff": lines})
        return
    for line in lines:
        output.out.print(Text(line, _COLOURS.get(line[:1], "")), soft_wrap=True)
    if not lines:
        output.say(f"{file} says the same as the newest version of {owner}")


def show_effective(store: str, *, json_wanted: bool) -> None:
    """Print everything that decides about a store's refunds now."""

    async def use_case(ports: Ports, _: Settings) -> Policy:
        return await policies.effective(ports, store)

    policy = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        body = policy.model_dump(mode="json")
        output.as_json(
            {"store": store, "policy": policy.label, "digest": policy.digest, "body": body}
        )
        return
    typer.echo(f"# store {store}: {policy.label}, digest {policy.digest[:_DIGEST_LETTERS]}")
    typer.echo(writing.policy_whole(policy), nl=False)


def _owner(store: str | None, agency: str | None) -> str:
    check_one(store=store, agency=agency)
    return policies.owner_of_store(store) if store else policies.owner_of_agency(str(agency))


async def _versions(ledger: Ledger, owner: str, store: str | None) -> list[PublishedPolicy]:
    if store is not None:
        await known_store(ledger, store)
    return await ledger.policies(owner)


def _chosen(found: list[PublishedPolicy], owner: str, version: int | None) -> list[PublishedPolicy]:
    if version is None:
        return found
    chosen = [published for published in found if published.version == version]
    if not chosen:
        raise NotThere(f"{owner} has no version {version}; see `pef policy history`")
    return chosen


def _difference(newest: PublishedPolicy | None, draft: Policy, name: str) -> list[str]:
    before = writing.policy_as_written(policies.policy_in(newest)) if newest else ""
    label = f"{newest.owner} version {newest.version}" if newest else "nothing published"
    after = writing.policy_as_written(draft)
    return list(
        difflib.unified_diff(before.splitlines(), after.splitlines(), label, name, lineterm="")
    )


def _as_yaml(published: PublishedPolicy) -> str:
    digest, who = published.digest[:_DIGEST_LETTERS], " ".join(published.published_by.split())
    head = (
        f"# {published.owner} version {published.version}, digest {digest}\n"
        f"# published {moments.shown(published.published_at)} (Lima) by {who}\n"
    )
    return head + writing.policy_as_written(policies.policy_in(published))


def _row(published: PublishedPolicy) -> tuple[object, ...]:
    return (
        published.version,
        published.digest[:_DIGEST_LETTERS],
        published.published_by,
        moments.shown(published.published_at),
    )


def _record(published: PublishedPolicy) -> dict[str, Any]:
    return {
        "owner": published.owner,
        "version": published.version,
        "digest": published.digest,
        "published_by": published.published_by,
        "published_at": published.published_at.isoformat(),
        "body": dict(published.body),
    }
