"""What a program's author has to know, with the limits as they are; a part of the docs."""

from collections.abc import Iterator

from pef_adapters.engine.gate.once import DIES_AFTER, KEPT_FOR, LONGEST_KEY
from pef_adapters.server.graphql import limits
from pef_adapters.server.graphql.paging import MOST, USUAL
from pef_adapters.server.graphql.subscriptions import CHECKED_EVERY


def guide() -> Iterator[str]:
    """The page's sections, in Markdown."""
    yield _WHO
    yield _ERRORS
    yield _paging()
    yield _once()
    yield _NEWS
    yield "## Limits"
    yield _limits()


_WHO = """## Who asks

Send `Authorization: Bearer pef_…` with a token that an owner or an agency administrator made
for a place. Whoever is signed in to the console can ask from there too: the session's cookie
counts, together with the session's secret in the header `X-CSRF`. Nobody else gets further
than HTTP 401.

A token never approves, settles or edits people: that takes a person. What you may not see
answers like what is not there: `null`, or `NotThere`. `Accept-Language` chooses the language
of the texts (`es`, `en`, `zh`).

The body is one JSON object with `query`, `variables` and `operationName`; several calls in
one body are refused. Amounts are whole minor units (5990 is S/ 59.90), moments carry their
offset."""

_ERRORS = """## Errors

A change answers with a union: what it did, or a refusal. Every refusal is a `UserError`:
read its `code` and `retry`, and show its `message` and `next` to people. New codes come
without warning, so always ask for `... on UserError`.

A question that can't be answered has an entry in `errors` with `extensions.code`, and `null`
in its place; the rest of the answer stands. The codes are those of [errors](errors.md), and:

| Code | Meaning |
| --- | --- |
| `LIMIT_EXCEEDED` | The call asks for too much, or took too long. |
| `BAD_REQUEST` | The body is no call. |
| `UNEXPECTED` | Our fault, and logged; nothing more is shown. |"""

_NEWS = f"""## Listening

`refundChanged` is a subscription over HTTP multipart: send `Accept:
multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json`. Each part carries one
refund as it is after a change. There are no websockets. Who you are is looked at again with each
change, and every {CHECKED_EVERY.total_seconds():.0f} seconds: a token that was revoked or
expired hears no more. After a break, ask for `refunds` once and listen again."""


def _paging() -> str:
    return f"""## Lists

Lists page by the conventions of Relay: `first` is {USUAL} where you leave it out and {MOST}
at most, `after` is the `endCursor` before. Ids are global: `node(id:)` finds any record. Don't
take them or cursors apart."""


def _once() -> str:
    return f"""## Once

Each change carries an `idempotencyKey` of 1 to {LONGEST_KEY} letters, your own name of the
call. Sent again, the same call under the same key does nothing and answers as before, with the
record as it is now; this holds for {KEPT_FOR.days} days. Another content under the same key is
`RequestIdReused`. While the first is being worked on, the second is `CallUnderWay`; a call that
died is taken over after {DIES_AFTER.total_seconds():.0f} seconds. A refusal with `retry: LATER`
leaves the key free."""


def _limits() -> str:
    rows = {
        "bytes of the body": limits.MAX_BODY_BYTES,
        "tokens of the query": limits.MAX_TOKENS,
        "levels": limits.MAX_DEPTH,
        "fields, fragments written out": limits.MAX_FIELDS,
        "aliases": limits.MAX_ALIASES,
        "root fields": limits.MAX_ROOT_FIELDS,
        "directives": limits.MAX_DIRECTIVES,
        "fragment spreads": limits.MAX_SPREADS,
        "times the same field in one selection": limits.MAX_SAME_FIELD,
        "seconds of work": int(limits.MAX_SECONDS),
    }
    lines = "\n".join(f"| {what} | {most} |" for what, most in rows.items())
    return f"""All are measured before anything is worked on, but for the seconds.

| What | At most |
| --- | --- |
{lines}

Besides, a call has a cost: a point for each object that could come, a list counting for as
many as its `first`, another list for five, a change for ten more. `PEF_GRAPHQL_MAX_COST` says
how much is served, and `PEF_GRAPHQL_INTROSPECTION` whether the schema can be asked for here
([settings](settings.md))."""
