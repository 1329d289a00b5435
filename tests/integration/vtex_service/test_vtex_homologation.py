"""VTEX's homologation suite against the running service, with credentials and without."""

import asyncio
from typing import Any

import pytest

from vtex_service import House
from vtex_shop import Shop, answer_of

STORE = "homologacion-myvtex-com"
CASES = (
    "manifest",
    "approved",
    "denied",
    "cancellation",
    "async_approved",
    "async_denied",
    "boleto",
    "redirect",
)


@pytest.fixture(scope="module")
async def reports(running: House) -> dict[tuple[str, bool], Any]:
    """Every case's report, by its name and by whether credentials were sent."""
    shop = await running.opens("homologacion", suite=True)
    wanted = [(case, given) for case in CASES for given in (True, False)]
    found = await asyncio.gather(*(_report(shop, *each) for each in wanted))
    return dict(zip(wanted, found, strict=True))


async def _report(shop: Shop, case: str, given: bool) -> Any:  # noqa: FBT001 - a column of a table
    report = await shop.at_vtex(shop.vtex.suite, case, credentials=given)
    return report["cases"][0]


@pytest.mark.parametrize("credentials", [True, False])
@pytest.mark.parametrize("case", CASES)
async def test_each_case_passes_in_time(
    reports: dict[tuple[str, bool], Any],
    case: str,
    credentials: bool,  # noqa: FBT001 - a column of a table
) -> None:
    """No fault, no callback refused, and every answer in less than five seconds."""
    report = reports[case, credentials]
    assert (report["faults"], report["passed"]) == ([], True)
    assert report["calls"]
    for call in report["calls"]:
        answer_of(call)
        pair = [v for name, v in call["headers"].items() if "-API-App" in name]
        assert pair == (["******"] * 2 if credentials else ["", ""])
        assert call["suite"]


async def test_the_suites_payments_move_no_money(
    running: House, reports: dict[tuple[str, bool], Any]
) -> None:
    """Its refunds are answered, and none is kept, let alone paid."""
    assert reports["approved", True]["passed"]
    async with running.ports.book.begin() as ledger:
        for case in CASES:
            assert await ledger.asked_refunds_of_order(STORE, f"suite-{case}") == []
    assert running.stumbles() == []
