"""No role of one tenant learns anything of another's, over the API and over the console.

Whoever adds a field, a change, a type or a page adds it to the tables here: without an entry
a test fails. Each is asked by each role for a foreign record and for one that is nowhere; the
answers must not differ but for the name that was asked for, and must not sing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from starlette.routing import Route
from tenant_matrix_world import NAMES, ROLES, SONG, Answer, MatrixWorld, forms_of, gid

from console_world import PUBLIC_URL
from pef_adapters.server.console.routes import ROUTES
from pef_adapters.server.graphql.schema import schema_text

SCHEMA = build_schema(schema_text())
_KEY = 'idempotencyKey: "$key"'
_MONEY = '{minor: 1, currency: "PEN"}'
_AMOUNTS = f"amount: {_MONEY}, expectedRest: {_MONEY}"

# Field → its arguments and what they name. "$id" is a global id, "$name" the name itself.
FIELDS: dict[str, list[tuple[str, str | None]]] = {
    "Query.viewer": [("", None)],
    "Query.refund": [('(id: "$id")', "Refund")],
    "Query.refunds": [("", None), ('(filter: {storeId: "$id"})', "Store")],
    "Query.store": [('(id: "$id")', "Store")],
    "Query.stores": [("", None)],
    "Query.agencies": [("", None)],
    "Query.today": [("", None)],
    "Query.accounts": [("", None)],
    "Query.approvals": [("", None)],
    "Query.payoutsDue": [('(accountId: "$id")', "Account")],
    "Query.batches": [("", None)],
    "Query.payment": [('(storeId: "$id", transactionId: "canary-cip")', "Store")],
    "Query.policy": [('(ownerId: "$id")', "Store"), ('(ownerId: "$id")', "Agency")],
    "Query.policyHistory": [('(ownerId: "$id")', "Store"), ('(ownerId: "$id")', "Agency")],
    "Query.policyCheck": [
        ('(ownerId: "$id", text: "name: x")', "Store"),
        ('(ownerId: "$id", text: "name: x")', "Agency"),
    ],
    "Query.tokens": [("", None)],
    "Query.people": [("", None)],
    "Query.audit": [("", None), ('(subject: "refund/$name")', "Refund")],
    "Mutation.refundRetry": [(f'(input: {{{_KEY}, refundId: "$id"}})', "Refund")],
    "Mutation.refundSettle": [(f'(input: {{{_KEY}, refundId: "$id", paid: true}})', "Refund")],
    "Mutation.refundChoosePayout": [(f'(input: {{{_KEY}, refundId: "$id"}})', "Refund")],
    "Mutation.refundSetDeadline": [(f'(input: {{{_KEY}, refundId: "$id"}})', "Refund")],
    "Mutation.refundCreate": [
        (
            f'(input: {{{_KEY}, storeId: "$id", transactionId: "canary-cip", {_AMOUNTS}}})',
            "Store",
        )
    ],
    "Mutation.refundWithdraw": [(f'(input: {{{_KEY}, refundId: "$id", why: "so"}})', "Refund")],
    "Mutation.approvalApprove": [
        (f'(input: {{{_KEY}, refundId: "$id", digest: "{"cd" * 6}"}})', "Refund")
    ],
    "Mutation.approvalDecline": [(f'(input: {{{_KEY}, refundId: "$id", why: "so"}})', "Refund")],
    "Mutation.approvalSpeak": [
        (f'(input: {{{_KEY}, refundId: "$id", act: ASK, comment: "so?"}})', "Refund")
    ],
    "Mutation.policyPublish": [
        (f'(input: {{{_KEY}, ownerId: "$id", text: "name: x", editedFrom: 1}})', "Store"),
        (f'(input: {{{_KEY}, ownerId: "$id", text: "name: x", editedFrom: 1}})', "Agency"),
    ],
    "Mutation.storeCheck": [(f'(input: {{{_KEY}, storeId: "$id"}})', "Store")],
    "Mutation.tokenRevoke": [(f'(input: {{{_KEY}, tokenId: "$id"}})', "MachineToken")],
}
NODES = ("Account", "Agency", "AuditEntry", "Batch", "MachineToken", "Refund", "Store")

# What stands in a path's braces → what it names; None: nothing of a tenant.
IN_PATHS: dict[str, str | None] = {
    "refund": "Refund",
    "refund_id": "Refund",
    "store": "Store",
    "store_id": "Store",
    "batch_id": "Batch",
    "account": "Account",
    "account_id": "Account",
    "agency": "Agency",
    "email": "Person",
    "token": "MachineToken",
    "proof_id": None,
    "what": None,
    "version": None,
    "rest": None,
}
# Where a plain name names something, by the beginning of the path.
OF_PATHS = {"/console/agencies/": "Agency", "/console/policies/": "Store"}
FIXED = {"kind": "store", "proof_id": "1", "what": "retry", "version": "1", "rest": "nowhere"}
# These are asked by nobody's name, or end what asks; they name no record of a tenant.
APART = {
    "/console/static/{version}/{name}": "files for everybody",
    "/console/sign-in": "counts tries; the tests of signing in prove addresses alike",
    "/console/sign-in/passkey": "counts tries; the tests of passkeys prove refusals alike",
    "/console/sign-in/passkey/offer": "a new challenge each time, of whoever asks",
    "/console/account/codes": "a new secret each time, of whoever asks",
    "/console/live": "goes on for as long as somebody listens; its newsroom is asked by reach",
}
# What forms and addresses without a name in their path may name.
TYPED = {
    "store": "Store",
    "refund": "Refund",
    "batch": "Batch",
    "account": "Account",
    "agency": "Agency",
    "email": "Person",
    "actor": "Person",
    "q": "Refund",
    "order": "Refund",
    "transaction": "Refund",
}
FILLED = {"role": "agent", "language": "en", "title": "x", "days": "1", "amount": "1", "rest": "1"}


def chosen(kind: Any, depth: int = 4) -> str:
    """A selection of every field of a type that needs no argument."""
    if isinstance(kind, GraphQLUnionType):
        done = [each for each in kind.types if not each.interfaces]
        said = "... on UserError { code message next detail retry helpPage }"
        return f"{{ __typename {said} " + " ".join(on(each, depth) for each in done) + " }"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    found = (part(name, field, depth) for name, field in kind.fields.items())
    return "{ __typename " + " ".join(filter(None, found)) + " }"


def on(kind: GraphQLObjectType, depth: int) -> str:
    """The fields of one type of several."""
    return f"... on {kind.name} {chosen(kind, depth)}"


def part(name: str, field: GraphQLField, depth: int) -> str:
    """One field, with all that is inside; empty where it needs an argument."""
    inside = get_named_type(field.type)
    if any(map(is_required_argument, field.args.values())):
        return ""
    if is_leaf_type(inside):
        return name
    return f"{name} {chosen(inside, depth - 1)}" if depth else ""


def asked_fields() -> Iterator[tuple[str, str, str | None]]:
    """Field, whole query, what it names."""
    for name, wanted in FIELDS.items():
        kind, _, field = name.partition(".")
        found = SCHEMA.type_map[kind].fields[field]  # type: ignore[attr-defined] # an object type
        inside = get_named_type(found.type)
        selection = "" if is_leaf_type(inside) else chosen(inside)
        for given, named in wanted:
            yield name, f"{kind.lower()} {{ {field}{given} {selection} }}", named
    for name in NODES:
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        yield f"node {name}", f'{{ node(id: "$id") {{ {on(kind, 4)} }} }}', name


QUERIES = list(asked_fields())
# A check shows nothing of the record, and the ledger itself gives the numbers of the audit.
TOLD = [
    each
    for each in QUERIES
    if each[2] not in {None, "AuditEntry"} and each[0] != "Query.policyCheck"
]


class Asker:
    """Asks one world, and writes over what may differ."""

    async def both(
        self, role: str, page: tuple[str, str], kind: str, field: str = ""
    ) -> tuple[Answer, Answer]:
        """What a page answers about the foreign and about the missing record of a kind.

        Each is named by its path, or in the `field` of a form or an address.
        """
        self.world.next_pair()
        method, path = page
        foreign, missing = [
            await self.page(
                role, (method, filled(path, name)), {**FILLED, field: name}, (kind, name)
            )
            for name in NAMES[kind]
        ]
        return foreign, missing

    def __init__(self, world: MatrixWorld, client: httpx.AsyncClient) -> None:
        self.world, self.client, self.calls = world, client, 0

    async def graphql(self, role: str, query: str, kind: str | None, name: str) -> Answer:
        """The answer to a query about this name."""
        self.calls += 1
        text = query.replace("$id", gid(kind or "", name)).replace("$name", name)
        text = text.replace("$key", f"key-{self.calls}")
        headers = await self.world.credentials(role)
        found = await self.client.post("/graphql", json={"query": text}, headers=headers)
        return written_over(found, headers, kind, name)

    async def page(
        self, role: str, page: tuple[str, str], typed: Mapping[str, str], named: tuple[str, str]
    ) -> Answer:
        """A page (method and path) or what a form of it answers, about what is named."""
        method, path = page
        headers = await self.world.credentials(role)
        if method == "GET":
            found = await self.client.get(path, params=typed or None, headers=headers)
        else:
            form = {**typed, "csrf": headers.get("X-CSRF", "")}
            found = await self.client.post(path, data=form, headers=headers)
        return written_over(found, headers, *named)


def written_over(
    found: httpx.Response, headers: Mapping[str, str], kind: str | None, name: str
) -> Answer:
    """The answer without the asked name, the session's secret and what is new each time."""
    location, text = found.headers.get("Location", ""), found.text
    forms = [headers.get("X-CSRF") or "\0", *(forms_of(kind or "", name) if name else ())]
    for form in forms:
        location, text = location.replace(form, "…"), text.replace(form, "…")
    text = re.sub(r"person\d+@example|Person \d+|program-\d+", "somebody", text)
    text = re.sub(r'name="key" value="[^"]+"', "", text)
    return Answer(found.status_code, location, text)


