"""What the database itself refuses and hides of what gateways ask, whoever writes to it."""

import re
from base64 import b64encode
from enum import StrEnum
from typing import Any

import psycopg
import pytest

from pef_adapters.core.errors import SecretUnreadable
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import CheckoutState, Operation
from pef_adapters.platforms.coming_in import PrivacyKind
from pef_adapters.platforms.contract import Outcome
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue
from pef_adapters.storage.secrets import SecretBox
from storage_samples import (
    CANARY,
    NOON,
    checkout,
    kept_refund,
    privacy_case,
    received,
    refund,
    settle_in,
)

ASK = """
    INSERT INTO asked_refunds (store_id, refund_id, order_id, order_number, amount, currency,
        reason, payment_method, asked_at, private, operation, paid)
    VALUES ('shop', '9', '31', '#31', 1, 'PEN', '', '', now(), '', {})
"""
CHECKS = re.compile(r"'(\w+)'::text")


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """A ledger with a checkout, two asked refunds, a case and a refund that has ended."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_checkout(checkout())
        await ledger.add_asked_refund(kept_refund())
        await ledger.add_asked_refund(
            kept_refund(2, reason="", private={}, requested_by=None, payment_id=None)
        )
        await ledger.add_privacy_case(privacy_case())
        await ledger.add_refund(refund(state=State.FAILED, outcome=Outcome.FAILED))
        await ledger.add_refund(refund(2))
        await ledger.add_received(received(delivery_id="d-1"))
    return postgres_book


async def run(pool: Pool, sql: str, *values: Any) -> list[Any]:
    """Plain SQL, as anybody may write it who reaches the database."""
    async with pool.connection() as conn:
        done = await conn.execute(sql, values or None)
        return await done.fetchall() if done.description else []


def spellings(plain: bytes) -> set[str]:
    """The bytes in the clear, in hex, and in Base64 wherever they begin, plain or in hex."""
    coded = [b64encode(b"\0" * shift + plain)[4:-4] for shift in range(3)]
    return {plain.decode(), plain.hex()} | {
        spelling for each in coded for spelling in (each.decode(), each.hex())
    }


# --- what is private ---


async def test_what_is_private_is_readable_in_no_table(book: PostgresBook, pool: Pool) -> None:
    """Private parts of calls lie sealed, in no spelling to be read, and still come back."""
    for table, sign in (("checkouts", "pay-1"), ("asked_refunds", "501")):
        rows = await run(pool, f"SELECT t::text, private FROM {table} t")  # noqa: S608 -- our own names
        told = "\n".join(row[0] for row in rows)
        assert sign in told
        assert [each for each in spellings(CANARY.encode()) if each in told] == []
        assert CANARY.encode() not in b"".join(row[1] for row in rows)
    async with book.begin() as ledger:
        assert await ledger.checkout("co-1") == checkout()
        assert await ledger.asked_refund("shop", "501") == kept_refund()


async def test_another_key_opens_nothing_private(
    book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """With another secret key it is unreadable, and said to be; nothing needs no key."""
    assert book is not None
    other = PostgresBook(pool, SecretBox.from_setting("A" * 43 + "="), queue)
    for read in (
        lambda ledger: ledger.checkout("co-1"),
        lambda ledger: ledger.find_checkout("shop", "pay-1"),
        lambda ledger: ledger.asked_refund("shop", "501"),
    ):
        with pytest.raises(SecretUnreadable):
            async with other.begin() as ledger:
                await read(ledger)
    async with other.begin() as ledger:
        kept = await ledger.asked_refund("shop", "502")
    assert kept is not None
    assert kept.private == {}


async def test_what_was_forgotten_is_gone_from_the_tables(book: PostgresBook, pool: Pool) -> None:
    """No sealed rest of it is left for whoever finds the key later."""
    async with book.begin() as ledger:
        await ledger.erase_store("shop")
    rows = await run(
        pool, "SELECT private FROM checkouts UNION ALL SELECT private FROM asked_refunds"
    )
    assert {bytes(row[0]) for row in rows} == {b""}
    told = await run(
        pool,
        "SELECT t::text FROM refunds t UNION ALL SELECT t::text FROM asked_refunds t",
    )
    assert not any("No le quedó" in row[0] or "rosa" in row[0] for row in told)


# --- asked refunds are only added to ---


FIXED = (
    *("store_id = 'shop-2'", "refund_id = '9'", "operation = 'cancel'", "payment_id = NULL"),
    *("order_id = '9'", "order_number = '9'", "amount = amount - 1", "currency = 'USD'"),
    *("payment_method = 'x'", "transaction_id = NULL", "paid = paid + 1"),
    *("paid_currency = 'USD'", "paid_at = now()", "asked_at = now()", "seq = DEFAULT"),
)
BLANKS = ("reason = ''", "private = ''", "requested_by = NULL")
REWRITES = ("reason = 'x'", "private = 'x'", "requested_by = 'x'", "requested_by = ''")


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("change", [*FIXED, *REWRITES, f"{FIXED[6]}, {BLANKS[0]}"])
async def test_what_was_asked_for_never_changes(pool: Pool, change: str) -> None:
    """Neither what it says, nor a word put in the place of what may only be forgotten."""
    before = await run(pool, "SELECT t::text FROM asked_refunds t ORDER BY 1")
    with pytest.raises(psycopg.errors.CheckViolation, match="asked_refunds is append-only"):
        await run(pool, f"UPDATE asked_refunds SET {change} WHERE refund_id = '501'")  # noqa: S608
    assert await run(pool, "SELECT t::text FROM asked_refunds t ORDER BY 1") == before


@pytest.mark.usefixtures("book")
async def test_no_column_of_an_asked_refund_was_overlooked(pool: Pool) -> None:
    """Each column is either tried above as fixed or is one that may be blanked."""
    rows = await run(
        pool,
        "SELECT column_name::text FROM information_schema.columns"
        " WHERE table_name = 'asked_refunds'",
    )
    tried = {change.split(" = ")[0] for change in (*FIXED, *BLANKS)}
    assert {row[0] for row in rows} == tried


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("change", [*BLANKS, ", ".join(BLANKS), "reason = reason"])
async def test_what_a_person_said_can_be_blanked(pool: Pool, change: str) -> None:
    """Forgetting is allowed, once and again; where it is blank, nothing is put back."""
    for _ in range(2):
        await run(pool, f"UPDATE asked_refunds SET {change}")  # noqa: S608 -- our own changes
    assert await run(pool, "SELECT count(*) FROM asked_refunds") == [(2,)]


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("change", REWRITES)
async def test_what_is_blank_stays_blank(pool: Pool, change: str) -> None:
    """Nobody writes a reason, a person or a secret into a call that had none."""
    with pytest.raises(psycopg.errors.CheckViolation, match="asked_refunds is append-only"):
        await run(pool, f"UPDATE asked_refunds SET {change} WHERE refund_id = '502'")  # noqa: S608


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    "change",
    ["DELETE FROM {}", "DELETE FROM {} WHERE false", "TRUNCATE {}", "TRUNCATE {} CASCADE"],
)
async def test_what_was_asked_for_is_never_removed(pool: Pool, change: str) -> None:
    """Not by SQL, not even where no row would be met."""
    with pytest.raises(psycopg.errors.CheckViolation, match="asked_refunds is append-only"):
        await run(pool, change.format("asked_refunds"))


# --- how a refund ended ---


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("value", ["NULL", "'refunded'", "'left_to_store'"])
async def test_an_end_never_changes_for_plain_sql(pool: Pool, value: str) -> None:
    """What its platform was told for good is refused to anybody who would tell otherwise."""
    with pytest.raises(psycopg.errors.CheckViolation, match="ended as failed") as caught:
        await run(pool, f"UPDATE refunds SET outcome = {value} WHERE id = 'rf-1'")  # noqa: S608 -- our own values
    assert caught.value.diag.constraint_name == "refund_outcome_guard"
    await run(pool, "UPDATE refunds SET outcome = outcome, tries = 1")
    assert await run(pool, "SELECT outcome, tries FROM refunds ORDER BY id") == [
        ("failed", 1),
        (None, 1),
    ]


# --- words and figures ---


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("checkout_state_known", CheckoutState),
        ("checkout_told_known", CheckoutState),
        ("asked_refund_operation_known", Operation),
        ("privacy_case_kind_known", PrivacyKind),
        ("refund_outcome_known", Outcome),
    ],
)
async def test_the_tables_words_are_the_cores(pool: Pool, rule: str, words: type[StrEnum]) -> None:
    """Each CHECK allows exactly the words that the code knows."""
    sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s"
    ((told,),) = await run(pool, sql, rule)
    assert set(CHECKS.findall(told)) == {word.value for word in words}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE checkouts SET amount = 0", "checkout_amount_positive"),
        ("UPDATE checkouts SET state = 'lost'", "checkout_state_known"),
        ("UPDATE checkouts SET told = 'lost'", "checkout_told_known"),
        ("UPDATE privacy_cases SET kind = 'sell'", "privacy_case_kind_known"),
        ("UPDATE refunds SET outcome = 'lost' WHERE id = 'rf-2'", "refund_outcome_known"),
        (ASK.format("'refund', 1"), "asked_refund_paid_whole"),
        (ASK.format("'gift', NULL"), "asked_refund_operation_known"),
    ],
)
async def test_the_figures_and_words_hold_for_plain_sql(pool: Pool, change: str, rule: str) -> None:
    """What the code never writes, the database refuses from anybody."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        await run(pool, change)
    assert caught.value.diag.constraint_name == rule


