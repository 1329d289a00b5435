"""`pef user`, `pef token` and `pef audit`: the operator's way to people, programs and deeds."""

import asyncio
import json
import re
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from command_world import CommandWorld
from engine_world import World
from gate_world import token_in
from pef_adapters.cli import serving
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import ActorKind, Permission
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.ports import LedgerBook

ANA = "ana@tienda.pe"
PASSWORD = "cuatro llamas cruzan el puente"


@pytest.fixture
def world(database: str) -> CommandWorld:
    """One store and nobody who can sign in."""
    return CommandWorld.opened(database)


def accepted(world: CommandWorld, link: str, email: str = "") -> None:
    """Somebody uses a link, on the commands' own ledger and by their clock."""

    async def use(book: LedgerBook) -> None:
        here = World(book)
        here.clock.advance(seconds=(datetime.now(UTC) - here.clock.now()).total_seconds())
        told = {"email": email, "name": "Ana", "password": PASSWORD, "language": "en"}
        await accept_link(here.ports, token_in(link), **told)

    world._run(use)


def first(world: CommandWorld) -> None:
    """Ana is the first administrator."""
    accepted(world, world.answer("user", "link")["link"], ANA)


def test_operator_is_named_after_the_machines_user() -> None:
    """He may do everything, and the audit tells which user of the machine he was."""
    actor = operator()
    assert actor.kind is ActorKind.PERSON
    assert re.fullmatch(r"operator/.+", actor.name)
    assert all(map(actor.may_in_house, Permission))


def test_operator_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user need have no name."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert re.fullmatch(r"operator/uid-\d+", operator().name)


def test_first_link_is_made_until_somebody_can_sign_in(world: CommandWorld) -> None:
    """For people it is a line to copy; afterwards the command says what to use instead."""
    said = world.said("user", "link").splitlines()
    assert re.fullmatch(r"http\S+/console/link/[A-Za-z0-9_-]{43}", said[0])
    assert "72 hours" in said[1]
    first(world)
    assert world.refusal("user", "link")[0] == "INVALID_INPUT"


def test_people_are_invited_changed_and_disabled(world: CommandWorld) -> None:
    """Each step shows in the list, and each is in the audit under the operator's name."""
    first(world)
    role = ("--role", "approver@store/tienda-pe")
    invited = world.answer("user", "invite", "luz@tienda.pe", *role, "--language", "en")
    assert invited["hours"] == 72
    accepted(world, invited["link"])
    people = world.answer("user", "list")["users"]
    assert [person["email"] for person in people] == [ANA, "luz@tienda.pe"]
    assert people[1]["roles"] == [{"role": "approver", "place": "store/tienda-pe"}]
    changed = world.answer("user", "roles", "luz@tienda.pe", "--role", "agent@house")
    assert changed["roles"] == [{"role": "agent", "place": "house"}]
    assert "luz@tienda.pe is disabled." in world.said("user", "disable", "luz@tienda.pe")
    assert "luz@tienda.pe can sign in again." in world.said("user", "enable", "luz@tienda.pe")
    assert world.answer("user", "reset", "luz@tienda.pe", "--codes-too")["link"]
    assert "luz@tienda.pe" in world.said("user", "list")
    entries = world.answer("audit", "list", "--by", operator().name)["entries"]
    done = [(entry["what"], entry["outcome"]) for entry in entries]
    assert done == [
        (what, "done") for what in ("reset_link", "enable", "disable", "change_grants", "invite")
    ]
    assert "Invited a person." in world.said("audit", "list", "--about", "user/luz@tienda.pe")


def test_last_administrator_is_kept_from_the_operator_too(world: CommandWorld) -> None:
    """The command says what to do first."""
    first(world)
    code, said = world.refusal("user", "disable", ANA)
    assert code == "NOT_ALLOWED"
    assert "name another one first" in said


@pytest.mark.parametrize(
    "role", ["approver", "king@house", "@house", "approver@", "agent@store/no"]
)
def test_roles_that_are_none_are_refused(world: CommandWorld, role: str) -> None:
    """A role is a word of ours at a place that is there."""
    code, _ = world.refusal("user", "invite", "luz@tienda.pe", "--role", role)
    assert code in {"INVALID_INPUT", "NOT_THERE"}


def test_tokens_are_made_listed_and_revoked(world: CommandWorld) -> None:
    """The letters are shown once; whoever is disabled leaves the token's end to others."""
    made = world.answer("token", "make", "erp", "--may", "refunds:see", "--days", "30")
    assert re.fullmatch(r"pef_[A-Za-z0-9_-]{43}", made["token"])
    listed = world.answer("token", "list")["tokens"]
    assert [token["name"] for token in listed] == ["erp"]
    assert made["token"] not in json.dumps(listed)
    assert "erp" in world.said("token", "list")
    assert "opens nothing any more" in world.said("token", "revoke", made["id"])
    assert world.answer("token", "list")["tokens"][0]["revoked_at"]
    letters, said = world.said("token", "make", "bi", "--may", "refunds:see").splitlines()
    assert re.fullmatch(r"pef_[A-Za-z0-9_-]{43}", letters)
    assert "not shown again" in said
    for word in ("refunds:eat", "people:edit"):
        assert world.pef("token", "make", "x", "--may", word, "--json").exit_code == 1


def test_serve_tells_the_first_link_only_while_nobody_can_sign_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A new house tells it where its operator looks; later a start tells nothing."""

    async def starts() -> None:
        world = await World().open()
        with capture_logs() as logged:
            await serving.tell_first_link(world.ports, as_json=True)
        (line,) = logged
        assert line["event"] == "no_administrator_yet"
        assert line["link"].startswith("https://refunds.example/console/link/")
        await serving.tell_first_link(world.ports, as_json=False)
        told = capsys.readouterr().err
        link = told.split()[-1]
        assert link.startswith("https://refunds.example/console/link/")
        told_email = {"email": ANA, "name": "Ana", "password": PASSWORD, "language": "en"}
        await accept_link(world.ports, token_in(link), **told_email)
        with capture_logs() as logged:
            for as_json in (False, True):
                await serving.tell_first_link(world.ports, as_json=as_json)
        assert logged == []
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "")

    asyncio.run(starts())
