"""`pef checkout`: the payments that stores' gateways asked us to take."""

from typing import Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.options import Json, StoreOption
from pef_adapters.cli.running import run
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Checkout
from pef_adapters.settings import Settings

app = typer.Typer(help="Payments that stores asked us to take.", no_args_is_help=True)


@app.command("list")
def list_checkouts(store: StoreOption = None, *, json_wanted: Json = False) -> None:
    """List payments, newest first: their CIP, how they stand, and what the store was told."""

    async def use_case(ports: Ports, _: Settings) -> list[Checkout]:
        async with ports.book.begin() as ledger:
            return await ledger.list_checkouts(store_id=store)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"checkouts": [_record(checkout) for checkout in found]})
        return
    columns = ("checkout", "store", "order", "amount", "cip", "state", "store told", "until")
    output.table("Payments asked for", columns, map(_row, found))


def _row(checkout: Checkout) -> tuple[object, ...]:
    told = checkout.told or "nothing yet"
    place = checkout.store_id, checkout.order_number, checkout.amount
    cip = checkout.transaction_id or ""
    return checkout.id, *place, cip, checkout.state, told, moments.shown(checkout.expires_at)


def _record(checkout: Checkout) -> dict[str, Any]:
    return {
        "id": checkout.id,
        "store": checkout.store_id,
        "payment": checkout.payment_id,
        "order": checkout.order_number,
        "amount": str(checkout.amount),
        "cip": checkout.transaction_id,
        "state": checkout.state,
        "told": checkout.told,
        "expires_at": moments.record(checkout.expires_at),
        "paid_at": moments.record(checkout.paid_at),
    }
