"""What is done on the road of the canaries: what goes well, and what makes errors talk."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import httpx
from canary_road import SERVICE_ID, Road, column

from canaries import REASON

# What one buyer types, first with a wrong digit; nobody's, and unlike what the reason holds.
TYPED: Mapping[str, str] = MappingProxyType(
    {
        "name": "Zoila Canaria Bermejo",
        "document_type": "DNI",
        "document_number": "71829364",
        "method": "cci",
        "account": "00332184726190553870",
    }
)
MAIL = "zoila@buyer.example"
MISTYPED: Mapping[str, str] = MappingProxyType({**TYPED, "account": "00332184726190553879"})
_UPGRADE: Mapping[str, str] = MappingProxyType(
    {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes...").decode(),
    }
)


def connect(road: Road) -> None:
    """By the command line: wrong first, then right."""
    keys = {
        "PEF_ACCESS_KEY": road.canaries.access_key,
        "PEF_ACCOUNT_SECRET": road.canaries.secret_key,
    }
    account = ("account", "add", "--service-id", SERVICE_ID, "--base-url")
    road.pef(*account, "https://services.pagoefectivo.pe", code=1, keys=keys)
    road.pef(*account, road.sandbox, "--mode", "sandbox", keys=keys)
    _add_store(road, road.canaries.wrong_secret, code=1)
    _add_store(road, road.canaries.consumer_secret)


def _add_store(road: Road, secret: str, *options: str, code: int = 0) -> None:
    keys = {"PEF_STORE_KEY": road.canaries.consumer_key, "PEF_STORE_SECRET": secret}
    address = ("--url", road.store.home, "--payment-method", "pagoefectivo")
    road.pef("store", "add", "woocommerce", *address, *options, code=code, keys=keys)


def drive(road: Road) -> None:
    """Refunds that go well, and the failures that could make somebody talk."""
    refunds = [road.press(74000001), road.press(74000002, "answer_lost")]
    refunds.append(road.press(74000003, "nonsense"))
    road.reaches(road.press(74000004, "kyc_expired"), "held")
    for refund in refunds:
        road.reaches(refund, "pending")
    road.at_rail("clock", advance_business_days=3)
    for refund in refunds:
        road.reaches(refund, "refunded")
    road.at_rail("faults", fault="rail_unavailable", times=500)
    road.tries(road.press(74000005))
    httpx.delete(f"{road.sandbox}/sandbox/faults", trust_env=False).raise_for_status()
    road.store.moods(down=True)
    road.press(74000006)
    road.logs("delivery_postponed")
    road.store.moods(down=False)
    _send_nonsense(road)


def _send_nonsense(road: Road) -> None:
    """Deliveries that are refused, some of which quote a secret themselves."""
    c, hooks = road.canaries, f"{road.service}/webhooks"
    (store,) = (name for name in column(road, "SELECT id FROM stores"))
    forged = {"X-WC-Webhook-Signature": c.consumer_secret}
    body = {"action": "woocommerce_refund_created", "arg": 15, "note": REASON}
    road.post(f"{hooks}/woocommerce/{store}", json=body, headers=forged)
    road.post(f"{hooks}/pagoefectivo/main", json=body, headers={"PE-Signature": c.secret_key})
    keys = {"consumer_key": c.consumer_key, "consumer_secret": c.consumer_secret}
    road.post(
        f"{road.service}/connect/woocommerce/keys",
        json={"user_id": c.wrong_secret, "key_permissions": "read_write", **keys},
    )
    road.post(f"{road.service}/connect/woocommerce/keys", json={"key_permissions": [], **keys})


def pay_out(road: Road) -> None:
    """An old payment's refund: its buyer errs and gives details, two agree, a bank file leaves."""
    order = road.store.paid_order("80.00", transaction_id="74000008", email=MAIL)
    old = (datetime.now(UTC) - timedelta(days=45)).isoformat()
    road.at_rail("cips", cip=74000008, amount="80.00", paid_at=old)
    pressed = road.store.press(order, "80.00")
    road.until(lambda: bool(road.store.order(order)["messages"]), "a message with the link")
    (message,) = road.store.order(order)["messages"]
    road.link = re.findall(r"http\S+/payout/\S+", message)[0]
    _open_link(road)
    road.reaches(pressed, "held")
    (refund,) = column(road, "SELECT refund_id FROM destinations")
    for person in ("Rosa", "Marta"):
        road.pef("approval", "show", refund)
        road.pef("approval", "approve", refund, "--by", person)
    road.reaches(pressed, "payout_due")
    # The one place where the account may stand whole.
    bank_file = str(road.folder / "bank.csv")
    road.pef("payout", "list")
    road.pef("payout", "export", "--account", "main", "--by", "Rosa", "--out", bank_file)
    for command in (("refund", "show", refund), ("payout", "batches")):
        road.pef(*command)
        road.pef(*command, "--json")


def _open_link(road: Road) -> None:
    """Everything that a link meets: scanners, mistakes, haste, and whoever tries to change it."""
    link, changed = road.link, road.link[:-1] + ("A" if road.link[-1] != "A" else "B")
    httpx.head(link, trust_env=False).raise_for_status()
    httpx.get(link, headers=dict(_UPGRADE), trust_env=False)
    road.post(changed, data=dict(TYPED))
    road.post(link, json=dict(TYPED))
    # Answered by the same form, which keeps what its sender typed.
    assert httpx.post(link, data=dict(MISTYPED), trust_env=False).status_code == 400
    thanks = httpx.post(link, data=dict(TYPED), trust_env=False)
    road.keep(thanks.raise_for_status())
    road.post(link, data=dict(TYPED))


def ask(road: Road) -> None:
    """Every command that tells of stores, accounts and refunds; keys in the query at the end."""
    (refund, *_) = column(road, "SELECT id FROM refunds ORDER BY seq")
    (store,) = column(road, "SELECT id FROM stores")
    for command in (("refund", "list"), ("refund", "show", refund), ("store", "list")):
        road.pef(*command)
        road.pef(*command, "--json")
    road.pef("account", "list", "--json")
    _add_store(road, road.canaries.consumer_secret, "--auth", "query", "--json")
    road.store.moods(strip_authorization=True)
    road.reaches(road.press(74000007), "pending")
    road.store.moods(down=True)
    road.pef("store", "check", store, code=1)
