"""The client against recorded conversations, with no server behind them."""

from pathlib import Path

import pytest
from cassette_book import CASSETTES, PLAYED_TOKEN, SANDBOX_HOST, leaks, recorder
from rail_scenes import SCENES, Scene

from pagoefectivo_bench import bench, sandbox_account


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_recorded_conversation_is_understood(scene: Scene) -> None:
    """What the client reads from the cassette is what it read from the wire."""
    with recorder("none").use_cassette(f"{scene.name}.yaml") as cassette:
        made = bench(sandbox_account(SANDBOX_HOST))
        await scene.play(made)
        await made.rails.aclose()
        assert cassette.all_played


def test_each_cassette_has_its_scene() -> None:
    """None is forgotten and none is left over."""
    recorded = {path.stem for path in CASSETTES.glob("*.yaml")}
    assert recorded == {scene.name for scene in SCENES}


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_cassette_holds_a_secret(path: Path) -> None:
    """No key, hash, token or full account number, known or by its shape."""
    text = path.read_text(encoding="utf-8")
    assert not leaks(text)
    assert "accessKey" not in text or '"accessKey":"***"' in text
    assert PLAYED_TOKEN in text


@pytest.mark.parametrize(
    "text",
    [
        "SBX00000DEMO00000KEY",
        "sandbox-secret-that-protects-nothing-001",
        "authorization: Bearer abc",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        '"hashString":"' + "0a" * 32 + '"',
        "00219310000000000117",
    ],
)
def test_the_search_for_secrets_finds_them(text: str) -> None:
    """The check above can fail."""
    assert leaks(text)
