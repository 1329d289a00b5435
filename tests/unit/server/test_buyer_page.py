"""The buyer's page: both languages, hostile values, a sentence beside every field."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from structlog.testing import capture_logs

from pef_adapters.core import errors, texts
from pef_adapters.core.beneficiary import Beneficiary, DocumentType, Method, Problem
from pef_adapters.core.money import Money
from pef_adapters.engine.beneficiary import Invited
from pef_adapters.server.buyer.page import (
    FIELDS,
    LANGUAGES,
    choose_language,
    done_page,
    form_page,
    sorry_page,
)
from pef_adapters.server.buyer.routes import ROUTES

INVITED = Invited(
    store_address="https://tienda.example",
    order_number="1042",
    amount=Money(5990, "PEN"),
    language="es_PE",
    expires_at=datetime(2026, 11, 27, 2, 30, tzinfo=UTC),
    tries_left=4,
    check_digits=True,
)
HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}{amount}'
WHO = Beneficiary(
    "Ana Quispe Rojas", DocumentType.DNI, "12345678", Method.CCI, "00219310000000000117"
)
PROBLEM_CODES = sorted(
    key.removeprefix("beneficiary.") for key in texts.keys("en") if key.startswith("beneficiary.")
)
LINK_ERRORS = [errors.LinkRefused, *errors.LinkRefused.__subclasses__()]
TOKEN = "a-token-that-nobody-may-read"
VOID = {"meta", "input", "link", "br"}

pages = pytest.mark.parametrize("language", LANGUAGES.values())


class Drawn(HTMLParser):
    """A page as a browser reads it: its tags in order, and the text under each id."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.text = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(bytes(answer.body).decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] != "style":
            self.text += data
        for _, own in self._open:
            if own is not None:
                self.texts[own] = self.texts.get(own, "") + data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.tags if each == tag]

    def control(self, field: str) -> dict[str, str | None]:
        """What carries a field's state: its input, or the group of its radio buttons."""
        if field == "method":
            return self.named("fieldset")[0]
        return next(each for _, each in self.tags if each.get("id") == field)


def every_page(language: str) -> list[Response]:
    """One of each kind."""
    return [
        form_page(INVITED, language),
        form_page(INVITED, language, problems=[Problem("name", "NAME_MISSING")]),
        done_page(INVITED, WHO.masked(), language),
        sorry_page("error.LINK_USED", 410, language),
    ]


@pages
def test_the_form_says_what_it_is_about(language: str) -> None:
    """Store, order, amount, time, tries, the next step and the warning stand on the page."""
    said = Drawn(form_page(INVITED, language)).text
    assert "https://tienda.example" in said
    assert "1042" in said
    assert INVITED.amount.shown(language) in said
    assert texts.explain("buyer_page.tries", language, {"rest": "4"}) in said
    assert texts.explain("buyer_page.after", language) in said
    assert texts.explain("buyer_page.safety", language) in said


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es_PE", ("jueves", "26 de noviembre de 2026", "9:30", "hora de Lima")),
        ("en", ("Thursday", "November 26, 2026", "9:30", "Lima time")),
    ],
)
def test_the_end_of_the_link_is_told_in_lima_time(language: str, words: tuple[str, ...]) -> None:
    """Half past two in UTC is still the evening before in Lima, and is written in words."""
    said = Drawn(form_page(INVITED, language)).text
    assert [word for word in words if word not in said] == []


@pages
def test_each_control_can_be_found_and_heard(language: str) -> None:
    """Every field has its label, and what a control is described by exists."""
    drawn = Drawn(
        form_page(INVITED, language, problems=[Problem(f, "NAME_MISSING") for f in FIELDS])
    )
    labelled = {label.get("for") for label in drawn.named("label")}
    assert {*FIELDS} - labelled == {"method"}
    assert len(drawn.named("legend")) == 1
    described = " ".join(each.get("aria-describedby") or "" for _, each in drawn.tags).split()
    assert described
    assert {*described} <= {*drawn.texts}
    ids = [each["id"] for _, each in drawn.tags if "id" in each]
    assert len(ids) == len({*ids})


def test_phones_are_told_what_to_expect() -> None:
    """A number field opens the number keys, and no browser remembers an account."""
    drawn = Drawn(form_page(INVITED, "es_PE"))
    assert drawn.control("account")["inputmode"] == "numeric"
    assert drawn.control("name")["autocomplete"] == "name"
    assert drawn.control("account")["autocomplete"] == "off"
    assert drawn.control("document_number")["autocomplete"] == "off"
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in drawn.named(
        "meta"
    )


