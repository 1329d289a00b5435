"""What the database itself refuses and hides of people and their doings, whoever writes to it."""

import re
from base64 import b64encode
from typing import Any

import psycopg
import pytest

from pef_adapters.core.errors import SecretUnreadable
from pef_adapters.core.states import CARE, State
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue
from pef_adapters.storage.secrets import SecretBox
from people_samples import agency, audit, call, health, platform_session, session, token, user
from storage_samples import CANARY, NOON, settle_in

KEY = f"sign-in/{CANARY}"
WORDS = re.compile(r"'(\w+)'::text")


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """A ledger with one of each, and a secret wherever there can be one."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_user(user())
        await ledger.add_user(user(2, password="", totp=""))
        await ledger.add_session(session())
        await ledger.add_session(platform_session())
        await ledger.add_token(token())
        await ledger.add_audit(audit())
        await ledger.count_try(KEY, NOON, 60)
        await ledger.claim_call(call(answer={"token": CANARY}))
        await ledger.claim_call(call(2, key=KEY))
        await ledger.add_agency(agency())
        await ledger.save_health(health())
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


@pytest.mark.parametrize(
    ("table", "sign"),
    [
        ("users", "rosa-1@shop.example"),
        ("sessions", "Firefox on Linux"),
        ("machine_tokens", "accounting"),
        ("api_calls", "token/accounting"),
        ("tries", "2026-11-23"),
    ],
)
async def test_no_secret_is_readable_in_a_table(
    book: PostgresBook, pool: Pool, table: str, sign: str
) -> None:
    """Passwords' hashes, codes' secrets, forms' secrets, answers and keys: in no spelling."""
    assert book is not None
    told = "\n".join(row[0] for row in await run(pool, f"SELECT t::text FROM {table} t"))  # noqa: S608 -- our own names
    assert sign in told
    assert [each for each in spellings(CANARY.encode()) if each in told] == []


async def test_without_the_key_nobody_signs_in(
    book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """With another key, what is sealed is unreadable and said to be; the rest is read."""
    assert book is not None
    other = PostgresBook(pool, SecretBox.from_setting("A" * 43 + "="), queue)
    for read in (
        lambda ledger: ledger.user("u-1"),
        lambda ledger: ledger.users(),
        lambda ledger: ledger.session(session().token_sha256),
        lambda ledger: ledger.claim_call(call()),
    ):
        with pytest.raises(SecretUnreadable):
            async with other.begin() as ledger:
                await read(ledger)
    async with other.begin() as ledger:
        assert await ledger.user("u-2") == user(2, password="", totp="")
        assert await ledger.token("mt-1") == token()
        assert [each.id for each in await ledger.store_heads()] == ["shop"]
        assert await ledger.claim_call(call(2, key=KEY)) == call(2, key=KEY)


# --- the audit is only added to ---


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET outcome = 'done'",
        "UPDATE audit SET actor = 'x' WHERE false",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE false",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT * FROM audit",
    ],
)
async def test_the_audit_never_changes(pool: Pool, change: str) -> None:
    """Not by SQL, not even where no row would be met; nor does anybody choose an id."""
    before = await run(pool, "SELECT t::text FROM audit t")
    refused = (psycopg.errors.CheckViolation, psycopg.errors.GeneratedAlways)
    with pytest.raises(refused, match=r"audit is append-only|non-DEFAULT"):
        await run(pool, change)
    assert await run(pool, "SELECT t::text FROM audit t") == before


async def test_the_audit_outlives_what_it_tells_of(book: PostgresBook, pool: Pool) -> None:
    """An entry about what is not there, or is gone, is kept."""
    async with book.begin() as ledger:
        await ledger.add_audit(audit(store_id="nowhere", agency="nobody", actor="gone"))
    await run(pool, "DELETE FROM agencies")
    assert await run(pool, "SELECT count(*) FROM audit") == [(2,)]


# --- words and names ---


async def test_the_index_of_what_is_under_way_holds_the_unfinished_states(pool: Pool) -> None:
    """A state that the code makes unfinished needs a migration of this index."""
    ((told,),) = await run(pool, "SELECT pg_get_indexdef('refunds_in_flight'::regclass)")
    assert set(WORDS.findall(told)) == {state for state in State if not CARE[state].final}


TWICE = {
    "user_email": """
        INSERT INTO users SELECT 'u-9', email, name, language, private, totp_step, passkeys,
            grants, created_by, created_at FROM users WHERE id = 'u-1'
    """,
    "machine_token_hash": """
        INSERT INTO machine_tokens (id, name, token_sha256, place, permissions, created_by,
            created_at, expires_at)
        SELECT 'mt-9', name, token_sha256, place, permissions, created_by, created_at, expires_at
        FROM machine_tokens
    """,
    "api_calls_pkey": "INSERT INTO api_calls SELECT * FROM api_calls",
    "tries_pkey": "INSERT INTO tries SELECT * FROM tries",
    "store_health_pkey": "INSERT INTO store_health SELECT * FROM store_health",
}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("rule", list(TWICE))
async def test_one_name_is_one_row_for_plain_sql(pool: Pool, rule: str) -> None:
    """A person's address, a token's hash and a call's key belong to one row."""
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        await run(pool, TWICE[rule])
    assert caught.value.diag.constraint_name == rule


@pytest.mark.usefixtures("book")
async def test_a_user_with_sessions_is_not_removed(pool: Pool) -> None:
    """Whoever is to be gone is disabled; what they did keeps its name."""
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await run(pool, "DELETE FROM users WHERE id = 'u-1'")
