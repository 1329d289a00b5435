"""The desk's commands beside a running service: policies, approvals, payouts, costs, alarms."""

import csv
import io
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from acceptance_steps import order_says, paid_order, payments_of, reaches
from pef_adapters.core.states import State
from pef_adapters.demo.stage import Stage
from pef_adapters.engine import approvals, beneficiary
from pef_adapters.engine.records import Refund
from pef_adapters.engine.watch import watch
from pef_command import answer, pef, refusal, said

POLICY = """\
name: shop
rules:
  - id: large
    when:
      amount: {min: 200.00, currency: PEN}
    then: hold
    approvers: 2
otherwise: approve
double_press_minutes: 0
"""
ANA = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}
COSTS = """\
fees:
  - currency: PEN
    payout: {fixed: 3.50}
    refund_fee: 1.00
"""


@pytest.fixture(scope="module")
def desk(running: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stage with a policy whose rule holds, published; a folder for the desk's files."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "costs.yaml").write_text(COSTS, encoding="utf-8")
    policy = folder / "policy.yaml"
    published = answer(running, "policy", "publish", policy, *shop(running), "--by", "Owner")
    assert (published["version"], published["changed"]) == (1, True)
    return folder


def shop(stage: Stage) -> tuple[str, str]:
    """The option that names the stage's store."""
    return "--store", stage.store_id


async def pressed(stage: Stage, total: str, cip: str, *states: State) -> Refund:
    """A refund of a new order, in one of these states."""
    order = await paid_order(stage, total, cip)
    return await reaches(stage, await stage.press_refund(order, None, ""), *states)


async def pressed_late(stage: Stage, total: str, cip: str) -> Refund:
    """A refund of an order that was paid 40 days ago, and waits for bank details."""
    order = await stage.store.post(
        "/_store/orders", json={"total": total, "transaction_id": cip, "paid": True}
    )
    paid_at = (stage.ports.clock.now() - timedelta(days=40)).isoformat()
    seeded = {"cip": int(cip), "amount": total, "paid_at": paid_at}
    (await stage.sandbox.post("/sandbox/cips", json=seeded)).raise_for_status()
    number = await stage.press_refund(int(order.raise_for_status().json()["id"]), None, "")
    return await reaches(stage, number, State.AWAITING_BENEFICIARY)


async def fill_in(link: str, **changes: str) -> None:
    """The buyer opens the link in a browser and sends the form."""
    async with httpx.AsyncClient(trust_env=False) as buyer:
        assert (await buyer.get(link)).status_code == 200
        sent = await buyer.post(link, data={**ANA, **changes})
    assert sent.status_code == 200, sent.text


async def approved(stage: Stage, refund: Refund) -> None:
    """Two people agree to a held refund, by the use case that their command calls."""
    await reaches(stage, refund.platform_refund_id, State.HELD)
    for person in ("Rosa", "Marta"):
        await approvals.approve(stage.ports, refund.id, person)


async def due(stage: Stage, total: str, cip: str) -> Refund:
    """A refund that was asked about, filled in and approved by two."""
    refund = await pressed_late(stage, total, cip)
    await fill_in((await beneficiary.ask(stage.ports, refund.id, "Clara")).address)
    await approved(stage, refund)
    return await reaches(stage, refund.platform_refund_id, State.PAYOUT_DUE)


def one_of(listed: list[dict[str, Any]], refund: Refund) -> dict[str, Any]:
    """The entry of a list that is about this refund."""
    (found,) = [each for each in listed if each["refund"]["id"] == refund.id]
    return found


def rows(file: Path) -> list[dict[str, str]]:
    """The payout lines of a bank file, by column."""
    read = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    return [row for row in read if not row["line"].startswith("#")]


def answered(file: Path, **cells: str) -> Path:
    """The bank file with the bank's answer in each line, as a person would save it."""
    text = io.StringIO()
    lines = [{**row, **cells} for row in rows(file)]
    out = csv.DictWriter(text, fieldnames=list(lines[0]))
    out.writeheader()
    out.writerows(lines)
    answers = file.with_name(f"answers-{cells['status']}-{file.name}")
    answers.write_text(text.getvalue(), encoding="utf-8")
    return answers


@pytest.mark.usefixtures("desk")
async def test_a_held_refund_is_approved_by_two_and_sent(running: Stage) -> None:
    """The queue shows it with its reason, two people agree, and the money goes once."""
    refund = await pressed(running, "250.00", "75000001", State.HELD)
    waiting = one_of(answer(running, "approval", "list")["waiting"], refund)
    assert (waiting["needed"], waiting["agreed"]) == (2, [])
    shown = said(running, "approval", "show", refund.id)
    assert "large" in shown
    assert waiting["digest"][:12] in shown
    answer(running, "approval", "ask", refund.id, "--by", "Rosa", "--text", "Which order?")
    answer(running, "approval", "answer", refund.id, "--by", "Clara", "--text", "The voucher.")
    seen = ("--digest", waiting["digest"][:12])
    answer(running, "approval", "approve", refund.id, "--by", "Rosa", *seen)
    again = refusal(running, "approval", "approve", refund.id, "--by", "ROSA")
    assert again["code"] == "ALREADY_APPROVED"
    assert "1 of 2" in said(running, "approval", "list")
    answer(running, "approval", "approve", refund.id, "--by", "Marta", "--comment", "Fine.")
    await reaches(running, refund.platform_refund_id, State.PENDING)
    assert await payments_of(running, refund) == 1
    told = answer(running, "refund", "show", refund.id)
    spoken = [act["act"] for act in told["reviews"][0]["said"]]
    assert spoken == ["ask", "answer", "approve", "approve"]


@pytest.mark.usefixtures("desk")
async def test_what_was_shown_is_what_is_agreed_to(running: Stage) -> None:
    """Another digest is refused, nothing is said without words, and a decline pays nothing."""
    refund = await pressed(running, "260.00", "75000002", State.HELD)
    other = refusal(running, "approval", "approve", refund.id, "--by", "Rosa", "--digest", "0" * 12)
    assert other["code"] == "NOTHING_TO_APPROVE"
    empty = refusal(running, "approval", "comment", refund.id, "--by", "Rosa", "--text", " ")
    assert empty["code"] == "INVALID_INPUT"
    answer(running, "approval", "comment", refund.id, "--by", "Rosa", "--text", "Odd.")
    declined = answer(
        running, "approval", "decline", refund.id, "--by", "Rosa", "--why", "Paid in cash."
    )
    assert declined["state"] == State.REJECTED
    assert await payments_of(running, refund) == 0
    assert refusal(running, "approval", "show", refund.id)["code"] == "NOTHING_TO_APPROVE"


async def test_an_old_payment_is_paid_out_by_bank_file(running: Stage, desk: Path) -> None:
    """Asked, filled in, approved by two, exported once, confirmed: the order says refunded."""
    refund = await pressed_late(running, "129.80", "75000003")
    link = answer(running, "payout", "ask", refund.id, "--by", "Clara")["link"]
    await fill_in(link)
    await reaches(running, refund.platform_refund_id, State.HELD)
    shown = said(running, "approval", "show", refund.id)
    assert "Ana Q." in shown
    assert ANA["account"] not in shown
    assert "Clara" in shown
    editor = refusal(running, "approval", "approve", refund.id, "--by", "clara")
    assert editor["code"] == "EDITOR_CANT_APPROVE"
    for person in ("Rosa", "Marta"):
        answer(running, "approval", "approve", refund.id, "--by", person)
    await reaches(running, refund.platform_refund_id, State.PAYOUT_DUE)
    waiting = one_of(answer(running, "payout", "list", "--account", "demo")["due"], refund)
    assert waiting["rests"] is False
    file = desk / "payouts.csv"
    batch = export(running, file)
    (line,) = [row for row in rows(file) if refund.id in row["line"]]
    assert line["account"].lstrip("'") == ANA["account"]
    assert line["amount"] == "129.80"
    confirm(running, desk, batch, file)
    await order_says(running, int(refund.order_id), refund.platform_refund_id, State.REFUNDED)
    assert await payments_of(running, refund) == 0
    told = said(running, "refund", "show", refund.id)
    assert "OP-77" in told
    assert ANA["account"] not in told
    assert ANA["document_number"] not in told


def export(stage: Stage, file: Path) -> str:
    """Export, and prove that a second file is neither another batch nor other bytes."""
    words = ("payout", "export", "--account", "demo", "--by", "Rosa", "--out")
    exported = answer(stage, *words, file)
    again = file.with_name(f"again-{file.name}")
    assert refusal(stage, *words, again)["code"] == "NOT_THERE"
    answer(stage, "payout", "file", exported["batch"], "--out", again)
    assert again.read_bytes() == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return str(exported["batch"])


def confirm(stage: Stage, desk: Path, batch: str, file: Path) -> None:
    """Import the bank's yes with its proof, twice, and give the proof back."""
    proof = desk / "statement.pdf"
    proof.write_bytes(b"%PDF-1.7 the bank says yes")
    answers = answered(file, status="confirmed", bank_reference="OP-77")
    words = ("payout", "import", batch, answers, "--by", "Rosa", "--proof", proof)
    lines = len(rows(file))
    imported = answer(stage, *words)
    assert (imported["confirmed"], imported["open"]) == (lines, 0)
    again = answer(stage, *words)
    assert (again["confirmed"], again["known"]) == (0, lines)
    line = rows(file)[0]["line"].lstrip("'")
    answer(stage, "payout", "proof", batch, proof, "--by", "Rosa", "--line", line)
    folder = desk / "proofs"
    folder.mkdir()
    kept = answer(stage, "payout", "proofs", batch, "--save-to", folder)["proofs"]
    assert [each["line"] for each in kept] == ["", line]
    assert {each.read_bytes() for each in folder.iterdir()} == {proof.read_bytes()}
    (made,) = [b for b in answer(stage, "payout", "batches")["batches"] if b["batch"] == batch]
    assert (made["lines"], made["confirmed"], made["open"]) == (lines, lines, 0)


async def test_a_returned_payout_asks_the_buyer_again(running: Stage, desk: Path) -> None:
    """The bank's no is kept, a new link is good, and changed details rest before they are paid."""
    refund = await due(running, "80.00", "75000004")
    file = desk / "returned.csv"
    batch = answer(running, "payout", "export", "--account", "demo", "--by", "Rosa", "--out", file)[
        "batch"
    ]
    answers = answered(file, status="returned", reason="cuenta cerrada")
    told = said(running, "payout", "import", batch, answers, "--by", "Rosa")
    assert f"{len(rows(file))} returned" in told
    number = refund.platform_refund_id
    await reaches(running, number, State.AWAITING_BENEFICIARY)
    link = answer(running, "payout", "ask", refund.id, "--by", "Clara")["link"]
    await fill_in(link, account="00320000300000001731")
    await reaches(running, number, State.HELD)
    assert "rests until" in said(running, "approval", "show", refund.id)
    await approved(running, refund)
    await reaches(running, number, State.PAYOUT_DUE)
    assert one_of(answer(running, "payout", "list", "--account", "demo")["due"], refund)["rests"]
    second = desk / "second.csv"
    words = ("payout", "export", "--account", "demo", "--by", "Rosa", "--out", second)
    assert refusal(running, *words)["code"] == "NOT_THERE"
    assert not second.exists()
    (payout,) = answer(running, "refund", "show", refund.id)["payouts"]
    assert (payout["answer"], payout["reason_code"]) == ("returned", "ACCOUNT_CLOSED")


async def test_a_file_that_cannot_be_written_books_nothing(running: Stage, desk: Path) -> None:
    """What is wrong with the file is found before anything is committed."""
    refund = await due(running, "70.00", "75000005")
    nowhere = desk / "nowhere" / "payouts.csv"
    words = ("payout", "export", "--account", "demo", "--by", "Rosa", "--out", nowhere)
    assert refusal(running, *words)["code"] == "INVALID_INPUT"
    assert one_of(answer(running, "payout", "list", "--account", "demo")["due"], refund)


@pytest.mark.usefixtures("desk")
async def test_a_person_can_choose_the_manual_lane(running: Stage) -> None:
    """A held refund that a person pays out instead asks for bank details first."""
    refund = await pressed(running, "270.00", "75000006", State.HELD)
    moved = answer(running, "payout", "choose", refund.id, "--by", "Clara")
    assert moved["state"] == State.RECEIVED
    await approved(running, refund)
    await reaches(running, refund.platform_refund_id, State.AWAITING_BENEFICIARY)
    assert answer(running, "refund", "show", refund.id)["refund"]["lane"] == "payout"
    link = said(running, "payout", "ask", refund.id, "--by", "Clara").splitlines()[-1]
    await fill_in(link)
    await reaches(running, refund.platform_refund_id, State.HELD)


async def test_versions_of_a_policy_are_kept_compared_and_tried(running: Stage, desk: Path) -> None:
    """Publish, diff, history, the whole policy, and a try on the ledger and its export."""
    await pressed(running, "21.00", "75000007", State.PENDING)
    newer = desk / "newer.yaml"
    newer.write_text(POLICY.replace("200.00", "20.00"), encoding="utf-8")
    changed = said(running, "policy", "diff", newer, *shop(running))
    assert "-      min: 200.00" in changed
    assert "+      min: 20.00" in changed
    since = ("--since", "2020-01-01", *shop(running))
    picture = desk / "picture.svg"
    tried = answer(running, "policy", "backtest", newer, *since, "--plot", picture)
    assert tried["would_be"]["hold"]["count"] > tried["was"]["hold"]["count"]
    assert ET.parse(picture).getroot().attrib["role"] == "img"  # noqa: S314 - our own picture
    exported = desk / "past.csv"
    assert answer(running, "policy", "export", *since, "--out", exported)["refunds"] > 0
    on_csv = answer(running, "policy", "backtest", newer, "--csv", exported)
    assert on_csv["would_be"] == tried["would_be"]
    same = answer(running, "policy", "publish", desk / "policy.yaml", *shop(running), "--by", "O")
    assert (same["version"], same["changed"]) == (1, False)
    first = desk / "first.yaml"
    first.write_text(said(running, "policy", "history", *shop(running), "--version", "1"))
    assert said(running, "policy", "diff", first, *shop(running)).startswith(str(first))
    assert "Owner" in said(running, "policy", "history", *shop(running))
    whole = said(running, "policy", "show", *shop(running))
    assert "original_route_days: 30" in whole


async def test_an_agency_stands_over_its_stores(running: Stage, desk: Path) -> None:
    """A store joins, is joined in what decides, and leaves; operators get names."""
    agency = desk / "agency.yaml"
    agency.write_text("name: acme\notherwise: hold\nlimits: []\n", encoding="utf-8")
    answer(running, "policy", "publish", agency, "--agency", "acme", "--by", "Owner")
    joined = answer(running, "store", "join", running.store_id, "--agency", "acme")
    assert joined["agency"] == "acme"
    assert answer(running, "policy", "show", *shop(running))["policy"] == "shop-1/acme-1"
    assert answer(running, "store", "join", running.store_id, "--leave")["agency"] is None
    named = answer(running, "store", "operator", running.store_id, "admin", "Rosa")
    assert named["operators"] == {"admin": "Rosa"}
    assert refusal(running, "policy", "history", "--store", "nobody")["code"] == "NOT_THERE"


async def test_what_refunds_cost_is_kept_and_added_up(running: Stage, desk: Path) -> None:
    """Fees are kept, a refund's cost has its parts, and the month's sheet counts it."""
    refund = await due(running, "90.00", "75000008")
    answer(running, "costs", "set", desk / "costs.yaml", "--account", "demo")
    assert "fixed: 3.50" in said(running, "costs", "show", "--account", "demo")
    expected = answer(running, "costs", "of", refund.id)["expected"]
    assert (expected["total"], expected["currency"]) == ("4.50", "PEN")
    words = ("--amount", "4.10", "--currency", "PEN", "--by", "Rosa", "--what", "BCP")
    answer(running, "costs", "record", refund.id, *words)
    assert "4.10 PEN" in said(running, "costs", "of", refund.id)
    sheet = desk / "month.csv"
    month = f"{running.ports.clock.now() - timedelta(hours=5):%Y-%m}"
    asked = answer(running, "costs", "quote", "--month", month, "--csv", sheet)
    assert asked["costs"]["PEN"]["actual_cost"] == "4.10"
    assert "ACTUAL_COST" in sheet.read_text(encoding="utf-8-sig")
    one = answer(running, "costs", "quote", "--month", month, *shop(running))
    assert one["all"]["refund_rate"] is None


@pytest.mark.usefixtures("desk")
async def test_days_and_deadlines_are_recorded_and_told(running: Stage) -> None:
    """An account's last days and a refund's deadline are shown, and their alarms are told."""
    soon = (running.ports.clock.now() + timedelta(days=5)).date().isoformat()
    answer(running, "account", "renew", "demo", "--documents-until", soon)
    (account,) = answer(running, "account", "list")["accounts"]
    assert (account["documents_until"], account["keys_until"]) == (soon, None)
    refund = await pressed(running, "280.00", "75000009", State.HELD)
    at = (running.ports.clock.now() + timedelta(hours=2)).isoformat(timespec="minutes")
    answer(running, "refund", "deadline", refund.id, "--at", at, "--by", "Rosa")
    listed = answer(running, "refund", "list", "--sort", "deadline")["refunds"]
    assert [each["id"] for each in listed] == [refund.id]
    await watch(running.ports)
    alarms = {each["code"]: each for each in answer(running, "alarm", "list")["alarms"]}
    assert soon in alarms["code.KYC_EXPIRES"]["means"]
    assert alarms["code.DEADLINE_NEAR"]["subject"] == f"refund/{refund.id}"
    assert "→" in pef(running, "alarm", "list", "--language", "es_PE").stdout
    answer(running, "refund", "deadline", refund.id, "--none", "--by", "Rosa")
    assert answer(running, "refund", "list", "--sort", "deadline")["refunds"] == []