@pages
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("code", PROBLEM_CODES)
def test_each_problem_stands_beside_its_field(language: str, field: str, code: str) -> None:
    """What is wrong and how to mend it are read at the field, and only there is it marked."""
    problem = Problem(field, code)
    answer = form_page(INVITED, language, problems=[problem])
    drawn = Drawn(answer)
    assert answer.status_code == 400
    assert texts.explain(problem.text_key, language) in drawn.texts[f"{field}-wrong"]
    assert texts.advise(problem.text_key, language) in drawn.texts[f"{field}-wrong"]
    assert f"{field}-wrong" in (drawn.control(field)["aria-describedby"] or "").split()
    invalid = [each for _, each in drawn.tags if each.get("aria-invalid") == "true"]
    assert invalid == [drawn.control(field)]


@pages
def test_a_refused_form_opens_with_a_summary(language: str) -> None:
    """The summary is an alert, takes the focus, and leads to each field that is wrong."""
    problems = [Problem("name", "NAME_MISSING"), Problem("account", "CCI_FORMAT")]
    drawn = Drawn(form_page(INVITED, language, problems=problems))
    alerts = [each for _, each in drawn.tags if each.get("role") == "alert"]
    assert len(alerts) == 1
    assert {"tabindex", "autofocus"} <= alerts[0].keys()
    links = [each["href"] for each in drawn.named("a")]
    assert [link for link in links if link and link.startswith("#")] == ["#name", "#account"]
    assert {"name", "account"} <= {each.get("id") for _, each in drawn.tags}


def test_a_form_without_problems_alarms_nobody() -> None:
    """A form that is opened is answered 200, with no alert and nothing marked as wrong."""
    answer = form_page(INVITED, "es_PE")
    assert answer.status_code == 200
    assert [t for t, each in Drawn(answer).tags if {"role", "aria-invalid"} & each.keys()] == [
        "fieldset"
    ]


@pages
def test_typed_values_stay_in_a_refused_form(language: str) -> None:
    """Nothing has to be typed twice; what no field asks for does not come back."""
    typed = {**WHO.as_secrets(), "method": "plin", "password": "never asked"}
    drawn = Drawn(
        form_page(INVITED, language, typed=typed, problems=[Problem("name", "NAME_LENGTH")])
    )
    assert drawn.control("name")["value"] == "Ana Quispe Rojas"
    assert drawn.control("document_number")["value"] == "12345678"
    assert drawn.control("account")["value"] == "00219310000000000117"
    assert [each["value"] for each in drawn.named("option") if "selected" in each] == ["DNI"]
    radios = [each for each in drawn.named("input") if each.get("type") == "radio"]
    assert [each["value"] for each in radios if "checked" in each] == ["plin"]
    assert "never asked" not in drawn.text
    assert "never asked" not in repr(drawn.tags)


@pages
def test_hostile_values_are_only_text(language: str) -> None:
    """Whatever a store or a buyer writes is shown as it is, and never becomes part of the page."""
    invited = replace(INVITED, store_address=HOSTILE, order_number=HOSTILE)
    typed = dict.fromkeys(FIELDS, HOSTILE)
    problems = [Problem("name", "NAME_CHARACTERS")]
    drawn = Drawn(form_page(invited, language, typed=typed, problems=problems))
    assert drawn.named("script") == []
    assert drawn.text.count(HOSTILE) == 2
    assert drawn.control("name")["value"] == HOSTILE
    assert drawn.control("account")["value"] == HOSTILE
    done = Drawn(done_page(invited, dict.fromkeys(WHO.masked(), HOSTILE), language))
    assert done.named("script") == []
    assert done.text.count(HOSTILE) == 5


@pages
def test_the_thanks_show_masked_details(language: str) -> None:
    """After sending, the buyer sees what was understood, and nobody can use what is seen."""
    answer = done_page(INVITED, WHO.masked(), language)
    said = Drawn(answer).text
    assert answer.status_code == 200
    assert [value for value in WHO.masked().values() if value not in said] == []
    assert [value for value in (WHO.name, WHO.document_number, WHO.account) if value in said] == []


@pages
@pytest.mark.parametrize("error", LINK_ERRORS)
def test_each_refused_link_is_answered_by_a_sentence(
    language: str, error: type[errors.LinkRefused]
) -> None:
    """The page says what is wrong with the link and what to do, with the error's status."""
    answer = sorry_page(error().text_key, error.http_status, language)
    said = Drawn(answer).text
    assert answer.status_code == error.http_status
    assert texts.explain(error().text_key, language) in said
    assert texts.advise(error().text_key, language) in said
    assert Drawn(answer).named("form") == []


@pages
def test_each_page_locks_itself_up(language: str) -> None:
    """No page runs a script, is framed, cached, indexed, or tells its address to others."""
    for answer in every_page(language):
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["content-security-policy"].split(";")
        )
        style = re.search(r"<style>(.*?)</style>", bytes(answer.body).decode(), re.DOTALL)
        assert style is not None
        digest = b64encode(sha256(style[1].encode()).digest()).decode()
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{digest}'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in answer.headers


