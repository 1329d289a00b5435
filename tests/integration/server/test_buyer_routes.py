"""The buyer's link over real HTTP: what opens it, what closes it, and what it never tells."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from buyer_world import BAD, CCI, DNI, GOOD, BuyerWorld, buyer_world
from engine_world import HOUSE_KEY
from pef_adapters.core import texts
from pef_adapters.core.states import State
from pef_adapters.engine import beneficiary
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.withdraw import withdraw
from pef_adapters.server.app import create_app
from pef_adapters.storage.house_key import SignedLinks
from served import served

LANGUAGES = {"es": "es_PE", "en": "en"}
TYPED = (CCI, DNI, "Quispe")
FORM = {"content-type": "application/x-www-form-urlencoded"}

languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture
async def buyer(book: LedgerBook) -> AsyncIterator[BuyerWorld]:
    """A buyer who was asked, on each ledger in turn."""
    async with buyer_world(book) as world:
        yield world


@pytest.fixture
async def client(buyer: BuyerWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served page."""
    async with httpx.AsyncClient(base_url=buyer.address, trust_env=False) as opened:
        yield opened


async def tries_left(client: httpx.AsyncClient, link: str) -> int:
    """What the page says."""
    page = (await client.get(link, params={"lang": "en"})).text
    return next(n for n in range(9) if _says(page, "buyer_page.tries", "en", rest=str(n)))


def _says(page: str, key: str, language: str, **figures: str) -> bool:
    return texts.explain(key, language, figures) in unescape(page)


@languages
async def test_good_link_opens_the_form(
    buyer: BuyerWorld, client: httpx.AsyncClient, lang: str
) -> None:
    """Store, order and amount stand there; to look costs nothing, however often it is done."""
    link = await buyer.link()
    for _ in range(7):
        answer = await client.get(link, params={"lang": lang})
        assert answer.status_code == 200
    assert answer.headers["content-language"] == LANGUAGES[lang].replace("_", "-")
    assert [s for s in ("https://tienda.pe", "1042", "129.80") if s not in answer.text] == []
    assert _says(answer.text, "buyer_page.tries", LANGUAGES[lang], rest="5")


async def test_head_is_answered_like_get_and_changes_nothing(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """What mail scanners ask for first has no body and uses nothing up."""
    link = await buyer.link()
    answer = await client.head(link)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000
    assert await tries_left(client, link) == 5


async def test_other_methods_are_refused(buyer: BuyerWorld, client: httpx.AsyncClient) -> None:
    """Only looking and sending are known; anything else is 405 and says so."""
    link = await buyer.link()
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = await client.request(method, link, content="name=Ana", headers=FORM)
        assert answer.status_code == 405
        assert {*answer.headers["allow"].split(", ")} == {"GET", "HEAD", "POST"}
    assert await buyer.destinations() == 0


async def test_details_are_taken_once(buyer: BuyerWorld, client: httpx.AsyncClient) -> None:
    """The thanks show them masked; they are kept, and the refund is decided anew at once."""
    link = await buyer.link()
    answer = await client.post(link, data=dict(GOOD))
    assert answer.status_code == 200
    assert [shown for shown in ("Ana Q.", "DNI ····8912", "····0117") if shown in answer.text]
    assert [whole for whole in TYPED if whole in answer.text] == []
    kept = await buyer.newest()
    assert kept is not None
    assert dict(kept.details) == dict(GOOD)
    refund = await buyer.refund()
    assert refund.state is State.RECEIVED
    assert refund.next_action_at == buyer.world.clock.now()


@languages
async def test_wrong_details_use_up_five_tries(
    buyer: BuyerWorld, client: httpx.AsyncClient, lang: str
) -> None:
    """Each says how many are left; after the fifth not even right details are taken."""
    link, language = await buyer.link(), LANGUAGES[lang]
    for left in ("4", "3", "2", "1"):
        answer = await client.post(link, params={"lang": lang}, data=dict(BAD))
        assert answer.status_code == 400
        assert _says(answer.text, "beneficiary.CCI_ACCOUNT_CHECK", language)
        assert _says(answer.text, "buyer_page.tries", language, rest=left)
    for fields in (BAD, GOOD):
        answer = await client.post(link, params={"lang": lang}, data=dict(fields))
        assert answer.status_code == 410
        assert _says(answer.text, "error.LINK_EXHAUSTED", language)
    assert await buyer.destinations() == 0


async def test_mended_details_are_taken(buyer: BuyerWorld, client: httpx.AsyncClient) -> None:
    """Four wrong forms cost tries, not the link: the fifth and right one counts."""
    link = await buyer.link()
    for _ in range(4):
        await client.post(link, data=dict(BAD))
    assert (await client.post(link, data=dict(GOOD))).status_code == 200
    assert await buyer.destinations() == 1


async def _expired(buyer: BuyerWorld, link: str) -> str:
    buyer.world.clock.advance(hours=72)
    return link


async def _used(buyer: BuyerWorld, link: str) -> str:
    await beneficiary.give(buyer.world.ports, link.removeprefix("/payout/"), GOOD)
    return link


async def _replaced(buyer: BuyerWorld, link: str) -> str:
    await beneficiary.ask(buyer.world.ports, (await buyer.refund()).id, "Rosa")
    return link


async def _withdrawn(buyer: BuyerWorld, link: str) -> str:
    await withdraw(buyer.world.ports, (await buyer.refund()).id)
    return link


async def _tampered(_: BuyerWorld, link: str) -> str:
    other = "A" if link[9] != "A" else "B"
    return link[:9] + other + link[10:]


async def _cut(_: BuyerWorld, link: str) -> str:
    return link[:-1]


async def _cut_to_its_id(_: BuyerWorld, link: str) -> str:
    return link.partition(".")[0]


async def _cut_to_nothing(_: BuyerWorld, __: str) -> str:
    return "/payout/"


async def _lengthened(_: BuyerWorld, link: str) -> str:
    return f"{link}/más%00%ff"


async def _of_another_house(_: BuyerWorld, link: str) -> str:
    link_id = link.removeprefix("/payout/").partition(".")[0]
    return f"/payout/{SignedLinks('the key of somebody else').token(link_id)}"


async def _never_made(_: BuyerWorld, __: str) -> str:
    return f"/payout/{SignedLinks(HOUSE_KEY).new()[1]}"


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (_expired, 410, "LINK_EXPIRED"),
        (_used, 410, "LINK_USED"),
        (_replaced, 410, "LINK_REPLACED"),
        (_withdrawn, 410, "LINK_REPLACED"),
        (_tampered, 404, "LINK_TAMPERED"),
        (_cut, 404, "LINK_TAMPERED"),
        (_cut_to_its_id, 404, "LINK_TAMPERED"),
        (_cut_to_nothing, 404, "LINK_TAMPERED"),
        (_lengthened, 404, "LINK_TAMPERED"),
        (_of_another_house, 404, "LINK_TAMPERED"),
        (_never_made, 404, "LINK_TAMPERED"),
    ],
)
async def test_each_bad_link_has_its_own_sentence(
    buyer: BuyerWorld,
    client: httpx.AsyncClient,
    spoil: Callable[[BuyerWorld, str], Awaitable[str]],
    status: int,
    code: str,
) -> None:
    """It opens nothing and takes nothing; what is wrong and what to do is said in words."""
    link = await spoil(buyer, await buyer.link())
    before = await buyer.destinations()
    for lang, language in LANGUAGES.items():
        for method, data in (("GET", None), ("POST", dict(GOOD))):
            answer = await client.request(method, link, params={"lang": lang}, data=data)
            assert answer.status_code == status
            assert _says(answer.text, f"error.{code}", language)
            assert texts.advise(f"error.{code}", language) in unescape(answer.text)
            assert "<form" not in answer.text
            assert "tienda.pe" not in answer.text
    assert await buyer.destinations() == before


