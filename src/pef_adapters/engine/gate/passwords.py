"""Passwords: how they are kept, compared and judged. Owns no record and writes none.

Kept as argon2id hashes with the least that OWASP's Password Storage Cheat Sheet asks for
(19 MiB, two passes, one lane). Hashing is work for a processor, so it runs in a thread.
A password is never logged and never named in an error.
"""

import unicodedata
from typing import Final

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pef_adapters.core.errors import SettingInvalid

LEAST_LETTERS: Final = 12
# Nobody types more; whoever sends more wants us to work.
MOST_LETTERS: Final = 1024
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared with where there is no user, so that this takes as long. It fits no password.
_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
# So many at once, whoever knocks: each takes 19 MiB, and other work needs threads too.
_AT_ONCE: Final = 4
_SEATS: Final = RunVar[CapacityLimiter]("password_seats")
_KNOWN: Final = """
    123456789012 1234567890123 12345678901234 123456789123 123123123123 112233445566
    111111111111 000000000000 222222222222 999999999999 121212121212 102030405060
    987654321098 098765432109 123456123456 123456654321 012345678910 147258369147
    qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyuiopasdf qwertyuiopasdfgh qwertyqwerty
    qwerty123456 qwerty1234567 qwerty12345678 1qaz2wsx3edc 1q2w3e4r5t6y 1q2w3e4r5t6y7u
    q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123 asdfghjklzxc asdfasdfasdf zxcvbnm12345
    zxcvbnmasdfg qazwsxedcrfv abcdefghijkl abcdefghijklm abcd12345678 abc123456789
    abcabcabcabc a1b2c3d4e5f6 aaaaaaaaaaaa abcdef123456 password1234 password12345
    password123456 passwordpassword password2024 password2025 password2026 passw0rd1234
    p@ssw0rd1234 p@ssword1234 p@ssw0rd123! password123! passwort1234 welcome12345
    welcome123456 welcome2025! welcome2026! changeme1234 changemechangeme letmein12345
    letmeinletmein iloveyou1234 iloveyou12345 iloveyouforever ilovemyfamily sunshine1234
    princess1234 football1234 superman1234 superman12345 administrator administrator1
    administrator123 adminadminadmin admin1234567 admin12345678 admin123456789 rootrootroot
    testtesttest test12345678 test123456789 temporal1234 temporal2025 temporal2026
    contraseña123 contraseña1234 contrasena123 contrasena1234 contrasenia12 clave1234567
    clave12345678 claveclaveclave micontraseña1 micontrasena1 holaholahola hola12345678
    teamo1234567 teamomucho12 tequieromucho tequieromucho1 peru12345678 peruperuperu
    arribaperu123 vivaelperu123 alianzalima1 alianzalima123 universitario universitario1
    pagoefectivo pagoefectivo1 pagoefectivo12 pagoefectivo123 pagoefectivo2025
    pagoefectivo2026 tienda123456 mitienda1234 woaini123456 woaini1314520 woaini520520
    5201314520131 52013145201314 wangyang1234 a12345678901 aa123456789012 qq123456789012
"""
_COMMON: Final = frozenset(_KNOWN.split())


async def hashed(password: str) -> str:
    """The argon2id hash to keep; salted, so it differs each time."""
    return await to_thread.run_sync(_HASHER.hash, _letters(password), limiter=_seats())


async def matches(kept: str, password: str) -> bool:
    """Whether the password is the one that was kept; False, as slowly, where none is kept."""
    # Letters that are typed apart are more before they are composed: cut only after that.
    letters = _letters(password, MOST_LETTERS + 1)
    return await to_thread.run_sync(_verified, kept or _NOBODYS, letters, limiter=_seats())


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def weakness(password: str, email: str) -> str | None:
    """The text that says why a new password won't do, such as "access.password_short"."""
    plain = _letters(password).decode(errors="replace").casefold()
    name = email.partition("@")[0]
    if not LEAST_LETTERS <= len(plain) <= MOST_LETTERS:
        return "access.password_short"
    if plain in {email, email[::-1], name * 2, name * 3}:
        return "access.password_is_email"
    return "access.password_common" if plain in _COMMON or _is_one_letter(plain) else None


def check_new(password: str, email: str) -> None:
    """Let pass a password that may be chosen.

    Raises:
        SettingInvalid: it is too short (or absurdly long), the e-mail address, or well known.
    """
    if why := weakness(password, email):
        raise SettingInvalid(_SAID[why])


_SAID: Final = {
    "access.password_short": f"choose a password of {LEAST_LETTERS} to {MOST_LETTERS} letters",
    "access.password_is_email": "choose a password that is not your e-mail address",
    "access.password_common": "this password is among the most common; choose another",
}


def _is_one_letter(plain: str) -> bool:
    return len(set(plain)) == 1


def _seats() -> CapacityLimiter:
    """The event loop's own; a limiter belongs to one loop."""
    try:
        return _SEATS.get()
    except LookupError:
        _SEATS.set(seats := CapacityLimiter(_AT_ONCE))
        return seats


def _letters(password: str, most: int | None = None) -> bytes:
    """As it is typed on any keyboard: composed and decomposed letters are the same."""
    return unicodedata.normalize("NFKC", password)[:most].encode(errors="surrogatepass")


def _verified(kept: str, letters: bytes) -> bool:
    try:
        return _HASHER.verify(kept, letters)
    except (VerificationError, InvalidHashError):
        return False
