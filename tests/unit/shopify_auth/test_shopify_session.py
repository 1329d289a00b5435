"""Session tokens: whose word is taken for who is looking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from pef_adapters.core.errors import SignatureInvalid, SignatureMissing
from pef_shopify.app import AppSettings
from pef_shopify.session import claimed_shop, is_over, read_session
from shopify_room import ADDRESS, APP, CLIENT_ID, FOREIGN, OLDER, SECRET, SHOP, session_token

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
AT = int(NOW.timestamp())


@pytest.mark.parametrize("key", [SECRET, OLDER])
@pytest.mark.parametrize("dest", [ADDRESS, SHOP])
def test_a_good_token_says_who_looks(key: str, dest: str) -> None:
    """Shop and person are read, by either secret; an extension's shorter `dest` is one too."""
    token = session_token(NOW, key, dest=dest)
    session = read_session(token, APP, NOW)
    assert (session.shop, session.user_id, session.token) == (SHOP, "42", token)
    assert token not in repr(session)
    assert claimed_shop(token) == SHOP


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-app"},
        {"aud": None},
        {"iss": "https://otra.myshopify.com/admin"},
        {"dest": "https://otra.myshopify.com"},
        {"iss": "https://evil.com/admin", "dest": "https://evil.com"},
        {"iss": f"https://{SHOP}.evil.com/admin", "dest": f"https://{SHOP}.evil.com"},
        {"iss": f"https://{SHOP}:8443/admin", "dest": f"https://{SHOP}:8443"},
        {"dest": f"https://me@{SHOP}"},
        {"dest": None},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"nbf": None},
        {"exp": AT - 11},
        {"nbf": AT + 11},
        {"nbf": "soon"},
        {"exp": [AT]},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_in_every_part_is_refused(changes: dict[str, Any]) -> None:
    """Another app, another shop, another time or a part that is missing: nobody is proved."""
    with pytest.raises(SignatureInvalid):
        read_session(session_token(NOW, **changes), APP, NOW)


def test_a_forged_token_is_refused() -> None:
    """Another key, no key at all, another method, a changed body or noise proves nothing."""
    good = session_token(NOW)
    head, _, tail = good.split(".")
    body = session_token(NOW, sub="1").split(".")[1]
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        session_token(NOW, FOREIGN),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, SECRET * 2, algorithm="HS512"),
        f"{head}.{body}.{tail}",
        good[:-4],
        "noise",
    ]
    for token in forged:
        with pytest.raises(SignatureInvalid):
            read_session(token, APP, NOW)
        assert not is_over(token, APP, NOW + timedelta(hours=1))


def test_no_token_is_no_session() -> None:
    """Without a token nothing is read, and it is said where to get one."""
    for ask in (lambda: read_session("", APP, NOW), lambda: claimed_shop("")):
        with pytest.raises(SignatureMissing, match="admin"):
            ask()
    assert not is_over("", APP, NOW)


def test_an_app_without_secrets_knows_no_session() -> None:
    """An app that was not set up takes nobody's word."""
    with pytest.raises(SignatureInvalid):
        read_session(session_token(NOW), AppSettings(client_id=CLIENT_ID), NOW)


@pytest.mark.parametrize(
    ("step", "good"), [(-11, False), (-10, True), (69, True), (70, False), (3600, False)]
)
def test_a_token_lives_a_minute_and_ten_seconds_of_leeway(step: int, *, good: bool) -> None:
    """The clock we were given decides, whatever the machine's says."""
    token, then = session_token(NOW), NOW + timedelta(seconds=step)
    assert is_over(token, APP, then) is not good
    if good:
        assert read_session(token, APP, then).shop == SHOP
    else:
        with pytest.raises(SignatureInvalid, match="over"):
            read_session(token, APP, then)
