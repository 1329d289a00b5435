"""The benchmark runs; how fast anything is, no test says."""

import re
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).parents[2] / "bench" / "run.py"


def test_quick_bench_prints_each_ratio(database: str) -> None:
    """`bench/run.py --quick` ends well and prints three ratios with their baselines."""
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), "--quick", "--database-url", database],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heading, *rows = done.stdout.splitlines()
    assert heading.startswith("ours / bare")
    assert [row.split(":")[0] for row in rows] == ["webhook", "policy", "refund"]
    assert all(re.search(r" \d+\.\d\d +\d+\.\d\d to \d+\.\d\d ", row) for row in rows)
