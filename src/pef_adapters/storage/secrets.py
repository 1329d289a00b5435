"""Encrypts what must not be readable in a database, a backup or a log.

Owns the key: `PEF_SECRET_KEY` (several keys, the first encrypts, all decrypt) or
a file that only its owner can read, made on first run. It never logs or shows a
key, a plain secret or a sealed one.
"""

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pef_adapters.core.errors import SecretUnreadable, SettingInvalid

SETTING = "PEF_SECRET_KEY"
KEY_FILE = "secret.key"
_HOW_TO_MAKE_ONE = (
    "make one with: python -c "
    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecretBox:
    """Seals and opens small mappings of text.

    Args:
        keys: Fernet keys; the first seals, each may open (rotation).

    Raises:
        SettingInvalid: no key, or one that is no Fernet key.
    """

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in keys or ("",)])

    @classmethod
    def from_setting(cls, keys: str) -> Self:
        """From the value of PEF_SECRET_KEY: keys separated by commas."""
        return cls(*(key.strip() for key in keys.split(",")))

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """From the folder's key file, which is made if it isn't there.

        Raises:
            SettingInvalid: others can read the file, or it holds no key.
        """
        path = folder / KEY_FILE
        if not path.exists():
            _write_new_key(path)
        return cls.from_setting(_read_private(path))

    def seal(self, secrets: Mapping[str, str]) -> bytes:
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """What was sealed.

        Raises:
            SecretUnreadable: sealed with another key, or damaged.
        """
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SecretUnreadable from None
        opened: dict[str, str] = json.loads(plain)
        return opened


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # `from None`: the cause would carry the key's text into a trace.
        message = f"{SETTING} must hold one or more Fernet keys, separated by commas"
        raise SettingInvalid(f"{message}; {_HOW_TO_MAKE_ONE}") from None


def _write_new_key(path: Path) -> None:
    """Create the key file whole or not at all; whoever comes second keeps the first's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp opens with O_EXCL and mode 0600.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # like O_EXCL, but never half-written
    finally:
        Path(draft).unlink()


def _read_private(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise SettingInvalid(f"others can read {path}; mend it with: chmod 600 {path}")
        return file.read().strip()
