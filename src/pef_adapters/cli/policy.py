"""`pef policy`: ready policies, a check before one is used, tries on the past, and versions."""

from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.cli import output, policy_file, policy_past, policy_report, policy_versions
from pef_adapters.cli.options import Json, Language, StoreOption
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput, NotThere
from pef_adapters.core.policy import lint
from pef_adapters.core.policy.explanation import Explanation, explain_decision
from pef_adapters.core.policy.library import TEMPLATES, template, template_text
from pef_adapters.core.policy.lint import Severity
from pef_adapters.engine.ports import Ports
from pef_adapters.settings import Settings

app = typer.Typer(help="Refund policies.", no_args_is_help=True)
PolicyFile = Annotated[Path, typer.Argument(help="The policy, in YAML or JSON.")]


@app.command("templates")
def templates(language: Language = "en", *, json_wanted: Json = False) -> None:
    """List the ready policies."""
    policies = [template(name) for name in TEMPLATES]
    if json_wanted:
        output.as_json({"templates": [policy_report.template_record(p) for p in policies]})
        return
    rows = ((p.name, p.description.shown(language)) for p in policies)
    output.table("Policies to start from", ("template", "what it is for"), rows)


@app.command("show")
def show(
    name: Annotated[
        str | None, typer.Argument(help="A template, as in `pef policy templates`.")
    ] = None,
    store: StoreOption = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Print a ready policy, or with --store a store's whole policy, as YAML."""
    with output.errors_explained(json_wanted=json_wanted):
        if (name is None) is (store is None):
            raise InvalidInput("give either the name of a template, or --store")
        if name is not None:
            _show_template(name, json_wanted=json_wanted)
    if store is not None:
        policy_versions.show_effective(store, json_wanted=json_wanted)


@app.command("check")
def check(file: PolicyFile, language: Language = "en", *, json_wanted: Json = False) -> None:
    """Look for rules that never act, gaps and contradictions; exit 1 where there are any."""
    with output.errors_explained(json_wanted=json_wanted):
        policy = policy_file.read(file)
    found = lint(policy)
    if json_wanted:
        output.as_json(policy_report.check_record(policy, found))
    else:
        policy_report.print_findings(policy, found, language)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise typer.Exit(1)


app.command("backtest")(policy_past.try_on_the_past)
app.command("export")(policy_past.export)
app.command("publish")(policy_versions.publish)
app.command("history")(policy_versions.history)
app.command("diff")(policy_versions.diff)


@app.command("explain")
def explain(
    refund: Annotated[str, typer.Option(help="The refund's id, as in `pef refund list`.")],
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """Say why a refund was decided as it was, and what would have changed it."""

    async def use_case(ports: Ports, _: Settings) -> Explanation:
        async with ports.book.begin() as ledger:
            found = await ledger.refund(refund)
        if found is None or found.decision is None:
            raise NotThere(f"there is no decision about a refund {refund}")
        return explain_decision(found.decision, language)

    told = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(policy_report.explanation_record(told))
    else:
        policy_report.print_explanation(told)


def _show_template(name: str, *, json_wanted: bool) -> None:
    if json_wanted:
        output.as_json(policy_report.template_record(template(name)))
    else:
        typer.echo(template_text(name), nl=False)
