"""`pef refund find`, `new` and `withdraw`: a refund of a payment that no store's button reaches."""

import secrets
from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output, refund_report
from pef_adapters.cli.options import By, Json, RefundId
from pef_adapters.cli.running import run
from pef_adapters.core.money import Money
from pef_adapters.engine import by_hand
from pef_adapters.engine.by_hand import Found, Press
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund
from pef_adapters.settings import Settings

_KEY_BYTES = 18
Store = Annotated[str, typer.Option(help="The store, as in `pef store list`.")]
Transaction = Annotated[str, typer.Option(help="The CIP or transaction id.")]


def find(store: Store, transaction: Transaction, *, json_wanted: Json = False) -> None:
    """Find a payment, and show what remains of it."""

    async def use_case(ports: Ports, _: Settings) -> Found:
        return await by_hand.find(ports, store, transaction)

    found = run(use_case, "Asking…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(found))
        return
    payment = found.payment
    output.say(f"payment {payment.transaction_id}, paid {moments.shown(payment.paid_at)} in Lima")
    sums = (
        ("paid", payment.paid),
        ("refunded", payment.refunded),
        ("on its way", payment.reserved),
        ("asked for", found.asked),
        ("remains", found.rest),
    )
    output.table("Money", ("what", "amount"), sums)
    output.table("Refunds here", refund_report.COLUMNS, map(refund_report.row, found.refunds))


def new(
    store: Store,
    transaction: Transaction,
    amount: Annotated[str, typer.Option(help="How much goes back, such as 59.90.")],
    rest: Annotated[
        str,
        typer.Option(help="What remains, as `pef refund find` showed it; else nothing is done."),
    ],
    reason: Annotated[str, typer.Option(help="Why; kept with the refund.")],
    by: By,
    currency: Annotated[str, typer.Option(help="The payment's currency.")] = "PEN",
    order: Annotated[str, typer.Option(help="The order at the store, where there is one.")] = "",
    key: Annotated[
        str, typer.Option(help="The same key again is the same refund; else a new one is made.")
    ] = "",
    *,
    json_wanted: Json = False,
) -> None:
    """Press a refund by hand; it then goes the way of every other refund."""
    with output.errors_explained(json_wanted=json_wanted):
        pressed = Press(
            transaction_id=transaction,
            order_number=order,
            amount=Money.parse(amount, currency),
            expected_rest=Money.parse(rest, currency),
            reason=reason,
            person=by,
            key=key or secrets.token_urlsafe(_KEY_BYTES),
        )

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await by_hand.press(ports, store, pressed)

    refund = run(use_case, "Pressing…", json_wanted=json_wanted)
    refund_report.answer(refund, json_wanted=json_wanted)


def withdraw(
    refund: RefundId,
    by: By,
    why: Annotated[str, typer.Option(help="The reason; kept with the refund.")],
    *,
    json_wanted: Json = False,
) -> None:
    """Take back a refund that was pressed by hand, before it is sent; it is over then."""

    async def use_case(ports: Ports, _: Settings) -> Refund:
        return await by_hand.withdraw(ports, refund, by, why)

    withdrawn = run(use_case, "Withdrawing…", json_wanted=json_wanted)
    refund_report.answer(withdrawn, json_wanted=json_wanted)


def _record(found: Found) -> dict[str, Any]:
    payment = found.payment
    return {
        "store": found.store_id,
        "transaction": payment.transaction_id,
        "order": found.order_number,
        "currency": payment.paid.currency,
        "paid": str(payment.paid.decimal),
        "paid_at": moments.record(payment.paid_at),
        "refunded": str(payment.refunded.decimal),
        "on_its_way": str(payment.reserved.decimal),
        "asked": str(found.asked.decimal),
        "rest": str(found.rest.decimal),
        "elsewhere": found.elsewhere,
        "refunds": [refund_report.record(refund) for refund in found.refunds],
    }
