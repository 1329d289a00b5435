"""Transport failures, sorted once, over scripted transports."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from pagoefectivo_bench import SHORT_TIMEOUTS, Bench, attempt, bench, sandbox_account
from pef_adapters.core.errors import AnsweredNonsense, KeysMixed, MaybeSent, NotSent, SettingInvalid
from pef_adapters.engine.ports import RailRefusal, Refusal
from pef_adapters.pagoefectivo.settings import AccountSettings, Timeouts

URL = "http://127.0.0.1:9"
TOKEN = '{"code":"100","data":{"token":"aaa.bbb.ccc","tokenExpires":"2999-01-01T00:00:00-05:00"}}'
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Script(httpx.AsyncBaseTransport):
    """Hands out tokens and answers everything else by a handler."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.authorization = (201, TOKEN)
        self.authorizations = 0
        self.bodies: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/authorizations":
            self.authorizations += 1
            status, text = self.authorization
            return httpx.Response(status, text=text)
        self.bodies.append(await request.aread())
        return await self.handler(request)


def scripted(handler: Handler, **settings: object) -> tuple[Bench, Script]:
    """A client whose requests meet a script instead of a network."""
    script = Script(handler)
    return bench(sandbox_account(URL, settings), http=lambda _account: script), script


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        (httpx.ConnectError, NotSent),
        (httpx.ConnectTimeout, NotSent),
        (httpx.PoolTimeout, NotSent),
        (httpx.WriteError, MaybeSent),
        (httpx.WriteTimeout, MaybeSent),
        (httpx.ReadError, MaybeSent),
        (httpx.ReadTimeout, MaybeSent),
        (httpx.RemoteProtocolError, MaybeSent),
        (httpx.LocalProtocolError, MaybeSent),
        (httpx.CloseError, MaybeSent),
    ],
)
async def test_failures_are_sorted_by_what_may_have_happened(
    failure: type[httpx.TransportError], fault: type[Exception]
) -> None:
    """Only a connection that was never made proves that nothing was sent."""

    async def fail(_request: httpx.Request) -> httpx.Response:
        raise failure("broken")

    made, _ = scripted(fail)
    with pytest.raises(fault):
        await made.rail.send(attempt("RF-1", "10000001"))
    assert made.witness.exchanges[-1].fault == fault.code  # type: ignore[attr-defined]  # a RailError


async def test_an_endless_answer_is_given_up() -> None:
    """The whole exchange is bounded, however lively the connection looks."""

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    made, _ = scripted(hang, timeouts={"whole": 0.05})
    with pytest.raises(MaybeSent):
        await made.rail.send(attempt("RF-1", "10000001"))


async def test_an_answer_over_the_bound_is_nonsense() -> None:
    """A mebibyte is read, no more."""

    async def flood(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, content=b" " * (3 * 1024 * 1024))

    made, _ = scripted(flood)
    with pytest.raises(AnsweredNonsense):
        await made.rail.send(attempt("RF-1", "10000001"))


async def test_a_second_401_asks_for_the_owner_after_the_same_body() -> None:
    """The token is renewed once and the very same bytes are sent again."""

    async def refuse(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, text='{"code":"TOKEN_EXPIRED"}')

    made, script = scripted(refuse)
    answer = await made.rail.send(attempt("RF-1", "10000001"))
    assert isinstance(answer, RailRefusal)
    assert answer.refusal is Refusal.NEEDS_OWNER
    assert script.authorizations == 2
    assert len(script.bodies) == 2
    assert script.bodies[0] == script.bodies[1]


@pytest.mark.parametrize(
    ("status", "text"),
    [(500, "{}"), (201, "<html>"), (201, '{"code":"100","data":{}}'), (429, '{"code":"1"}')],
)
async def test_without_a_token_nothing_was_sent(status: int, text: str) -> None:
    """Whatever befalls the authorization, the refund itself never left."""

    async def unreachable(_request: httpx.Request) -> httpx.Response:
        raise AssertionError

    made, script = scripted(unreachable)
    script.authorization = (status, text)
    with pytest.raises(NotSent):
        await made.rail.send(attempt("RF-1", "10000001"))


async def test_refused_keys_need_their_owner_whatever_the_code() -> None:
    """A refused authorization must never look like a refused refund."""

    async def unreachable(_request: httpx.Request) -> httpx.Response:
        raise AssertionError

    made, script = scripted(unreachable)
    script.authorization = (400, '{"code":"111","message":"no"}')
    answer = await made.rail.send(attempt("RF-1", "10000001"))
    assert isinstance(answer, RailRefusal)
    assert answer.refusal is Refusal.NEEDS_OWNER


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchant_refund_id": "RF-2"},
        {"refund_amount": 22.06},
        {"currency": "USD"},
        {"original_transaction_id": "10000002"},
        {"status": "DONE"},
    ],
)
async def test_an_answer_about_something_else_is_nonsense(wrong: dict[str, object]) -> None:
    """Id, amount, currency, transaction and a known state, or it is no answer."""
    right = {
        "refund_id": "RFD-1",
        "merchant_refund_id": "RF-1",
        "original_transaction_id": "10000001",
        "refund_amount": 22.05,
        "currency": "PEN",
        "status": "PROCESSING",
    }

    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json={"code": "100", "data": {**right, **wrong}})

    made, _ = scripted(answer)
    with pytest.raises(AnsweredNonsense, match=next(iter(wrong))):
        await made.rail.send(attempt("RF-1", "10000001"))


async def test_concurrent_callers_share_one_token() -> None:
    """Twenty searches ask for one authorization."""

    async def empty(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text='{"code":100,"data":[{}]}')

    made, script = scripted(empty)
    found = await asyncio.gather(*(made.rail.find_payment(str(n)) for n in range(1, 21)))
    assert found == [None] * 20
    assert script.authorizations == 1


async def test_a_transaction_id_that_is_no_cip_is_not_asked_for() -> None:
    """PagoEfectivo's numbers have 14 digits at most; anything else is unknown to it."""

    async def unreachable(_request: httpx.Request) -> httpx.Response:
        raise AssertionError

    made, script = scripted(unreachable)
    assert await made.rail.find_payment("ORD-2026-000123") is None
    assert script.authorizations == 0


def test_mixed_keys_build_no_client() -> None:
    """The refusal comes before anything could be sent."""
    with pytest.raises(KeysMixed):
        bench(sandbox_account("https://services.pagoefectivo.pe"))


@pytest.mark.parametrize(
    "settings",
    [{"timeouts": {"whole": 500}}, {"paths": {"refunds": "no-slash"}}, {"origin": "fax"}],
)
def test_a_wrong_setting_is_named(settings: dict[str, object]) -> None:
    """The message says which setting, and never repeats a value."""
    with pytest.raises(SettingInvalid, match=next(iter(settings))):
        bench(sandbox_account(URL, settings))


def test_short_timeouts_are_valid_settings() -> None:
    """The bench's own settings are read as they are."""
    account = sandbox_account(URL, {"timeouts": SHORT_TIMEOUTS})
    assert AccountSettings.of(account).timeouts == Timeouts.model_validate(SHORT_TIMEOUTS)
