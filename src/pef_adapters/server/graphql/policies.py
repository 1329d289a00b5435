"""Policies in the schema: what decides, what was published, what a check finds."""

from datetime import datetime

import strawberry
from strawberry import relay

from pef_adapters.engine.gate.policies import Standing
from pef_adapters.engine.gate.policy_drafts import Checked, Found
from pef_adapters.engine.known import no_store
from pef_adapters.engine.records import PublishedPolicy
from pef_adapters.server.graphql.enums import Severity
from pef_adapters.server.graphql.paging import name_in

_KINDS = {"Store": "store", "Agency": "agency"}


@strawberry.type(description="What a store or an agency has published last.")
class Policy:
    """See the schema's description."""

    owner: str = strawberry.field(description='Whose it is: "store/NAME" or "agency/NAME".')
    version: int = strawberry.field(description="Its newest version; 0: nothing is published.")
    text: str = strawberry.field(description="What was written, as YAML; may be empty.")
    published_by: str | None = strawberry.field(description="Who published it.")
    published_at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="A published version, which never changes.")
class PolicyVersion:
    """See the schema's description."""

    version: int = strawberry.field(description="Its number; versions of one owner count up.")
    digest: str = strawberry.field(description="Proves its contents.")
    published_by: str = strawberry.field(description="Who published it.")
    published_at: datetime = strawberry.field(description="When.")


@strawberry.type(description="Something in a draft that its author surely did not mean.")
class PolicyFinding:
    """See the schema's description."""

    code: str = strawberry.field(description="Stable name of what is found.")
    severity: Severity = strawberry.field(description="Whether it bars publishing.")
    message: str = strawberry.field(description="What is found, for people.")
    next: str = strawberry.field(description="How to mend it.")
    line: int | None = strawberry.field(description="The line of the text, where it is one.")
    store: str | None = strawberry.field(description="The store in which it is so, if not in all.")


@strawberry.type(description="What a check of a draft found.")
class PolicyCheck:
    """See the schema's description."""

    good: bool = strawberry.field(description="Whether the draft could be published.")
    findings: list[PolicyFinding] = strawberry.field(description="What is found.")
    problems: list[str] = strawberry.field(description="Stores that it does not fit, and why.")


def owner_in(global_id: relay.GlobalID) -> str:
    """The owner's name of policies, of a store's or an agency's global id.

    Raises:
        NotThere: it is an id of something else.
    """
    kind = global_id.type_name if global_id.type_name in _KINDS else "Store"
    return f"{_KINDS[kind]}/{name_in(global_id, kind, no_store)}"


def shown_policy(standing: Standing) -> Policy:
    """What stands, as the schema shows it."""
    newest = standing.newest
    return Policy(
        owner=standing.owner,
        version=standing.version,
        text=standing.text,
        published_by=newest.published_by if newest else None,
        published_at=newest.published_at if newest else None,
    )


def shown_version(published: PublishedPolicy) -> PolicyVersion:
    """A version as the schema shows it."""
    return PolicyVersion(
        version=published.version,
        digest=published.digest,
        published_by=published.published_by,
        published_at=published.published_at,
    )


def shown_check(checked: Checked, language: str) -> PolicyCheck:
    """A check as the schema shows it."""
    return PolicyCheck(
        good=checked.good,
        findings=[_shown_finding(found, language) for found in checked.found],
        problems=list(checked.problems),
    )


def _shown_finding(found: Found, language: str) -> PolicyFinding:
    return PolicyFinding(
        code=found.finding.code,
        severity=found.finding.severity,
        message=found.finding.explanation(language),
        next=found.finding.advice(language),
        line=found.line,
        store=found.store_id or None,
    )
