"""The commands of `pef`, each group in its own module."""

import typer

from pef_adapters.cli import (
    account,
    agency,
    alarm,
    apply,
    approval,
    audit,
    checkout,
    costs,
    demo,
    evidence,
    export,
    payout,
    policy,
    privacy,
    refund,
    service,
    store,
    token,
    user,
)

app = typer.Typer(
    name="pef",
    help="PagoEfectivo refunds from a store's own refund button.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
app.command("serve")(service.serve)
app.command("worker")(service.worker)
app.command("migrate")(service.migrate_database)
app.command("sandbox")(service.sandbox)
app.command("demo")(demo.demo)
app.command("apply")(apply.apply)
app.command("diff")(apply.diff)
app.command("export")(export.export)
app.add_typer(account.app, name="account")
app.add_typer(agency.app, name="agency")
app.add_typer(store.app, name="store")
app.add_typer(refund.app, name="refund")
app.add_typer(approval.app, name="approval")
app.add_typer(payout.app, name="payout")
app.add_typer(policy.app, name="policy")
app.add_typer(costs.app, name="costs")
app.add_typer(alarm.app, name="alarm")
app.add_typer(checkout.app, name="checkout")
app.add_typer(privacy.app, name="privacy")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")
app.add_typer(evidence.app, name="evidence")


def main() -> None:
    """Run `pef`."""
    app()