@pytest.fixture
async def asker() -> Any:
    """Both tenants, and somebody to ask."""
    world = await MatrixWorld().open()
    transport = httpx.ASGITransport(app=world.app, client=("203.0.113.7", 40000))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield Asker(world, client)


def test_every_field_and_type_stands_in_the_tables() -> None:
    """A question, a change or a node type that nobody entered here fails."""
    roots = [SCHEMA.query_type, SCHEMA.mutation_type]
    fields = {f"{root.name}.{name}" for root in roots if root for name in root.fields}
    assert fields - {"Query.node"} == set(FIELDS)
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert sorted(kind.name for kind in SCHEMA.get_implementations(node).objects) == sorted(NODES)


@pytest.mark.parametrize(("field", "query", "kind"), QUERIES, ids=lambda each: str(each)[:40])
async def test_the_api_tells_nothing_of_another_tenant(
    asker: Asker, field: str, query: str, kind: str | None
) -> None:
    """For each role a foreign record answers like a missing one, and nothing sings."""
    for role in map(str, ROLES):
        if kind is None:
            assert SONG not in (await asker.graphql(role, query, None, "")).text, (field, role)
            continue
        foreign, missing = [await asker.graphql(role, query, kind, n) for n in NAMES[kind]]
        assert foreign == missing, (field, role)
        # Where the payment's own number is asked for, it comes back as it was typed.
        assert SONG not in foreign.text.replace("canary-cip", ""), (field, role)


