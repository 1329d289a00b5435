"""The storage suite, over both ledgers: people, their sessions, and machine tokens."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from pef_adapters.core.access import Grant, Permission, Power, Role
from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.ports import Ledger, LedgerBook
from people_samples import platform_session, session, token, user
from storage_samples import CANARY, MINUTE, NOON

LIMA = timezone(timedelta(hours=-5))
NAIVE = NOON.replace(tzinfo=None)

# --- people ---


async def test_a_user_makes_the_round_trip(book: LedgerBook) -> None:
    """Found by id and by e-mail address as it went, roles and passkeys too."""
    async with book.begin() as ledger:
        assert await ledger.add_user(user(created_at=NOON.astimezone(LIMA)))
    async with book.begin() as ledger:
        assert await ledger.user("u-1") == user()
        assert await ledger.lock_user("u-1") == user()
        assert await ledger.user_by_email("rosa-1@shop.example") == user()
        assert await ledger.user("u-2") is None
        assert await ledger.lock_user("u-2") is None
        assert await ledger.user_by_email("ROSA-1@shop.example") is None


async def test_a_user_without_secrets_makes_the_round_trip(book: LedgerBook) -> None:
    """Who has not chosen a password yet has none, no code app and no passkey."""
    invited = user(password="", totp="", totp_step=0, passkeys=(), grants=())
    async with book.begin() as ledger:
        await ledger.add_user(invited)
        assert await ledger.user("u-1") == invited


async def test_an_email_address_is_one_person(book: LedgerBook) -> None:
    """A second one of the same address, or of the same id, is not added."""
    async with book.begin() as ledger:
        assert await ledger.add_user(user())
        assert not await ledger.add_user(user(2, email=user().email))
        assert not await ledger.add_user(user(email="other@shop.example", name="Luis"))
        assert await ledger.users() == [user()]


async def test_saving_a_user_keeps_who_it_is(book: LedgerBook) -> None:
    """Everything is written but id, e-mail address and creation."""
    changed = user(
        name="Rosa",
        language="en",
        password="new",
        totp="",
        totp_step=7,
        passkeys=(),
        grants=(Grant(Role.AGENT, "house"),),
        disabled_at=NOON + MINUTE,
    )
    tried = replace(changed, email="x@y.example", created_by="x", created_at=NOON + MINUTE)
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_user(user(2))
        await ledger.save_user(tried)
        assert await ledger.user("u-1") == changed
        assert await ledger.user("u-2") == user(2)
        with pytest.raises(NotThere, match="u-3"):
            await ledger.save_user(user(3))


async def test_users_are_listed_by_email(book: LedgerBook) -> None:
    """By code points, in whatever order they came."""
    emails = ["ñata@x.example", "b@x.example", "B@x.example", "a@x.example"]
    async with book.begin() as ledger:
        for number, email in enumerate(emails):
            await ledger.add_user(user(number, email=email))
        listed = [each.email for each in await ledger.users()]
    assert listed == ["B@x.example", "a@x.example", "b@x.example", "ñata@x.example"]


async def test_what_a_hostile_name_holds_stops_nobody(book: LedgerBook) -> None:
    """What a database can't hold is replaced, in roles and powers too."""
    async with book.begin() as ledger:
        await ledger.add_user(user(name="a\0b", grants=(Grant(Role.AGENT, "store/\0"),)))
        await ledger.add_session(platform_session(powers=(Power("store/\0", frozenset()),)))
        kept, sat = await ledger.user("u-1"), await ledger.session(f"{9:064x}")
    assert kept == user(name="a\ufffdb", grants=(Grant(Role.AGENT, "store/\ufffd"),))
    assert sat == platform_session(powers=(Power("store/\ufffd", frozenset()),))


# --- sessions ---


async def test_a_session_makes_the_round_trip(book: LedgerBook) -> None:
    """A user's and one that a platform proved, with its powers."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session(expires_at=session().expires_at.astimezone(LIMA)))
        await ledger.add_session(platform_session())
    async with book.begin() as ledger:
        assert await ledger.session(session().token_sha256) == session()
        assert await ledger.session(platform_session().token_sha256) == platform_session()
        assert await ledger.session("nobody's") is None


async def test_a_session_belongs_to_somebody(book: LedgerBook) -> None:
    """To a user who is there, and to one browser alone."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.add_session(session())
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session())
    with pytest.raises(TransitionRefused) as caught:
        async with book.begin() as ledger:
            await ledger.add_session(session(name="somebody else"))
    assert session().token_sha256 not in str(caught.value)


async def test_a_session_is_touched(book: LedgerBook) -> None:
    """It was seen and lives longer; nothing else changes, and an unknown one is no fault."""
    later = {"seen_at": NOON + MINUTE, "expires_at": NOON + timedelta(days=1)}
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session())
        await ledger.add_session(session(2))
        await ledger.touch_session(session().token_sha256, **later)
        await ledger.touch_session("nobody's", **later)
        assert await ledger.session(session().token_sha256) == session(**later)
        assert await ledger.session(session(2).token_sha256) == session(2)


