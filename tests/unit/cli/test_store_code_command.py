"""`pef store code`: the operator makes the code by which a plugin connects its store."""

import re
from pathlib import Path

import pytest

from command_world import CommandWorld

_URL = ("--url", "https://tienda.example")
_CODE = r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}"


@pytest.fixture
def world(database: str) -> CommandWorld:
    """An account named main."""
    return CommandWorld.opened(database)


def test_a_code_is_printed_for_people_and_for_scripts(world: CommandWorld) -> None:
    """The sentence says whom to give it to and how long it is good; JSON has it alone."""
    said = " ".join(world.said("store", "code", *_URL).split())
    assert re.search(_CODE, said)
    assert "24 hours" in said
    assert "https://tienda.example" in said
    answer = world.answer("store", "code", *_URL)
    assert set(answer) == {"code"}
    assert re.fullmatch(_CODE, answer["code"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--url", "tienda"), "SETTING_INVALID"),
        ((*_URL, "--account", "nobody"), "NOT_THERE"),
        ((*_URL, "--policy", "none.yaml"), "NOT_THERE"),
    ],
)
def test_what_can_not_work_is_told_to_the_operator(
    world: CommandWorld, words: tuple[str, ...], code: str
) -> None:
    """No code is made for an address, an account or a policy that is not there."""
    assert world.refusal("store", "code", *words)[0] == code


def test_a_policy_that_can_not_be_read_makes_no_code(world: CommandWorld, tmp_path: Path) -> None:
    """It is the operator who can mend it, so it is told now."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("name: mine\notherwise: perhaps\n", encoding="utf-8")
    assert world.refusal("store", "code", *_URL, "--policy", str(policy))[0] == "POLICY_UNREADABLE"
