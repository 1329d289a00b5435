"""`pef alarm`: what a person should know, and what to do about it."""

from typing import Any

import typer
from rich.text import Text

from pef_adapters.cli import moments, output
from pef_adapters.cli.options import Json, Language
from pef_adapters.cli.running import run
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Alarm
from pef_adapters.settings import Settings

app = typer.Typer(help="What a person should know.", no_args_is_help=True)


@app.command("list")
def list_alarms(language: Language = "en", *, json_wanted: Json = False) -> None:
    """List the open alarms, oldest first; each ends by itself when its cause does."""

    async def use_case(ports: Ports, _: Settings) -> list[Alarm]:
        async with ports.book.begin() as ledger:
            return await ledger.open_alarms()

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"alarms": [_record(alarm, language) for alarm in found]})
        return
    if not found:
        output.say("Alarms: nothing yet.")
    for alarm in found:
        since = f"  {alarm.subject}  since {moments.shown(alarm.raised_at)} in Lima"
        output.out.print(Text.assemble((alarm.code.partition(".")[2], "red"), since))
        output.say(f"    {explain(alarm.code, language, alarm.figures)}")
        if advice := advise(alarm.code, language, alarm.figures):
            output.say(f"    → {advice}")


def _record(alarm: Alarm, language: str) -> dict[str, Any]:
    return {
        "key": alarm.key,
        "subject": alarm.subject,
        "code": alarm.code,
        "figures": dict(alarm.figures),
        "means": explain(alarm.code, language, alarm.figures),
        "next": advise(alarm.code, language, alarm.figures),
        "raised_at": alarm.raised_at.isoformat(),
    }