async def test_link_is_good_up_to_its_last_second(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """After 72 hours less one second details are still taken."""
    buyer.world.clock.advance(hours=71, minutes=59, seconds=59)
    assert (await client.post(await buyer.link(), data=dict(GOOD))).status_code == 200


async def test_newer_link_opens_where_the_older_does_not(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """Whoever was sent a second link can use it, with all five tries."""
    sent = await beneficiary.ask(buyer.world.ports, (await buyer.refund()).id, "Rosa")
    newer = sent.address.removeprefix(buyer.world.ports.public_url)
    assert (await client.get(await buyer.link())).status_code == 410
    assert await tries_left(client, newer) == 5
    assert (await client.post(newer, data=dict(GOOD))).status_code == 200


async def test_of_many_sends_at_one_moment_one_wins(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """Eight forms with eight accounts: one is thanked and kept, the others hear that it is used."""
    link = await buyer.link()
    forms = [{**GOOD, "method": "yape", "account": f"98765432{number}"} for number in range(8)]
    answers = await asyncio.gather(*(client.post(link, data=form) for form in forms))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] + [410] * 7
    lost = [answer.text for answer in answers if answer.status_code == 410]
    assert all(_says(page, "error.LINK_USED", "es_PE") for page in lost)
    kept = await buyer.newest()
    assert kept is not None
    assert kept.details["account"] == forms[statuses.index(200)]["account"]
    assert await buyer.destinations() == 1


async def test_of_many_wrong_sends_at_one_moment_each_costs_a_try(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """Nobody gets more than five tries by sending them all at once."""
    link = await buyer.link()
    answers = await asyncio.gather(*(client.post(link, data=dict(BAD)) for _ in range(8)))
    assert [answer.status_code for answer in answers].count(400) <= 4
    answer = await client.post(link, data=dict(GOOD))
    assert _says(answer.text, "error.LINK_EXHAUSTED", "es_PE")


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(11):
        yield b"a" * 1000


_A_FORM = FORM["content-type"]


async def test_what_no_page_sent_costs_no_try(buyer: BuyerWorld, client: httpx.AsyncClient) -> None:
    """Too large, or no form: one sentence, and all tries are still there."""
    link = await buyer.link()
    for content, content_type, status, key in (
        ("name=" + "a" * 10_000, _A_FORM, 413, "buyer_page.too_large"),
        (_chunks(), _A_FORM, 413, "buyer_page.too_large"),
        ("a=1&" * 30, _A_FORM, 400, "buyer_page.unreadable"),
        ('{"name": "Ana"}', "application/json", 400, "buyer_page.unreadable"),
        ("--x--", "multipart/form-data; boundary=x", 400, "buyer_page.unreadable"),
    ):
        headers = {"content-type": content_type, "accept-language": "en"}
        answer = await client.post(link, content=content, headers=headers)
        assert answer.status_code == status
        assert _says(answer.text, key, "en")
        assert await tries_left(client, link) == 5


async def test_form_that_breaks_off_costs_no_try(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """A phone that loses its connection in the middle can send the form again."""
    link = await buyer.link()
    where = urlsplit(buyer.address)
    assert where.hostname is not None
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = f"POST {link} HTTP/1.1\r\nHost: pef\r\nContent-Type: {_A_FORM}\r\n"
    writer.write(f"{head}Content-Length: 900\r\n\r\nname=Ana".encode())
    writer.write_eof()
    with capture_logs() as logged:
        assert await reader.read() == b""
        assert await tries_left(client, link) == 5
    writer.close()
    assert [event["code"] for event in logged] == ["BODY_UNREADABLE"]


@pytest.mark.parametrize(
    ("form", "problem", "status"),
    [
        ({**GOOD, "account": ""}, None, 200),
        ({**BAD, "refused": "1"}, "beneficiary.CCI_ACCOUNT_CHECK", 400),
    ],
    ids=["before sending", "after a refusal"],
)
async def test_language_changes_without_losing_anything(
    buyer: BuyerWorld,
    client: httpx.AsyncClient,
    form: Mapping[str, str],
    problem: str | None,
    status: int,
) -> None:
    """What was typed, and what was wrong with it, comes back in the other language, untried."""
    link = await buyer.link()
    answer = await client.post(
        link, params={"lang": "en"}, data={**form, "language": "en"}, headers={}
    )
    assert answer.status_code == status
    assert answer.headers["content-language"] == "en"
    assert 'value="Ana Quispe Rojas"' in answer.text
    assert f'value="{DNI}"' in answer.text
    wrong = "beneficiary.CCI_ACCOUNT_CHECK"
    assert _says(answer.text, wrong, "en") is (problem == wrong)
    assert await tries_left(client, link) == 5
    assert await buyer.destinations() == 0


async def test_each_answer_locks_itself_up(buyer: BuyerWorld, client: httpx.AsyncClient) -> None:
    """Form, refusal, thanks and apology are neither framed, cached, indexed nor passed on."""
    link = await buyer.link()
    answers = [
        await client.get(link),
        await client.post(link, data=dict(BAD)),
        await client.post(link, data=dict(GOOD)),
        await client.get(link),
        await client.post(link, content="{}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 200, 410, 400]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in answer.headers


async def test_no_event_names_the_link_or_what_was_typed(
    buyer: BuyerWorld, client: httpx.AsyncClient
) -> None:
    """Refusals are logged by their code alone, and a page never repeats its own address."""
    link = await buyer.link()
    token = link.removeprefix("/payout/")
    with capture_logs() as logged:
        answers = [
            await client.get(link[:-1]),
            await client.post(link, data=dict(BAD)),
            await client.post(link, content="{}"),
            await client.post(link, data=dict(GOOD)),
            await client.post(link, data=dict(GOOD)),
        ]
    assert {"LINK_TAMPERED", "BODY_UNREADABLE", "LINK_USED"} <= {e.get("code") for e in logged}
    heard = [secret for secret in (token, token[:-1], *TYPED) if secret in repr(logged)]
    assert heard == []
    assert [answer.status_code for answer in answers if token[:-1] in answer.text] == []


class BrokenBook:
    """A database that fails while it quotes what it was given."""

    def begin(self) -> AbstractAsyncContextManager[Ledger]:
        raise ValueError(f"invalid input: {CCI}, {DNI}")


@languages
async def test_trouble_of_ours_is_no_secret_s_way_out(
    buyer: BuyerWorld, client: httpx.AsyncClient, lang: str
) -> None:
    """Whatever breaks, the buyer reads a sentence, and the log tells where but not what."""
    link = await buyer.link()
    broken = create_app(replace(buyer.world.ports, book=BrokenBook()), "https://refunds.example")
    with capture_logs() as logged:
        async with served(broken) as address:
            answer = await client.post(f"{address}{link}", params={"lang": lang}, data=dict(GOOD))
    assert answer.status_code == 500
    assert _says(answer.text, "buyer_page.trouble", LANGUAGES[lang])
    (event,) = logged
    assert event["fault"] == "ValueError"
    assert "beneficiary.py" in repr(event["at"])
    token = link.removeprefix("/payout/")
    assert [secret for secret in (token, *TYPED) if secret in repr(logged)] == []
