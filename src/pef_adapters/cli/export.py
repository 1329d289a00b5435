"""`pef export`: what is kept, as the file that `pef apply` reads; no secret stands in it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pef_adapters.cli import files, output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.core import writing
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.settings_as_code import exported
from pef_adapters.settings import Settings

_HEAD = (
    "# Each secret is a variable of the environment that is named here: fill them in, then\n"
    "# pef apply FILE --plan shows what would change.\n"
)


def export(
    agency: Annotated[
        str | None, typer.Option(help="Only this agency, its stores and their accounts.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write; one that is there is left alone."),
    ] = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Write agencies, accounts and stores as a file that `pef apply` reads."""
    with output.errors_explained(json_wanted=json_wanted):
        if file is not None:
            files.check_new(file)

    async def use_case(ports: Ports, _: Settings) -> dict[str, Any]:
        return await exported(ports, agency)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(found)
        return
    text = _HEAD + writing.stores_as_written(found)
    if file is None:
        output.out.file.write(text)
        return
    with output.errors_explained(json_wanted=json_wanted):
        files.write_new(file, text.encode())
    output.say(f"written: {file}")
