"""Secrets that sing: made up, unmistakable, and found again in whatever disguise."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from urllib.parse import quote

from cryptography.fernet import Fernet

_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}")
_NOT_DIGITS = re.compile(r"[\s.-]")


def forms_of(secret: str) -> Iterator[tuple[str, str]]:
    """A secret as it can stand in a text: by itself, quoted, in hex, or inside of base64.

    In base64 it looks differently after one byte, after two, and after three; its ends, which
    depend on its neighbours, are left out.
    """
    raw = secret.encode()
    yield "", secret
    yield ", quoted", quote(secret, safe="")
    yield ", hex", binascii.hexlify(raw).decode()
    yield ", base64", base64.b64encode(raw).decode()
    for before in range(3):
        inside = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        yield f", base64 after {before}", inside[4 if before else 0 : -1].decode()


@dataclass(frozen=True, slots=True)
class Canaries:
    """Every secret that the main road is told; `webhook_secret` it makes for itself."""

    consumer_key: str = "ck_canary7f3a91c2d8e4b5a6"
    consumer_secret: str = "cs_canary0b8d4e6f1a2c3957"
    wrong_secret: str = "cs_canaryWrong55e1d2c3b4"
    access_key: str = "SBXCANARY93817264AF"
    secret_key: str = "canaryRailSecret/5+Q2w9Zx8"
    database_password: str = "canaryDbPassw0rd-31415"
    sealing_key: str = Fernet.generate_key().decode()
    webhook_secret: str = ""

    def disguises(self) -> Iterator[tuple[str, str]]:
        """Each secret's name with each form in which it could leak."""
        secrets = {field.name: getattr(self, field.name) for field in fields(self)}
        pairs = {f"basic, {s}": f"{self.consumer_key}:{secrets[s]}" for s in _BASIC}
        for name, secret in {**secrets, **pairs}.items():
            assert secret, name
            for how, form in forms_of(secret):
                yield f"{name}{how}", form

    def heard_in(self, text: str) -> list[str]:
        """The names of the secrets that stand in `text`, and "a token" for any token."""
        heard = [name for name, form in self.disguises() if form in text]
        return heard + (["a token"] if _TOKEN.search(text) else [])


_BASIC = ("consumer_secret", "wrong_secret")

# How people really write them into a refund's reason; made up, and nobody's.
CCI, DNI = "002-193-001234567890-19", "45678912"
REASON = f"Devolver a la cuenta CCI {CCI}, DNI {DNI}, gracias"


def numbers_in(texts: Mapping[str, str]) -> list[str]:
    """Which of `texts` show the account or document number, however it is spaced."""
    wanted = [_NOT_DIGITS.sub("", number) for number in (CCI, DNI)]
    bare = {name: _NOT_DIGITS.sub("", text) for name, text in texts.items()}
    return [name for name, text in bare.items() if any(number in text for number in wanted)]
