"""Files that people name: read with clear errors, and written once, never over another.

What is written may hold bank details, so only its owner can read it.
"""

import os
import tempfile
from pathlib import Path

from pef_adapters.core.errors import InvalidInput, NotThere


def text(file: Path, unreadable: type[InvalidInput]) -> str:
    """What stands in `file`, which is UTF-8.

    Raises:
        NotThere: it can't be read.
        InvalidInput: as `unreadable`; it is not UTF-8.
    """
    try:
        return content(file).decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable(f"{file} is not UTF-8 text; save it as UTF-8") from None


def content(file: Path) -> bytes:
    """The bytes of `file`.

    Raises:
        NotThere: it can't be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotThere(f"{file} can't be read: {error.strerror}") from None


def check_new(file: Path) -> None:
    """Prove that `write_new` will be able to write `file`, as far as that can be known.

    Raises:
        InvalidInput: it is there already, or nothing can be written into its folder.
    """
    if file.is_symlink() or file.exists():
        raise InvalidInput(f"{file} is there already and is left as it is; name another file")
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise InvalidInput(f"no file can be made in {file.parent}: {error.strerror}") from None


def write_new(file: Path, body: bytes) -> None:
    """Write a file that was not there, whole or not at all, readable by its owner alone.

    Raises:
        InvalidInput: it is there already, or it can't be written.
    """
    check_new(file)
    try:
        _write_new(file, body)
    except OSError as error:
        raise InvalidInput(f"{file} can't be written: {error.strerror}") from None


def _write_new(file: Path, body: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        # Takes the name where nobody else has; what replaces it is nobody's but ours.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
