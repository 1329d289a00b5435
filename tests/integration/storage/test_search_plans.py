"""On PostgreSQL: every list and sum is led to an index, however many refunds there are.

What each question costs is counted in rows that were looked at: it must not grow with the
table, only with what is shown and with the number of stores.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import AuditSearch, Mark, Reach, RefundSearch
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from storage_samples import account

STORES, REFUNDS = 200, 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = frozenset(f"shop-{number}" for number in range(1, STORES + 1))
HELD = frozenset({State.HELD})
UNFINISHED = frozenset(state for state in State if not CARE[state].final)
# A third of the refunds belong to one store; one in 100 is unfinished, one in 200 a stray.
SEED = f"""
    INSERT INTO stores
        SELECT 'shop-' || n, 'woocommerce', '', 'acc', 'sandbox', 'en', '', '{{}}', '', now(), now()
        FROM generate_series(1, {STORES}) AS n;
    INSERT INTO refunds (id, store_id, platform, platform_refund_id, order_id, order_number,
        amount, currency, reason, requested_at, account_id, transaction_id, state, generation,
        revision, written_revision, tries, write_back_tries, created_at, updated_at, said, buyer,
        attention)
    SELECT md5(n::text), 'shop-' || CASE WHEN n % 3 = 0 THEN 1 ELSE 1 + n % {STORES} END,
        'woocommerce', n::text, (n % 9000)::text, '#' || n % 7000, 100 + n % 5000, 'PEN', '',
        at - CASE WHEN n % 200 = 0 THEN interval '20 days' ELSE interval '1 minute' END,
        'acc', 'T' || n,
        CASE WHEN n % 100 = 0 THEN 'held' WHEN n % 20 = 0 THEN 'failed' ELSE 'refunded' END,
        1, 1, 1, 0, 0, at, at + interval '1 hour', '', 'b' || n % 6000,
        CASE WHEN n % 150 = 0 THEN 'code.X' END
    FROM (SELECT n, timestamptz '{START.isoformat()}' + n * interval '20 minutes' AS at
          FROM generate_series(1, {REFUNDS}) AS n) AS made;
    INSERT INTO timeline (refund_id, at, what, to_state, actor, detail)
        SELECT id, created_at, '', 'refunded', '', '{{}}' FROM refunds;
    INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at)
        SELECT 'store', store_id, '', '', '[]', created_at, created_at FROM refunds;
    INSERT INTO audit (at, actor, what, subject, store_id, agency, outcome, origin, detail)
        SELECT created_at, 'p' || amount, '', 'refund/' || id, store_id, NULL, '', '', '{{}}'
        FROM refunds;
