"""Calls of the API, over the whole application: who asks, what is done once, what it takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from console_world import COOKIE, session_of
from engine_world import CIP
from graphql_world import Api, ApiWorld, gid
from pef_adapters.core.access import Permission, Role, store_place
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import AuditSearch
from pef_adapters.server.graphql import routes
from pef_adapters.server.graphql.answers import MASKED
from pef_adapters.server.graphql.limits import CODE, MAX_BODY_BYTES

RETRY = """mutation($key: String!, $id: ID!) {
  refundRetry(input: {idempotencyKey: $key, refundId: $id}) {
    __typename
    ... on RefundDone { refund { number state } }
    ... on UserError { code message next detail retry helpPage }
  }
}"""
APPROVE = """mutation($id: ID!, $digest: String!, $key: String!) {
  approvalApprove(input: {idempotencyKey: $key, refundId: $id, digest: $digest}) {
    __typename ... on UserError { code }
  }
}"""
CREATE = """mutation($key: String!, $store: ID!, $minor: Minor!, $rest: Minor!) {
  refundCreate(input: {
    idempotencyKey: $key, storeId: $store, transactionId: "11546901", orderNumber: "77",
    amount: {minor: $minor, currency: "PEN"}, expectedRest: {minor: $rest, currency: "PEN"},
    reason: "No le quedó"
  }) {
    __typename
    ... on RefundDone { refund { number amount { minor } } }
    ... on UserError { code }
  }
}"""
LIST = """{ refunds(first: 50) { edges { node {
  number store { name } payment { rest { minor } } timeline { what }
} } } }"""


class CountingBook:
    """A ledger that counts the transactions that are opened."""

    def __init__(self, book: LedgerBook) -> None:
        self.book, self.begun = book, 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        self.begun += 1
        async with self.book.begin() as ledger:
            yield ledger


@pytest.fixture
async def world() -> ApiWorld:
    """The console's world, asked by programs."""
    return await ApiWorld().open()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer pef_wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cm9zYTpyb3Nh"},
        {"Cookie": f"{COOKIE}=wrong", "X-CSRF": "wrong"},
    ],
    ids=str,
)
async def test_who_is_not_known_gets_nothing(world: ApiWorld, headers: dict[str, str]) -> None:
    """Without a good token or session the answer is 401 with a GraphQL error, and no data."""
    async with world.caller(headers) as api:
        answer = await api.send("{ viewer { name } }")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    assert "data" not in answer.json()


async def test_a_program_asks_by_its_token(world: ApiWorld) -> None:
    """It is told who it is; nothing of the answer may be cached."""
    async with world.program() as api:
        answer = await api.send("{ viewer { name isPerson } }")
    assert answer.json()["data"]["viewer"] == {"name": "token/program-1", "isPerson": False}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_person_asks_with_session_and_its_secret(world: ApiWorld) -> None:
    """The cookie alone is refused: another site's page could send it."""
    user = await world.person()
    begun = await session_of(world.ports, user)
    cookie = {"Cookie": f"{COOKIE}={begun.token}"}
    async with world.caller(cookie) as api:
        assert (await api.send("{ viewer { name } }")).status_code == 403
    async with world.caller({**cookie, "X-CSRF": begun.session.csrf}) as api:
        assert await api.ask("{ viewer { name isPerson } }") == {
            "viewer": {"name": user.email, "isPerson": True}
        }


async def test_only_one_call_by_post_in_json(world: ApiWorld) -> None:
    """A GET, a batch, a form, and whatever else is no call are refused by their status."""
    async with world.program() as api:
        post, headers = api.client.post, api.headers
        got = await api.client.get("/graphql?query={viewer{name}}", headers=headers)
        assert got.status_code == 405
        call = {"query": "{ viewer { name } }"}
        assert (await post("/graphql", json=[call, call], headers=headers)).status_code == 400
        assert (await post("/graphql", data=call, headers=headers)).status_code == 400
        for body in ("", "5", "{", "[" * 100_000, '{"query": 5}', '{"variables": {}}'):
            json_headers = {**headers, "Content-Type": "application/json"}
            answer = await post("/graphql", content=body, headers=json_headers)
            assert answer.status_code == 400, body[:20]
            assert answer.json()["errors"][0]["message"]
        large = {"query": "#" * MAX_BODY_BYTES}
        assert (await post("/graphql", json=large, headers=headers)).status_code == 413


