"""The release record: one JSON file a bar, from which the reliability page takes its figures."""

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parent / "record"


def keep(name: str, figures: Mapping[str, Any], folder: Path = RECORD) -> Path:
    """Write what a run measured, beside the commit and the machine it was measured on."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        **figures,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    return path


def kept(name: str, folder: Path = RECORD) -> dict[str, Any]:
    """What a bar's last run wrote; empty where it never ran."""
    path = folder / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _commit() -> str:
    """The commit the run was made on, marked where the tree had changes."""
    try:
        told = subprocess.run(
            ("git", "describe", "--always", "--dirty"),
            cwd=RECORD.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()
