"""The benchmark of a large ledger runs as its guide tells; how fast anything is, no test says."""

import re
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).parents[2] / "bench" / "scale.py"
_ACTORS = ("house", "agency", "store")
_ASKED = ("first page", "by order", "by CIP", "by amount", "in flight", "the console's list")


def test_bench_of_a_large_ledger_ends_with_its_ratios(database: str) -> None:
    """`bench/scale.py` ends well, and its last line has a ratio of each question of everybody."""
    options = ("--refunds", "1500", "--rounds", "1", "--database-url", database)
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), *options],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heading, *_, last = done.stdout.splitlines()
    assert heading.startswith("1,500 refunds / 1,000")
    ratios = dict(re.findall(r"(?:^ratios: |, )([^,]+?) (\d+\.\d\d)", last))
    assert {f"{who} {asked}" for who in _ACTORS for asked in _ASKED} <= set(ratios)
