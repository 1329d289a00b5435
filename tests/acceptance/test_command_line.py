"""`pef`, as a person or a script types it, beside a running service."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from acceptance_steps import order_says, paid_order, payments_of, reaches
from pef_adapters.core.states import State
from pef_adapters.demo.processes import outside
from pef_adapters.demo.stage import Stage, environment_of


def pef(stage: Stage, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `pef` in the stage's environment."""
    return subprocess.run(
        [sys.executable, "-m", "pef_adapters", *arguments],
        env={**outside(), **environment_of(stage.settings), "COLUMNS": "200", **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON document that a `--json` command prints."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_refund_is_listed_and_told(running: Stage) -> None:
    """A refund is found in the list, and its story reads from the press to the order."""
    order = await paid_order(running, "30.00", "72000001")
    number = await running.press_refund(order, None, "")
    refund = await reaches(running, number, State.PENDING)
    await order_says(running, order, number, State.PENDING)
    listed = answer(pef(running, "refund", "list", "--json"))["refunds"]
    assert refund.id in [each["id"] for each in listed]
    told = answer(pef(running, "refund", "show", refund.id, "--json"))
    whats = [line["what"] for line in told["timeline"]]
    assert whats[0] == "registered"
    assert "order told: pending" in whats
    evidence = [line for line in told["timeline"] if line.get("response_id")]
    assert evidence, "the rail's response_id is part of the story"
    shown = pef(running, "refund", "show", refund.id)
    assert refund.id in shown.stdout
    assert "Timeline" in shown.stdout


async def test_unknown_refund_is_an_error_in_words(running: Stage) -> None:
    """A wrong id gives exit code 1 and says what is wrong, as text and as JSON."""
    done = pef(running, "refund", "show", "RFNOPE")
    assert done.returncode == 1
    assert "NOT_THERE" in done.stderr
    as_json = pef(running, "refund", "retry", "RFNOPE", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["error"]["code"] == "NOT_THERE"


async def test_held_refund_is_retried_after_mending(running: Stage) -> None:
    """A refund held for the account's papers is paid, once, when a person retries it."""
    order = await paid_order(running, "50.00", "72000002")
    match = {"transaction": "72000002"}
    fault = {"fault": "kyc_expired", "times": 1, "match": match}
    (await running.sandbox.post("/sandbox/faults", json=fault)).raise_for_status()
    number = await running.press_refund(order, None, "")
    held = await reaches(running, number, State.HELD)
    assert held.attention == "rail.MERCHANT_KYC_EXPIRED"
    assert answer(pef(running, "refund", "retry", held.id, "--by", "Rosa", "--json"))["id"]
    refund = await reaches(running, number, State.PENDING)
    assert await payments_of(running, refund) == 1
    told = answer(pef(running, "refund", "show", held.id, "--json"))
    assert "person:Rosa" in [line["actor"] for line in told["timeline"]]


async def test_store_list_and_check(running: Stage) -> None:
    """The connected store is listed without secrets, and every check passes."""
    done = pef(running, "store", "list", "--json")
    assert [store["platform"] for store in answer(done)["stores"]] == ["woocommerce"]
    assert "cs_" not in done.stdout
    checks = answer(pef(running, "store", "check", "--json"))["stores"][running.store_id]
    assert checks
    failed = [check for check in checks if not check["passed"]]
    assert [check["name"] for check in failed if check["name"] != "https"] == []


async def test_failed_check_says_how_to_mend_it(running: Stage) -> None:
    """A store that is down fails its check with exit code 1 and a way to mend it."""
    (await running.store.post("/_store/moods", json={"down": True})).raise_for_status()
    try:
        done = pef(running, "store", "check", running.store_id)
    finally:
        (await running.store.post("/_store/moods", json={"down": False})).raise_for_status()
    assert done.returncode == 1
    assert "→" in done.stdout


async def test_dead_webhooks_are_found_and_replaced(running: Stage) -> None:
    """Webhooks that the store switched off are reported, and connecting again replaces them."""
    for _ in range(2):  # the service's own poll, every five minutes, may mend them first
        (await running.store.post("/_store/webhooks/off", json={})).raise_for_status()
        done = pef(running, "store", "check", running.store_id, "--json")
        if done.returncode:
            break
    assert done.returncode == 1
    address = str(running.store.base_url).rstrip("/")
    arguments = ("--url", address, "--payment-method", "pagoefectivo", "--allow-http")
    more = {"PEF_STORE_KEY": "ck_demo", "PEF_STORE_SECRET": "cs_demo_opens_nothing_else"}
    added = answer(
        pef(
            running,
            "store",
            "add",
            "woocommerce",
            *arguments,
            "--account",
            "demo",
            "--json",
            **more,
        )
    )
    assert all(check["passed"] for check in added["checks"])
    order = await paid_order(running, "20.00", "72000003")
    await reaches(running, await running.press_refund(order, None, ""), State.PENDING)


@pytest.mark.parametrize(
    ("mode", "url", "key", "code"),
    [
        ("sandbox", "https://services.pagoefectivo.pe", "SBX0000000000000TEST", "KEYS_MIXED"),
        ("live", "http://127.0.0.1:8082", "LIVEKEY0000000000001", "KEYS_MIXED"),
        ("live", "https://services.pagoefectivo.pe", "SBX0000000000000TEST", "KEYS_MIXED"),
        ("live", "ftp://services.pagoefectivo.pe", "LIVEKEY0000000000001", "SETTING_INVALID"),
    ],
)
async def test_mixed_keys_are_never_saved(
    running: Stage, mode: str, url: str, key: str, code: str
) -> None:
    """A sandbox key for a live host, or the reverse, is refused before anything is kept."""
    keys = {"PEF_ACCESS_KEY": key, "PEF_ACCOUNT_SECRET": "never-shown-anywhere"}
    arguments = ("--base-url", url, "--service-id", "1", "--name", "wrong", "--mode", mode)
    done = pef(running, "account", "add", *arguments, "--json", **keys)
    assert json.loads(done.stdout)["error"]["code"] == code
    assert "never-shown-anywhere" not in done.stdout + done.stderr
    accounts = answer(pef(running, "account", "list", "--json"))["accounts"]
    assert [account["id"] for account in accounts] == ["demo"]


async def test_private_store_is_refused_unless_allowed(running: Stage) -> None:
    """Without PEF_ALLOW_PRIVATE_STORES a store in a private network is not called."""
    arguments = ("--url", "http://127.0.0.1:9", "--payment-method", "x", "--allow-http")
    keys = {"PEF_STORE_KEY": "ck_x", "PEF_STORE_SECRET": "cs_x", "PEF_ALLOW_PRIVATE_STORES": "0"}
    done = pef(running, "store", "add", "woocommerce", *arguments, "--account", "demo", **keys)
    assert done.returncode == 1
    assert "PEF_ALLOW_PRIVATE_STORES=1" in done.stdout


def test_demo_command_ends_with_its_json_object() -> None:
    """`pef demo --once --json` exits 0; each store's refunds are paid once and written back."""
    done = subprocess.run(
        [sys.executable, "-m", "pef_adapters", "demo", "--once", "--json"],
        env={**os.environ, "PEF_DATABASE_URL": "postgresql://real.example/never-touched"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["seconds"] > 0
    platforms = [refund["platform"] for refund in told["refunds"]]
    assert platforms == ["woocommerce"] * 4 + ["shopify"] * 2 + ["vtex"] * 2
    for refund in told["refunds"]:
        assert (refund["state"], refund["currency"]) == ("refunded", "PEN")
        assert (refund["written_back"], refund["rail_payments"]) == (True, 1)