@pages
def test_each_page_stands_alone(language: str) -> None:
    """No page needs a script or anything from elsewhere, and styles stand in one place."""
    for answer in every_page(language):
        drawn = Drawn(answer)
        assert {tag for tag, _ in drawn.tags} & {"script", "link", "img", "iframe"} == set()
        assert [each for _, each in drawn.tags if "style" in each] == []
        assert [name for _, each in drawn.tags for name in each if name.startswith("on")] == []
        addresses = [each.get("href") or each.get("action") for _, each in drawn.tags]
        assert all(address[0] in "?#" for address in addresses if address)


@pages
def test_each_page_says_its_language_and_offers_the_other(language: str) -> None:
    """A screen reader hears the right language; only the thanks, shown once, can't be switched."""
    form, refused, done, sorry = map(Drawn, every_page(language))
    for drawn in (form, refused, done, sorry):
        assert drawn.named("html") == [{"lang": language.replace("_", "-")}]
    assert {"?lang=es", "?lang=en"} <= {each.get("href") for each in sorry.named("a")}
    other = {"es_PE": "?lang=en", "en": "?lang=es"}[language]
    for drawn in (form, refused):
        # Enter presses the first button: it sends. The other language keeps what was typed.
        sends, switches, _ = drawn.named("button")
        assert "formaction" not in sends
        assert (switches["formaction"], switches["form"]) == (other, "details")
    assert done.named("nav") == []
    assert form.named("form")[0]["action"] == f"?lang={language[:2]}"


@pages
def test_no_text_of_the_page_is_spare(language: str) -> None:
    """Every sentence kept for the page is shown on one of its pages."""
    spare = {"buyer_page.too_large", "buyer_page.unreadable", "buyer_page.trouble"}
    drawn = [
        *map(Drawn, every_page(language)),
        *(Drawn(sorry_page(k, 400, language)) for k in spare),
    ]
    said = " ".join(each.text + repr(each.tags) for each in drawn)
    figures = {"rest": "4"}
    for key in texts.keys(language):
        if key.startswith("buyer_page.") and key != "buyer_page.until":
            assert texts.explain(key, language, figures).rstrip(".") in said, key


@pytest.mark.parametrize(
    ("asked", "accepted", "preferred", "chosen"),
    [
        (None, "", "", "es_PE"),
        (None, "", "en", "en"),
        (None, "", "zh_Hans", "es_PE"),
        (None, "en-US,en;q=0.9,es;q=0.8", "es_PE", "en"),
        (None, "es-419, es;q=0.9, en;q=0.8", "en", "es_PE"),
        (None, "fr-FR, en;q=0.3, es;q=0.5", "", "es_PE"),
        (None, "en;q=0, *;q=0.5", "", "es_PE"),
        (None, "en;q=high,,;q=", "", "es_PE"),
        ("en", "es", "es_PE", "en"),
        ("ES", "en", "en", "es_PE"),
        ("es_PE", "en", "", "es_PE"),
        ("tlh", "en", "", "en"),
        ("", "en", "", "en"),
    ],
)
def test_the_readers_language_is_chosen(
    asked: str | None, accepted: str, preferred: str, chosen: str
) -> None:
    """The address decides, then the browser, then the link; and Spanish where nobody does."""
    assert choose_language(asked, accepted, preferred) == chosen


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone: whatever asks for the engine's ports fails."""
    transport = httpx.ASGITransport(Starlette(routes=ROUTES))
    async with httpx.AsyncClient(transport=transport, base_url="https://pef.example") as it:
        yield it


@pytest.mark.parametrize(
    ("content_type", "body", "status", "key"),
    [
        ("application/x-www-form-urlencoded", "name=" + "a" * 10_000, 413, "buyer_page.too_large"),
        ("application/x-www-form-urlencoded", "a=1&" * 30, 400, "buyer_page.unreadable"),
        ("application/json", '{"name": "Ana"}', 400, "buyer_page.unreadable"),
        ("multipart/form-data; boundary=x", "--x--", 400, "buyer_page.unreadable"),
        ("", "name=Ana", 400, "buyer_page.unreadable"),
    ],
)
async def test_a_form_that_no_page_sent_costs_no_try(
    client: httpx.AsyncClient, content_type: str, body: str, status: int, key: str
) -> None:
    """What is too large or no form is answered by a sentence before a try is counted."""
    with capture_logs() as logged:
        answer = await client.post(
            f"/payout/{TOKEN}?lang=en", content=body, headers={"content-type": content_type}
        )
    assert answer.status_code == status
    assert texts.explain(key, "en") in answer.text
    assert "content-security-policy" in answer.headers
    assert TOKEN not in repr(logged)
    assert TOKEN not in answer.text