async def test_a_change_under_the_same_key_is_made_once(world: ApiWorld) -> None:
    """The second call answers as the first and leaves no second entry in the audit."""
    refund = await world.pressed()
    async with world.program() as api:
        first, second = [await api.ask(RETRY, key="k", id=gid("Refund", refund.id)) for _ in "12"]
    assert first == second
    assert first["refundRetry"]["refund"]["number"] == refund.id
    async with world.book.begin() as ledger:
        done = await ledger.audits(AuditSearch(subject=f"refund/{refund.id}"))
    assert [entry.what for entry in done] == ["retry"]


async def test_another_content_under_the_same_key_is_refused(world: ApiWorld) -> None:
    """Another change, or the same one of another refund, is not what was asked first."""
    refund = await world.pressed()
    async with world.program() as api:
        await api.ask(RETRY, key="k", id=gid("Refund", refund.id))
        other = await api.ask(RETRY, key="k", id=gid("Refund", "RFOTHER"))
        third = await api.ask(APPROVE, key="k", id=gid("Refund", refund.id), digest="x")
    assert other["refundRetry"]["code"] == "REQUEST_ID_REUSED"
    assert other["refundRetry"]["__typename"] == "RequestIdReused"
    assert third["approvalApprove"]["code"] == "REQUEST_ID_REUSED"


async def test_a_refund_pressed_by_a_program_is_one_refund(world: ApiWorld) -> None:
    """Sent twice it is one refund; with a rest that has changed it is none."""
    given = {"store": gid("Store", "tienda-pe"), "minor": 1000, "rest": 12980}
    async with world.program() as api:
        found = await api.ask(
            "query($s: ID!, $t: String!) { payment(storeId: $s, transactionId: $t)"
            " { rest { minor } } }",
            s=given["store"],
            t=CIP,
        )
        assert found["payment"]["rest"]["minor"] == 12980
        answers = [await api.ask(CREATE, key="k", **given) for _ in "12"]
        changed = await api.ask(CREATE, key="l", **{**given, "rest": 12980})
    assert answers[0] == answers[1]
    assert answers[0]["refundCreate"]["__typename"] == "RefundDone"
    assert changed["refundCreate"]["__typename"] == "RestChanged"


async def test_a_program_never_approves(world: ApiWorld) -> None:
    """Whatever its token holds, an approval is refused to it."""
    refund = await world.pressed()
    async with world.program() as api:
        for kind, key in (("Refund", "a"), ("Refund", "b")):
            found = await api.ask(APPROVE, key=key, id=gid(kind, refund.id), digest="x" * 12)
            assert found["approvalApprove"] == {"__typename": "NotAllowed", "code": "NOT_ALLOWED"}


async def test_a_person_approves_what_he_was_shown() -> None:
    """The digest of the approval that was shown goes back with the yes, and moves the refund."""
    policy = {"name": "shop", "otherwise": "hold", "double_press_minutes": 0}
    world = await ApiWorld().open(settings={"policy": policy})
    refund = await world.pressed()
    assert refund.state is State.HELD
    user = await world.person(Role.APPROVER)
    begun = await session_of(world.ports, user)
    headers = {"Cookie": f"{COOKIE}={begun.token}", "X-CSRF": begun.session.csrf}
    async with world.caller(headers) as api:
        found = await api.ask("{ approvals { refundNumber digest needed agreed } }")
        (waiting,) = found["approvals"]
        assert waiting["refundNumber"] == refund.id
        beside = "{ refunds { edges { node { approval { digest } } } } }"
        (edge,) = (await api.ask(beside))["refunds"]["edges"]
        assert edge["node"]["approval"]["digest"] == waiting["digest"]
        given = {"id": gid("Refund", refund.id), "digest": waiting["digest"]}
        done = await api.ask(APPROVE, key="a", **given)
    assert done["approvalApprove"] == {"__typename": "RefundDone"}
    assert (await world.refund()).state is not State.HELD


async def test_a_list_takes_as_many_transactions_as_a_single_one(world: ApiWorld) -> None:
    """What stands beside refunds is read once for all of them."""
    counted = CountingBook(world.book)
    world.app.state.ports = replace(world.ports, book=counted)
    begun = []
    async with world.program() as api:
        for number in range(1, 9):
            await world.pressed(str(number), 100)
            if number in {2, 8}:
                counted.begun = 0
                found = await api.ask(LIST)
                assert len(found["refunds"]["edges"]) == number
                begun.append(counted.begun)
    assert begun[0] == begun[1]


