"""No secret stands anywhere but sealed: the main road is driven with canaries, then searched.

Whatever the product leaves behind is collected: logs at level debug, every row of
every table, what commands and error answers say, the sandbox's page, the orders' notes.
The road goes through failures too, because it is errors that quote what they should not.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg
import pytest
from canary_console import EMAIL, look_around
from canary_drive import MAIL, MISTYPED, TYPED, ask, connect, drive, pay_out
from canary_road import Road, open_road

from canaries import Canaries, forms_of, numbers_in
from pef_adapters.storage.secrets import SecretBox

_PLACES = ("logs", "tables", "dump", "commands", "answers", "page", "notes", "processes")
# The ledger must know the reason as it was typed: PagoEfectivo is sent it.
_KEEP_THE_REASON = {"public.refunds", "public.attempts"}
_MASKED = ("Zoila C.", "DNI ····9364", "Interbank ····3870")


@dataclass(frozen=True, slots=True)
class Left:
    """What a drive left behind, and what to listen for in it."""

    canaries: Canaries
    places: dict[str, dict[str, str]]
    link: str
    bank_file: str
    shown_once: dict[str, str]

    def everything(self) -> dict[str, str]:
        return {
            f"{place}: {name}": text
            for place, texts in self.places.items()
            for name, text in texts.items()
        }


@pytest.fixture(scope="module")
def left(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """The road, driven once through weal and woe."""
    folder, canaries = tmp_path_factory.mktemp("canary"), Canaries()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
        road = open_road(stack, folder, module_database, canaries)
        connect(road)
        drive(road)
        pay_out(road)
        shown_once = look_around(road)
        ask(road)
        heard_for = replace(canaries, webhook_secret=_webhook_secret(road))
        bank_file = (folder / "bank.csv").read_text("utf-8")
        yield Left(heard_for, road.left(), road.link, bank_file, shown_once)


@pytest.mark.parametrize("place", _PLACES)
def test_no_secret_is_left_behind(left: Left, place: str) -> None:
    """Neither a key, a password nor a token stands in it, in no disguise."""
    found = left.places[place]
    assert sum(map(len, found.values())) > 0
    heard = {name: left.canaries.heard_in(text) for name, text in found.items()}
    assert {name: secrets for name, secrets in heard.items() if secrets} == {}


def test_account_and_document_numbers_are_masked(left: Left) -> None:
    """A CCI and a DNI that someone typed into a reason are whole in the ledger alone."""
    everything = left.everything()
    for table in _KEEP_THE_REASON:
        del everything[f"tables: {table}"]
    del everything["dump: pg_dump"]
    assert "Devolver a la cuenta CCI ***" in everything["tables: public.exchanges"]
    assert numbers_in(everything) == []


@pytest.mark.parametrize(
    "secret", ["token", "signature", "account", "mistyped", "document", "name", "mail"]
)
def test_nothing_of_a_buyer_is_left_behind(left: Left, secret: str) -> None:
    """Neither the link nor what was typed behind it stands anywhere; the store's mail had it."""
    token = left.link.rpartition("/")[2]
    said = {
        "token": token,
        "signature": token.rpartition(".")[2],
        "account": TYPED["account"],
        "mistyped": MISTYPED["account"],
        "document": TYPED["document_number"],
        "name": TYPED["name"].partition(" ")[2],
        "mail": MAIL,
    }[secret]
    assert _where(left, said) == []


@pytest.mark.parametrize(
    "secret", ["sign-in link", "password", "wrong password", "session", "machine token"]
)
def test_nothing_that_opens_the_console_is_left_behind(left: Left, secret: str) -> None:
    """Not what was typed, rightly or in the wrong field, nor what was shown once."""
    assert _where(left, left.shown_once[secret]) == []


def test_somebody_really_looked_around(left: Left) -> None:
    """The search means something: pages, bundles, the stream and the API are in the heap."""
    told = left.places["answers"]
    assert sum("/console" in name for name in told) > 25
    assert EMAIL in " ".join(told.values())
    assert any(".zip" in name and "REFUND" in text for name, text in told.items())
    assert "event: refund-changed" in told["the console's stream"]
    assert {"NOT_SIGNED_IN", "FORM_STALE"} <= _codes(left, "answers") | _codes(left, "logs")
    assert "COPY public.stores" in left.places["dump"]["pg_dump"]
    assert any("serve" in line for line in left.places["processes"].values())


def test_buyer_was_really_there(left: Left) -> None:
    """The search means something: the link was refused, used and tried again, details are kept."""
    everything = left.everything()
    assert {"LINK_TAMPERED", "LINK_USED"} <= _codes(left, "logs")
    kept = everything["tables: public.destinations"]
    assert [masked for masked in _MASKED if masked not in kept] == []
    said = " ".join(left.places["commands"].values()) + " ".join(left.places["answers"].values())
    assert [masked for masked in _MASKED if masked not in said] == []
    assert '"to_state": "payout_due"' in everything["tables: public.timeline"]
    assert TYPED["account"] in left.bank_file


def test_road_was_driven_through_its_failures(left: Left) -> None:
    """The search means something: debug logs, refusals and broken answers are in the heap."""
    logs, tables = left.places["logs"]["service.log"], left.places["tables"]
    assert '"level": "debug"' in logs
    assert "delivery_postponed" in logs
    faults = set(re.findall(r"RAIL_[A-Z_]+", tables["public.exchanges"]))
    assert {"RAIL_ANSWERED_NO", "RAIL_ANSWERED_NONSENSE", "RAIL_MAYBE_SENT"} <= faults
    assert {"SIGNATURE_INVALID", "NOT_THERE", "BODY_UNREADABLE"} <= _codes(left, "answers")
    assert {"KEYS_MIXED"} <= _codes(left, "commands")
    assert any("store is kept" in text for text in left.places["commands"].values())
    states = set(re.findall(r'"state": "(\w+)"', tables["public.refunds"]))
    assert {"refunded", "held", "pending"} <= states


def test_search_hears_every_canary_in_every_disguise(left: Left) -> None:
    """Each secret is heard when it stands in a text as it is, quoted, in base64 or in hex."""
    for name, form in left.canaries.disguises():
        assert name in left.canaries.heard_in(f"GET /?x={form}&y HTTP/1.1")
    assert left.canaries.heard_in("nothing") == []


def _where(left: Left, said: str) -> list[str]:
    """Where a secret stands, in whatever case and disguise."""
    assert said
    forms = [form.casefold() for _, form in forms_of(said)]
    texts = {name: text.casefold() for name, text in left.everything().items()}
    return [name for name, text in texts.items() if any(form in text for form in forms)]


def _codes(left: Left, place: str) -> set[str]:
    """The error codes that were said there."""
    return set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", " ".join(left.places[place].values())))


def _webhook_secret(road: Road) -> str:
    """The secret that the product made up for the store, out of the sealed column."""
    with psycopg.connect(road.dsn) as connection:
        row = connection.execute("SELECT secrets FROM stores").fetchone()
    assert row is not None
    return SecretBox.from_setting(road.canaries.sealing_key).open(row[0])["webhook_secret"]