async def test_sessions_of_a_user_are_newest_first(book: LedgerBook) -> None:
    """Those of one moment in the order of writing; who was proved elsewhere is no user."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_user(user(2))
        for number, minutes in ((1, 1), (2, 0), (3, 1), (4, 2)):
            await ledger.add_session(session(number, created_at=NOON + minutes * MINUTE))
        await ledger.add_session(session(5, user_id="u-2"))
        await ledger.add_session(platform_session())
        own = [int(each.token_sha256, 16) for each in await ledger.sessions_of("u-1")]
        assert own == [4, 3, 1, 2]
        assert await ledger.sessions_of("u-2") == [session(5, user_id="u-2")]
        assert await ledger.sessions_of("u-3") == []
        assert await ledger.sessions_of("") == [platform_session()]


async def test_sessions_end(book: LedgerBook) -> None:
    """One, or all of a user's and nobody else's; ending twice is no fault."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        for number in (1, 2, 3):
            await ledger.add_session(session(number))
        await ledger.add_session(platform_session())
        await ledger.end_session(session().token_sha256)
        await ledger.end_session(session().token_sha256)
        assert await ledger.session(session().token_sha256) is None
        assert await ledger.end_sessions_of("u-1") == 2
        assert await ledger.end_sessions_of("u-1") == 0
        assert await ledger.session(platform_session().token_sha256) == platform_session()
        assert await ledger.end_sessions_of("") == 1


async def test_expired_sessions_are_forgotten(book: LedgerBook) -> None:
    """From the very moment at which they expire."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session(1, expires_at=NOON))
        await ledger.add_session(session(2, expires_at=NOON + MINUTE))
        await ledger.forget_sessions(NOON.astimezone(LIMA))
        assert await ledger.sessions_of("u-1") == [session(2, expires_at=NOON + MINUTE)]


# --- machine tokens ---


async def test_a_token_makes_the_round_trip(book: LedgerBook) -> None:
    """Found by id and by hash as it went, its permissions in their order."""
    async with book.begin() as ledger:
        await ledger.add_token(token())
        await ledger.add_token(token(2, permissions=()))
    async with book.begin() as ledger:
        kept = await ledger.token("mt-1")
        assert kept == token()
        assert kept.permissions[0] is Permission.SEE_REFUNDS
        assert await ledger.token_by_hash(token(2).token_sha256) == token(2, permissions=())
        assert await ledger.token("mt-3") is None
        assert await ledger.token_by_hash("nobody's") is None


@pytest.mark.parametrize("same", [{"id": "mt-1"}, {"token_sha256": token().token_sha256}])
async def test_a_token_is_its_own(book: LedgerBook, same: dict[str, str]) -> None:
    """Neither its id nor its hash is another's."""
    async with book.begin() as ledger:
        await ledger.add_token(token())
    with pytest.raises(TransitionRefused, match="already"):
        async with book.begin() as ledger:
            await ledger.add_token(replace(token(2), **same))  # type: ignore[arg-type]
    async with book.begin() as ledger:
        assert await ledger.tokens() == [token()]


async def test_tokens_are_listed_newest_first(book: LedgerBook) -> None:
    """Those of one moment in the order of writing."""
    async with book.begin() as ledger:
        for number, minutes in ((1, 1), (2, 0), (3, 1)):
            await ledger.add_token(token(number, created_at=NOON + minutes * MINUTE))
        assert [each.id for each in await ledger.tokens()] == ["mt-3", "mt-1", "mt-2"]


async def test_a_token_is_used_and_revoked_and_nothing_else(book: LedgerBook) -> None:
    """What it may do can't be changed afterwards."""
    used = token(used_at=NOON + MINUTE, revoked_at=NOON + 2 * MINUTE)
    async with book.begin() as ledger:
        await ledger.add_token(token())
        await ledger.save_token(replace(used, permissions=tuple(Permission), place="store/x"))
        assert await ledger.token("mt-1") == used
        with pytest.raises(NotThere, match="mt-2"):
            await ledger.save_token(token(2))


# --- both ---


async def test_what_is_secret_is_in_no_repr(book: LedgerBook) -> None:
    """Neither hashes, nor codes' secrets, nor a form's secret are shown by accident."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session())
        shown = repr([await ledger.users(), await ledger.sessions_of("u-1")])
    assert "rosa-1@shop.example" in shown
    assert CANARY not in shown


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.touch_session("t", NAIVE, NOON),
        lambda ledger: ledger.touch_session(session().token_sha256, NOON, NAIVE),
        lambda ledger: ledger.forget_sessions(NAIVE),
        lambda ledger: ledger.add_user(user(2, created_at=NAIVE)),
        lambda ledger: ledger.add_token(token(expires_at=NAIVE)),
    ],
)
async def test_a_naive_moment_is_refused(
    book: LedgerBook, ask: Callable[[Ledger], Awaitable[object]]
) -> None:
    """A time without a zone is no moment, whether there is something to change or not."""
    async with book.begin() as ledger:
        await ledger.add_user(user())
        await ledger.add_session(session())
    with pytest.raises(ValueError, match="no time zone"):
        async with book.begin() as ledger:
            await ask(ledger)