async def test_a_list_pages_to_its_end(world: ApiWorld) -> None:
    """Each refund comes once, newest first, however small the pages are."""
    for number in range(1, 6):
        await world.pressed(str(number), 100)
        world.clock.advance(minutes=1)
    query = """query($after: String) { refunds(first: 2, after: $after) {
        edges { node { platformRefundId } } pageInfo { hasNextPage endCursor } } }"""
    seen, after, more = [], None, True
    async with world.program() as api:
        while more:
            page = (await api.ask(query, after=after))["refunds"]
            seen += [edge["node"]["platformRefundId"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == ["5", "4", "3", "2", "1"]


async def test_stores_page_to_their_end(world: ApiWorld) -> None:
    """Each store comes once, by name."""
    query = """query($after: String) { stores(first: 3, after: $after) {
        edges { node { name } } pageInfo { hasNextPage endCursor } } }"""
    async with world.program() as api:
        first = (await api.ask(query))["stores"]
        rest = (await api.ask(query, after=first["pageInfo"]["endCursor"]))["stores"]
    names = [edge["node"]["name"] for edge in (*first["edges"], *rest["edges"])]
    assert names == ["norte-1", "norte-2", "sur-1", "tienda-pe"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_what_breaks_is_masked(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected error shows nothing of itself; the other fields are answered."""

    async def broken(*_: Any) -> Any:
        raise RuntimeError("postgresql://secret@db")

    monkeypatch.setattr("pef_adapters.engine.gate.by_hand.find", broken)
    query = (
        'query($s: ID!) { viewer { name } payment(storeId: $s, transactionId: "1")'
        " { orderNumber } }"
    )
    async with world.program() as api:
        answer = await api.send(query, s=gid("Store", "tienda-pe"))
    logged = capsys.readouterr().out
    assert "secret" not in answer.text + logged
    assert "RuntimeError" in logged
    assert answer.json()["errors"][0]["message"] == MASKED
    assert answer.json()["data"] == {"viewer": {"name": "token/program-1"}, "payment": None}


async def test_a_token_reaches_its_own_store_only(world: ApiWorld) -> None:
    """What is in another store is null, as if it were not there."""
    refund = await world.pressed()
    query = "query($id: ID!) { node(id: $id) { id } refund(id: $id) { number } }"
    nothing = {"node": None, "refund": None}
    async with world.program(store_place("norte-1"), [Permission.SEE_REFUNDS]) as api:
        assert await api.ask(query, id=gid("Refund", refund.id)) == nothing
        assert (await api.ask("{ refunds { edges { cursor } } }"))["refunds"]["edges"] == []
    async with world.program() as api:
        found = await api.ask(query, id=gid("Refund", refund.id))
        assert found["refund"] == {"number": refund.id}


async def test_strange_ids_name_nothing(world: ApiWorld) -> None:
    """An id of no type, of another type, or with odd letters is null and breaks nothing."""
    ids = [gid("Nothing", "x"), gid("Refund", ""), gid("Refund", "a\x00b"), gid("AuditEntry", "²")]
    async with world.program() as api:
        for each in ids:
            assert await api.ask("query($id: ID!) { node(id: $id) { id } }", id=each) == {
                "node": None
            }


async def test_the_language_of_the_texts_is_chosen(world: ApiWorld) -> None:
    """`Accept-Language` chooses it."""
    refund = await world.pressed()
    said = set()
    async with world.program() as api:
        for tag in ("es", "en", "zh"):
            speaking = Api(api.client, {**api.headers, "Accept-Language": tag})
            query = "query($id: ID!) { refund(id: $id) { means } }"
            said.add((await speaking.ask(query, id=gid("Refund", refund.id)))["refund"]["means"])
    assert len(said) == 3


async def test_a_call_that_takes_too_long_is_ended(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told so, and nobody waits for it any longer."""

    async def endless(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("pef_adapters.engine.gate.by_hand.find", endless)
    monkeypatch.setattr(routes, "MAX_SECONDS", 0.01)
    query = 'query($s: ID!) { payment(storeId: $s, transactionId: "1") { orderNumber } }'
    async with world.program() as api:
        (error,) = await api.refused(query, s=gid("Store", "tienda-pe"))
    assert error["extensions"]["code"] == CODE