TWICE = {
    "checkout_identity": """
        INSERT INTO checkouts (id, store_id, account_id, payment_id, order_id, order_number,
            amount, currency, test, state, return_url, private, created_at, updated_at,
            tell_tries, look_tries)
        SELECT 'co-9', store_id, account_id, payment_id, '', '', 1, 'PEN', false, 'asked', '',
            '', now(), now(), 0, 0 FROM checkouts
    """,
    "asked_refunds_pkey": """
        INSERT INTO asked_refunds (store_id, refund_id, operation, order_id, order_number, amount,
            currency, reason, payment_method, asked_at, private)
        VALUES ('shop', '501', 'refund', '', '', 1, 'PEN', '', '', now(), '')
    """,
    "privacy_cases_pkey": """
        INSERT INTO privacy_cases (store_id, id, kind, buyers, order_ids, received_at, erased, kept)
        VALUES ('shop', 'pr-1', 'tell', '[]', '[]', now(), '{}', '{}')
    """,
    "received_once": """
        INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at,
            delivery_id)
        VALUES ('store', 'shop', '', '', '[]', now(), now(), 'd-1')
    """,
}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("rule", list(TWICE))
async def test_one_id_is_one_row_for_plain_sql(pool: Pool, rule: str) -> None:
    """A payment, a refund, a privacy case and a delivery have their names for themselves."""
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        await run(pool, TWICE[rule])
    assert caught.value.diag.constraint_name == rule


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("table", ["stores", "accounts"])
async def test_what_checkouts_refer_to_is_not_removed(pool: Pool, table: str) -> None:
    """No payment that was asked for loses its store or its account."""
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await run(pool, f"DELETE FROM {table}")  # noqa: S608 -- our own names


async def test_a_locked_checkout_still_takes_asked_refunds(book: PostgresBook) -> None:
    """A refund of it is kept without waiting for whoever holds the payment."""
    async with book.begin() as holder, book.begin() as other:
        assert await holder.lock_checkout("co-1") == checkout()
        await other._run("SET LOCAL lock_timeout = '2s'")  # type: ignore[attr-defined]
        assert await other.add_asked_refund(kept_refund(3, asked_at=NOON))
        await other.wake_checkout("co-1")
