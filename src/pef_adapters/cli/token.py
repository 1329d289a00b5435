"""`pef token`: tokens by which programs use the API."""

from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.operator import operator
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core.access import HOUSE, PERSONS_ONLY, Permission
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine.gate import tokens as gate
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import MachineToken
from pef_adapters.settings import Settings

app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)
_POSSIBLE = [each.value for each in Permission if each not in PERSONS_ONLY]


@app.command("make")
def make(
    name: Annotated[str, typer.Argument(help="What uses it, such as erp.")],
    permissions: Annotated[
        list[str], typer.Option("--may", help=f"Several times: {', '.join(_POSSIBLE)}.")
    ],
    place: Annotated[str, typer.Option(help="house, agency/NAME or store/ID.")] = HOUSE,
    days: Annotated[int, typer.Option(min=1, max=gate.MOST_DAYS, help="Good so long.")] = 90,
    *,
    json_wanted: Json = False,
) -> None:
    """Make a token; it is shown this once and kept nowhere."""

    async def use_case(ports: Ports, _: Settings) -> tuple[MachineToken, str]:
        wanted = [_permission(each) for each in permissions]
        return await gate.make_token(ports, operator(), name, place, wanted, days=days)

    token, letters = run(use_case, "Making a token…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({**_record(token), "token": letters})
        return
    # A line of its own and never wrapped: it is copied.
    typer.echo(letters)
    output.say(f"Keep it now, it is not shown again; good until {moments.shown(token.expires_at)}.")


@app.command("list")
def list_tokens(*, json_wanted: Json = False) -> None:
    """List all tokens, newest first, and when each was last used."""

    async def use_case(ports: Ports, _: Settings) -> list[MachineToken]:
        return await gate.tokens(ports, operator())

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"tokens": [_record(token) for token in found]})
        return
    columns = ("token", "name", "place", "may", "expires", "revoked", "used")
    output.table("Tokens (times in Lima)", columns, map(_row, found))


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id, as in `pef token list`.")],
    *,
    json_wanted: Json = False,
) -> None:
    """End a token at once."""

    async def use_case(ports: Ports, _: Settings) -> MachineToken:
        return await gate.revoke_token(ports, operator(), token)

    ended = run(use_case, "Revoking…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(ended))
    else:
        output.say(f"Token {ended.name} opens nothing any more.")


def _permission(typed: str) -> Permission:
    if typed not in [*Permission]:
        raise InvalidInput(f"{typed!r} is not one of {', '.join(_POSSIBLE)}")
    return Permission(typed)


def _row(token: MachineToken) -> tuple[object, ...]:
    times = (token.expires_at, token.revoked_at, token.used_at)
    shown = (moments.shown(at) for at in times)
    return token.id, token.name, token.place, ", ".join(token.permissions), *shown


def _record(token: MachineToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "place": token.place,
        "permissions": [*token.permissions],
        "created_by": token.created_by,
        "created_at": moments.record(token.created_at),
        "expires_at": moments.record(token.expires_at),
        "revoked_at": moments.record(token.revoked_at),
        "used_at": moments.record(token.used_at),
    }
