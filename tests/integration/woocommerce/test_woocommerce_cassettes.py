"""The adapter's REST reads, replayed from cassettes recorded against the fake store.

Record again with `PEF_RECORD_CASSETTES=1 pytest` on this file: it then starts the
store itself, asks it over real HTTP and writes the cassettes, scrubbed of keys.
"""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import vcr

from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import Hint, HintKind
from pef_woocommerce import platform
from woocommerce_bench import KEY, SECRET, WEBHOOK_SECRET, connection, store_running

CASSETTES = Path(__file__).parents[2] / "cassettes" / "woocommerce"
RECORDING = os.environ.get("PEF_RECORD_CASSETTES") == "1"
PORT = 18765
STORE = connection(f"http://127.0.0.1:{PORT}")
# The ids that a fresh store gives to its first order and that order's first refund.
ORDER_ID, REFUND_ID = "14", "15"


@pytest.fixture(params=["11.0.1", "8.2.2"])
def cassette(request: pytest.FixtureRequest) -> Iterator[str]:
    """The cassette of a test and a WooCommerce version, replayed; or recorded anew."""
    name = f"{request.node.originalname.removeprefix('test_')}-{request.param}.yaml"
    with ExitStack() as stack:
        if RECORDING:
            (CASSETTES / name).unlink(missing_ok=True)
            changes = {"port": PORT, "woocommerce_version": request.param}
            remote = stack.enter_context(store_running(**changes))
            assert remote.paid_order(None, items={10: 2}) == ORDER_ID
            pressed = {"reason": "Producto agotado", "items": {10: 1}}
            assert remote.press(ORDER_ID, "59.90", **pressed) == REFUND_ID
        player = vcr.VCR(
            record_mode="once" if RECORDING else "none",
            match_on=["method", "scheme", "host", "port", "path", "query"],
            filter_headers=["authorization"],
            filter_query_parameters=["consumer_key", "consumer_secret", "modified_after", "after"],
        )
        stack.enter_context(player.use_cassette(str(CASSETTES / name)))
        yield name


async def test_read_by_refund_id(cassette: str) -> None:
    """A refund known only by its id is read with its order."""
    hint = Hint(kind=HintKind.REFUND_CREATED, refund_id=REFUND_ID)
    (refund,) = await platform().read(hint, STORE)
    assert (refund.order_id, refund.amount) == (ORDER_ID, Money(5990, "PEN")), cassette


async def test_read_by_order(cassette: str) -> None:
    """An order's refunds are read exactly, with their buyer and what they are filed under."""
    hint = Hint(kind=HintKind.ORDER_CHANGED, order_id=ORDER_ID)
    (refund,) = await platform().read(hint, STORE)
    assert (refund.reason, refund.order_total) == ("Producto agotado", Money(11980, "PEN")), (
        cassette
    )
    assert refund.buyer == "email:cliente@example.test"
    assert refund.categories == {"Ropa & accesorios", "ropa-accesorios"}
    assert refund.tags == frozenset()


async def test_find_changes(cassette: str) -> None:
    """The poll names the order and its refund."""
    since = (
        datetime.now(UTC) - timedelta(hours=1) if RECORDING else datetime(2026, 1, 1, tzinfo=UTC)
    )
    changes = await platform().find_changes(since, STORE)
    (told,) = [hint for hint in changes.hints if hint.refund_ids is not None]
    assert (told.order_id, told.refund_ids) == (ORDER_ID, frozenset({REFUND_ID})), cassette
    assert changes.cursor > since


def test_no_cassette_holds_a_key() -> None:
    """No cassette holds a key, a secret, a signature or an authorization header."""
    cassettes = sorted(CASSETTES.glob("*.yaml"))
    assert len(cassettes) == 6
    leak = re.compile(
        rf"{KEY}|{SECRET}|{WEBHOOK_SECRET}|ck_[0-9a-f]{{40}}|cs_[0-9a-f]{{40}}"
        r"|oauth_|consumer_(key|secret)|authorization",
        re.IGNORECASE,
    )
    assert [path.name for path in cassettes if leak.search(path.read_text("utf-8"))] == []
