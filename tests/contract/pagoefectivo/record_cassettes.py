"""Record the cassettes anew, against a fresh sandbox over real HTTP.

python tests/contract/pagoefectivo/record_cassettes.py
"""

import asyncio
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from cassette_book import CASSETTES, leaks, recorder  # noqa: E402 - after the path is set
from rail_scenes import SCENES, Scene  # noqa: E402 - as above

from pagoefectivo_bench import SandboxProcess, bench, sandbox_process  # noqa: E402 - as above


async def record(scene: Scene, sandbox: SandboxProcess) -> None:
    """Play one scene against the sandbox and keep its wire."""
    scene.prepare(sandbox)
    path = CASSETTES / f"{scene.name}.yaml"
    path.unlink(missing_ok=True)
    with recorder("all").use_cassette(path.name):
        made = bench(sandbox.account())
        await scene.play(made)
        await made.rails.aclose()
    if found := leaks(path.read_text(encoding="utf-8")):
        path.unlink()
        raise SystemExit(f"{path.name} would leak {len(found)} secrets; nothing was kept")


def main() -> None:
    """Record every scene, each on a sandbox of its own."""
    CASSETTES.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        with tempfile.TemporaryDirectory() as folder, sandbox_process(Path(folder) / "b.db") as own:
            asyncio.run(record(scene, own))
        sys.stdout.write(f"recorded {scene.name}\n")


if __name__ == "__main__":
    main()
