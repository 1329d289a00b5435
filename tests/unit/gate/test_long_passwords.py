"""A password counts whole, however long it is and however its letters were typed."""

import unicodedata

import pytest

from pef_adapters.engine.gate import passwords


@pytest.mark.parametrize("length", [12, 64, 1024])
async def test_a_long_password_is_compared_whole(length: int) -> None:
    """Not a letter less or more opens, up to the longest that can be chosen."""
    password = ("llama " * 200)[:length]
    kept = await passwords.hashed(password)
    assert passwords.weakness(password, "ana@tienda.pe") is None
    assert await passwords.matches(kept, password)
    assert not await passwords.matches(kept, password[:-1])
    assert not await passwords.matches(kept, f"{password}x")
    assert not await passwords.matches(kept, password.upper())


async def test_letters_typed_apart_are_the_same_password() -> None:
    """Accents that a keyboard sends by themselves make a long password no other one."""
    password = "año y así " * 90
    apart = unicodedata.normalize("NFD", password)
    assert len(apart) > passwords.MOST_LETTERS > len(password)
    kept = await passwords.hashed(apart)
    assert await passwords.matches(kept, apart)
    assert await passwords.matches(kept, password)
