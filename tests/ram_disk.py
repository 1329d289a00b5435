"""Temporary files in memory, where the machine has plenty of it.

Each test's database is a copy that lives for a moment. On a disk such a copy waits for its
turn, up to a quarter of a second even without fsync; in memory it takes some 20 ms.
"""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made in it is made by `tempfile`
_PLENTY_BYTES = 4 * 2**30


def use_ram_disk() -> None:
    """Lead this process and its children there, unless somebody chose a folder already."""
    if "TMPDIR" not in os.environ and _is_fit(_MEMORY):
        os.environ["TMPDIR"] = str(_MEMORY)


def _is_fit(folder: Path) -> bool:
    """Large enough, and programs may be run from it."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    runs = not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)
    return runs and shutil.disk_usage(folder).free >= _PLENTY_BYTES
