"""Lets everything that is random in this process come from a world's dice."""

import base64
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

_BYTES = 32


@contextmanager
def from_dice(dice: Random) -> Iterator[None]:
    """Tokens, nonces and ids are the same for the same seed while the context lasts."""

    def token_bytes(count: int | None = None) -> bytes:
        return dice.randbytes(count or _BYTES)

    def token_hex(count: int | None = None) -> str:
        return token_bytes(count).hex()

    def token_urlsafe(count: int | None = None) -> str:
        return base64.urlsafe_b64encode(token_bytes(count)).decode().rstrip("=")

    def uuid4() -> uuid.UUID:
        return uuid.UUID(bytes=token_bytes(16), version=4)

    with (
        patch.object(secrets, "token_bytes", token_bytes),
        patch.object(secrets, "token_hex", token_hex),
        patch.object(secrets, "token_urlsafe", token_urlsafe),
        patch.object(uuid, "uuid4", uuid4),
    ):
        yield
