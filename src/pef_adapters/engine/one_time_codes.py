"""Codes that people read from one screen and type into another: XXXX-XXXX-XXXX.

Sixty random bits without letters that are read for others (Crockford's base 32). Of a
code only a hash is kept.
"""

import hashlib
import secrets
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011")
_GROUPS, _LONG = 3, 4


def new_code() -> str:
    """A code that nobody can guess."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_LONG)) for _ in range(_GROUPS))
    return "-".join(groups)


def key_of(purpose: str, code: str) -> str:
    """Where a code is kept; hyphens and case don't count, and O is read as 0.

    `purpose` keeps codes of one kind from being used as another's.
    """
    plain = "".join(filter(str.isalnum, code.upper())).translate(_MISREAD)
    # No token that comes in as text begins with this byte.
    return hashlib.sha256(b"\xfd" + f"{purpose}/{plain}".encode()).hexdigest()
