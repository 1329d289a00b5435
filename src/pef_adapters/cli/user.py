"""`pef user`: who can sign in to the console, their roles, and one-time links."""

from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.operator import operator
from pef_adapters.cli.options import Json, Language
from pef_adapters.cli.running import run
from pef_adapters.core.access import Grant, Role
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine.gate import links
from pef_adapters.engine.gate import users as gate
from pef_adapters.engine.gate.users import Person
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import MachineToken
from pef_adapters.settings import Settings

app = typer.Typer(help="People who sign in to the console.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The e-mail address, as in `pef user list`.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="ROLE@PLACE, such as approver@store/tienda-pe; can be given several times. Roles: "
        "agent, approver, owner, agency_administrator. Places: house, agency/NAME, store/ID.",
    ),
]


@app.command("list")
def list_users(*, json_wanted: Json = False) -> None:
    """List the people who can sign in, with their roles."""

    async def use_case(ports: Ports, _: Settings) -> list[Person]:
        return await gate.users(ports, operator())

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"users": [_record(person) for person in found]})
        return
    columns = ("e-mail", "name", "roles", "codes", "since", "disabled")
    output.table("People", columns, map(_row, found))


@app.command("invite")
def invite(
    email: Annotated[str, typer.Argument(help="Whom to invite.")],
    roles: Roles = None,
    language: Language = "es_PE",
    *,
    json_wanted: Json = False,
) -> None:
    """Make a one-time link by which somebody gets these roles; send it to this person alone."""

    async def use_case(ports: Ports, _: Settings) -> str:
        return await links.invite(ports, operator(), email, _grants(roles), language)

    _tell(run(use_case, "Inviting…", json_wanted=json_wanted), json_wanted=json_wanted)


@app.command("roles")
def change_roles(email: Email, roles: Roles = None, *, json_wanted: Json = False) -> None:
    """Give somebody these roles instead of those he has; without --role he has none."""

    async def use_case(ports: Ports, _: Settings) -> Person:
        return await gate.change_grants(ports, operator(), email, _grants(roles))

    person = run(use_case, "Saving…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(person))
    else:
        output.say(f"{person.email} now is: {_roles(person) or 'without any role'}.")


@app.command("disable")
def disable(email: Email, *, json_wanted: Json = False) -> None:
    """Let somebody in no more, at once; names the tokens that he made, which go on."""

    async def use_case(ports: Ports, _: Settings) -> list[MachineToken]:
        return await gate.disable(ports, operator(), email)

    made = run(use_case, "Disabling…", json_wanted=json_wanted)
    _tell_tokens(f"{email} is disabled.", made, json_wanted=json_wanted)


@app.command("enable")
def enable(email: Email, *, json_wanted: Json = False) -> None:
    """Let somebody in again, with the roles he had."""

    async def use_case(ports: Ports, _: Settings) -> list[MachineToken]:
        return await gate.enable(ports, operator(), email)

    made = run(use_case, "Enabling…", json_wanted=json_wanted)
    _tell_tokens(f"{email} can sign in again.", made, json_wanted=json_wanted)


@app.command("reset")
def reset(
    email: Email,
    *,
    codes_too: Annotated[
        bool, typer.Option("--codes-too", help="Also turn off the app's codes: the phone is lost.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Make a one-time link by which somebody chooses a new password."""

    async def use_case(ports: Ports, _: Settings) -> str:
        return await links.reset_link(ports, operator(), email, drops_codes=codes_too)

    _tell(run(use_case, "Making a link…", json_wanted=json_wanted), json_wanted=json_wanted)


@app.command("link")
def first_link(*, json_wanted: Json = False) -> None:
    """Make the one-time link of the first administrator, while nobody can sign in."""

    async def use_case(ports: Ports, _: Settings) -> str:
        link = await links.first_link(ports)
        if link is None:
            raise InvalidInput("there are users already; use `pef user invite` or `reset`")
        return link

    _tell(run(use_case, "Making a link…", json_wanted=json_wanted), json_wanted=json_wanted)


def _grants(typed: list[str] | None) -> list[Grant]:
    return [_grant(each) for each in typed or ()]


def _grant(typed: str) -> Grant:
    role, _, place = typed.partition("@")
    if role not in [*Role] or not place:
        raise InvalidInput(f"{typed!r} is no role such as approver@store/tienda-pe")
    return Grant(Role(role), place)


def _tell(link: str, *, json_wanted: bool) -> None:
    hours = int(links.LINK_LASTS.total_seconds()) // 3600
    if json_wanted:
        output.as_json({"link": link, "hours": hours})
        return
    # A line of its own and never wrapped: it is copied.
    typer.echo(link)
    output.say(f"Good once, for {hours} hours. Whoever opens it first uses it.")


def _tell_tokens(said: str, made: list[MachineToken], *, json_wanted: bool) -> None:
    if json_wanted:
        output.as_json({"tokens": [{"id": token.id, "name": token.name} for token in made]})
        return
    output.say(said)
    for token in made:
        output.say(f"Token {token.name} goes on; to end it: `pef token revoke {token.id}`.")


def _roles(person: Person) -> str:
    return ", ".join(f"{grant.role}@{grant.place}" for grant in person.grants)


def _row(person: Person) -> tuple[object, ...]:
    codes = "yes" if person.has_codes else "no"
    since, disabled = moments.shown(person.created_at), moments.shown(person.disabled_at)
    return person.email, person.name, _roles(person), codes, since, disabled


def _record(person: Person) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "roles": [{"role": grant.role, "place": grant.place} for grant in person.grants],
        "has_codes": person.has_codes,
        "created_by": person.created_by,
        "created_at": moments.record(person.created_at),
        "disabled_at": moments.record(person.disabled_at),
    }