@pytest.mark.parametrize(("field", "query", "kind"), TOLD, ids=lambda each: str(each)[:40])
async def test_the_house_is_told(asker: Asker, field: str, query: str, kind: str) -> None:
    """To whoever may see it a foreign record differs from a missing one: the sample is good."""
    foreign, missing = [await asker.graphql("house", query, kind, n) for n in NAMES[kind]]
    assert foreign != missing, field


def console_routes() -> Iterator[tuple[str, str]]:
    """Method and path of each page and form."""
    for route in ROUTES:
        assert isinstance(route, Route)
        methods = (route.methods or set()) - {"HEAD"}
        yield from ((method, route.path) for method in sorted(methods) if route.path not in APART)


def names_in(path: str) -> list[str]:
    """What stands in the braces of a path."""
    return [each.partition(":")[0] for each in re.findall(r"{([^}]+)}", path)]


def named_in(path: str, each: str) -> str | None:
    """What one pair of braces in a path names."""
    if each == "name":
        return next((kind for start, kind in OF_PATHS.items() if path.startswith(start)), None)
    return IN_PATHS.get(each)


def filled(path: str, name: str) -> str:
    """The path about this name; what else it takes is the same for all."""
    whole = path
    for each in names_in(path):
        value = name if named_in(whole, each) else FIXED[each]
        path = re.sub(rf"{{{each}(:\w+)?}}", value, path)
    return path


def kind_of(path: str) -> str | None:
    """What a path is about."""
    return next(filter(None, (named_in(path, each) for each in names_in(path))), None)


@pytest.mark.parametrize(("method", "path"), list(console_routes()))
def test_every_page_s_names_stand_in_the_table(method: str, path: str) -> None:
    """A page whose path names something that nobody entered here fails."""
    del method
    unknown = [n for n in names_in(path) if n not in {*IN_PATHS, *FIXED} and not named_in(path, n)]
    assert unknown == []


@pytest.mark.parametrize(("method", "path"), list(console_routes()))
async def test_the_console_tells_nothing_of_another_tenant(
    asker: Asker, method: str, path: str
) -> None:
    """For each role a foreign record answers like a missing one, and nothing sings."""
    kind = kind_of(path)
    for role in map(str, ROLES):
        if kind is not None:
            foreign, missing = await asker.both(role, (method, path), kind)
            assert foreign == missing, role
            assert SONG not in foreign.text + foreign.location, role
            continue
        plain = await asker.page(role, (method, filled(path, "")), {}, ("", ""))
        assert SONG not in plain.text, role
        for field, named in TYPED.items():
            foreign, missing = await asker.both(role, (method, path), named, field)
            assert foreign == missing, (role, field)
            assert SONG not in foreign.text, (role, field)


# A link's token is in no table; its pages are asked for by nobody who is signed in.
PAGES = [p for m, p in console_routes() if m == "GET" and kind_of(p) not in {None, "MachineToken"}]


@pytest.mark.parametrize("path", PAGES)
async def test_the_house_sees_the_page(asker: Asker, path: str) -> None:
    """To whoever may see it the page of a foreign record differs: the path is good."""
    kind = kind_of(path)
    assert kind is not None
    foreign, missing = await asker.both("house", ("GET", path), kind)
    assert (foreign.status, missing.status) == (200, 404)
