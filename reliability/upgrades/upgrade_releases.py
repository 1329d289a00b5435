"""The releases an upgrade may begin from: the last commit of each schema, by its own code.

The old code runs from its own source tree with today's libraries, which hold all that it
needs. Nothing of it is kept here: git unpacks it from this repository's history.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The last commit on which that schema was the newest one.
COMMITS: Mapping[str, str] = {
    "0001": "250c14e",
    "0002": "53a9363",
    "0003": "331c6b8",
    "0004": "7e3df22",
}
_NOT_SOURCES = shutil.ignore_patterns("__pycache__", "tests", "node_modules")
_SOURCES = ("src", "adapters/woocommerce", "adapters/shopify_app", "adapters/vtex")


class HistoryMissing(Exception):
    """The commit is not in this copy of the repository."""


@dataclass(frozen=True, slots=True)
class Code:
    """A source tree that can be run: `name` is what reports call it."""

    name: str
    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Puts this tree before the installed one, and our own programs beside it."""
        sources = [self.root / source for source in _SOURCES]
        there = [str(path) for path in (*sources, Path(__file__).parent) if path.is_dir()]
        return {"PYTHONPATH": ":".join(there)}


NEW = Code("new", ROOT)
"""The code of this working tree."""


def new_code(folder: Path) -> Code:
    """A copy of it, so that whoever edits the tree meanwhile changes nothing in a run."""
    root = folder / "new"
    if not root.exists():
        for source in _SOURCES:
            shutil.copytree(ROOT / source, root / source, ignore=_NOT_SOURCES)
    return Code("new", root)


def old_code(schema: str, folder: Path) -> Code:
    """The release of `schema`, unpacked in `folder`.

    Raises:
        HistoryMissing: git can't give that commit; says what to do.
    """
    root = folder / schema
    if not root.exists():
        _unpack(COMMITS[schema], root)
    return Code(schema, root)


def history_fault() -> str | None:
    """Why the old releases can't be had here, or None."""
    for commit in COMMITS.values():
        if _git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            return _explanation(commit)
    return None


def _unpack(commit: str, root: Path) -> None:
    archive = _git("archive", "--format=tar", commit)
    if archive.returncode:
        raise HistoryMissing(_explanation(commit))
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(root, filter="data")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(arguments, 127, b"", b"git is not installed")


def _explanation(commit: str) -> str:
    return (
        f"commit {commit} is not in this copy of the repository; "
        "a shallow clone is made whole by: git fetch --unshallow"
    )
