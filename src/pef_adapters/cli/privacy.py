"""`pef privacy`: what privacy laws asked of us, and what was done about it."""

from typing import Annotated, Any

import typer

from pef_adapters.cli import moments, output
from pef_adapters.cli.options import Json, Language, StoreOption
from pef_adapters.cli.running import run
from pef_adapters.core.errors import InvalidInput, NotThere
from pef_adapters.core.texts import explain
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import PrivacyCase, Refund
from pef_adapters.settings import Settings

app = typer.Typer(help="Requests by privacy law.", no_args_is_help=True)


@app.command("list")
def list_cases(store: StoreOption = None, *, json_wanted: Json = False) -> None:
    """List the requests to tell or erase, oldest first, with what was erased and kept."""

    async def use_case(ports: Ports, _: Settings) -> list[PrivacyCase]:
        async with ports.book.begin() as ledger:
            return await ledger.privacy_cases(store)

    found = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"cases": [_record(case) for case in found]})
        return
    columns = ("case", "store", "asked", "received", "erased", "kept")
    output.table("Privacy requests", columns, map(_row, found))


@app.command("show")
def show(
    case: Annotated[str, typer.Argument(help="The request, as in `pef privacy list`.")],
    store: StoreOption = None,
    language: Language = "en",
    *,
    json_wanted: Json = False,
) -> None:
    """Tell what is on record about the buyer of a request: refunds, without bank details."""

    async def use_case(ports: Ports, _: Settings) -> tuple[PrivacyCase, list[Refund]]:
        async with ports.book.begin() as ledger:
            found = _named(case, await ledger.privacy_cases(store))
            orders = [
                await ledger.refunds_of_order(found.store_id, order) for order in found.order_ids
            ]
            return found, [refund for refunds in orders for refund in refunds]

    found, refunds = run(use_case, "Reading…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json(_record(found) | {"refunds": [_refund(refund) for refund in refunds]})
        return
    output.say(f"{found.id}: {found.kind}, {moments.shown(found.received_at)} in Lima")
    columns = ("refund", "order", "amount", "state", "asked")
    output.table("On record", columns, map(_refund_row, refunds))
    output.say(explain("code.KEPT_BY_LAW", language))


def _named(name: str, cases: list[PrivacyCase]) -> PrivacyCase:
    found = [case for case in cases if case.id == name]
    if not found:
        raise NotThere(f"there is no privacy request {name}; see `pef privacy list`")
    if len(found) > 1:
        # A name is unique per store only, and this is about buyers.
        raise InvalidInput(f"several stores have a request {name}; say which with --store")
    return found[0]


def _row(case: PrivacyCase) -> tuple[object, ...]:
    received = moments.shown(case.received_at)
    return case.id, case.store_id, case.kind, received, _said(case.erased), _said(case.kept)


def _said(counts: Any) -> str:
    told = [f"{name} {count}" for name, count in counts.items() if name != "why"]
    return ", ".join(told) or "nothing"


def _record(case: PrivacyCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "store": case.store_id,
        "kind": case.kind,
        "orders": list(case.order_ids),
        "received_at": case.received_at.isoformat(),
        "done_at": case.done_at and case.done_at.isoformat(),
        "erased": dict(case.erased),
        "kept": dict(case.kept),
    }


def _refund_row(refund: Refund) -> tuple[object, ...]:
    asked = moments.shown(refund.requested_at)
    return refund.id, refund.order_number, refund.amount, refund.state, asked


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "order": refund.order_number,
        "amount": str(refund.amount),
        "state": refund.state,
        "requested_at": refund.requested_at.isoformat(),
    }