"""  # noqa: S608 -- our own figures
Question = Callable[[Ledger, Reach], Awaitable[Any]]


@pytest.fixture(scope="module")
def seeded(module_database: str) -> str:
    """A database with 20,000 refunds in 200 stores, and what belongs to them."""
    with psycopg.connect(module_database, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO accounts VALUES (%s, 'sandbox', '', '', '{}', '', now())", [account().id]
        )
        conn.execute(SEED)
        conn.execute("VACUUM ANALYZE refunds, timeline, received, audit, stores")
    return module_database


@pytest.fixture
async def ledger(seeded: str, secret_box: SecretBox) -> AsyncIterator[Ledger]:
    """An open transaction over it."""
    async with (
        open_pool(seeded, size=1) as pool,
        PostgresBook(pool, secret_box, make_queue(pool)).begin() as opened,
    ):
        yield opened


class Spy:
    """Stands before each query of a ledger: how it is run, node by node.

    As a query is planned for its values, or, as PostgreSQL does once it was asked often,
    for any values at all (`generic`).
    """

    def __init__(self, ledger: Any, *, generic: bool = False) -> None:
        self._ask, self._conn, self._generic = ledger._all, ledger._conn, generic
        self.nodes: list[dict[str, Any]] = []
        ledger._all = self

    async def __call__(self, query: str, **values: Any) -> list[Any]:
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
        for number, name in enumerate(names, start=1):
            query = query.replace(f"%({name})s", f"${number}")
        mode = "force_generic_plan" if self._generic else "force_custom_plan"
        await self._conn.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await self._conn.execute(f"DEALLOCATE ALL; PREPARE asked AS {query}")
        literals = sql.SQL(", ").join(sql.Literal(values[name]) for name in names)
        call = sql.SQL("EXECUTE asked ({})" if names else "EXECUTE asked").format(literals)
        explained = await self._ask(sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) ") + call)
        self._walk(explained[0]["QUERY PLAN"][0]["Plan"])
        rows: list[Any] = await self._ask(call)
        return rows

    def _walk(self, node: dict[str, Any]) -> None:
        self.nodes.append(node)
        for each in node.get("Plans", ()):
            self._walk(each)

    @property
    def scanned(self) -> set[str]:
        """The tables that were read from end to end."""
        return {n["Relation Name"] for n in self.nodes if n["Node Type"] == "Seq Scan"}

    @property
    def looked_at(self) -> float:
        """How many rows were looked at in tables and indexes, also those that were not meant."""
        read = (n for n in self.nodes if "Scan" in n["Node Type"] and "Relation Name" in n)
        return sum(_rows(node) for node in read)


def _rows(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def search(**asked: Any) -> Question:
    """A search for refunds within whatever reach."""
    return lambda ledger, reach: ledger.search_refunds(RefundSearch(reach=reach, **asked))


def audits(**asked: Any) -> Question:
    """A search in the audit within whatever reach."""
    return lambda ledger, reach: ledger.audits(AuditSearch(reach=reach, limit=50, **asked))


LATE, EARLY = START + 200 * DAY, START + 60 * DAY
QUESTIONS: dict[str, Question] = {
    "newest": search(),
    "a later page": search(after=Mark(EARLY, "")),
    "held": search(states=HELD),
    "held, a later page": search(states=HELD, after=Mark(EARLY, "")),
    "unfinished": search(states=UNFINISHED),
    "finished": search(states=frozenset(State) - UNFINISHED),
    "in a state that none is in": search(states=frozenset({State.UNKNOWN})),
    "order number": search(order="#777"),
    "order id": search(order="777"),
    "transaction": search(transaction_id="T777"),
    "buyer": search(buyer="b777"),
    "amount": search(amount=Money(777, "PEN")),
    "amount, held": search(amount=Money(800, "PEN"), states=HELD),
    "attention": search(attention=True),
    "attention, held": search(attention=True, states=HELD),
    "asked lately": search(asked_from=LATE),
    "asked before": search(asked_before=EARLY),
    "asked on a day": search(asked_from=EARLY, asked_before=EARLY + DAY),
    "asked in a month, held": search(asked_from=EARLY, asked_before=EARLY + 30 * DAY, states=HELD),
    "under way": lambda ledger, reach: ledger.in_flight(reach),
    "by day": lambda ledger, reach: ledger.asked_by_day(reach, START + 270 * DAY),
    "times": lambda ledger, reach: ledger.times_to_truth(reach, 50),
    "changed": lambda ledger, _: ledger.changed_refunds(LATE, 50),
    "last deliveries": lambda ledger, reach: ledger.last_deliveries(reach or ALL),
    "audit": audits(),
    "audit, a later page": audits(before=5000),
    "audit of a person": audits(actor="p777"),
    "audit of a refund": audits(subject="refund/x"),
}
REACHES: dict[str, Reach] = {
    "all": None,
    "most": ALL - {"shop-7"},
    "the big one": frozenset({"shop-1"}),
    "a small one": frozenset({"shop-8"}),
}
# A probe of each store and state, twice 50 rows of the newest ones, and the strays.
MOST_ROWS = REFUNDS // 4


@pytest.mark.parametrize("reach", list(REACHES))
@pytest.mark.parametrize("question", list(QUESTIONS))
@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
async def test_no_question_reads_a_table_from_end_to_end(
    ledger: Ledger, question: str, reach: str, *, generic: bool
) -> None:
    """Neither by looking at all its rows, nor by sorting what most of them hold."""
    spy = Spy(ledger, generic=generic)
    await QUESTIONS[question](ledger, REACHES[reach])
    assert spy.nodes
    assert spy.scanned & {"refunds", "timeline", "received", "audit"} == set()
    assert spy.looked_at < MOST_ROWS


async def test_the_spy_sees_a_table_that_is_read_whole(ledger: Ledger) -> None:
    """What it would find, if there were something to find."""
    spy = Spy(ledger)
    rows = await spy("SELECT count(*) AS n FROM refunds WHERE reason <> %(x)s", x="")
    assert rows == [{"n": 0}]
    assert spy.scanned == {"refunds"}
    assert spy.looked_at == REFUNDS


async def test_a_page_of_one_store_costs_a_page(ledger: Ledger) -> None:
    """A first page of 50 looks at about so many rows, whoever else has refunds."""
    spy = Spy(ledger)
    found = await ledger.search_refunds(RefundSearch(reach=frozenset({"shop-1"})))
    assert len(found) == 50
    assert spy.looked_at <= 150
