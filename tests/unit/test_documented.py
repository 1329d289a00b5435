"""What people can set, type, meet or be given is documented, and what is documented is there."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from pef_adapters.cli.app import app
from pef_adapters.core import errors
from pef_adapters.core.access import ROLES, Permission, Role
from pef_adapters.core.states import State
from pef_adapters.server.console.routes import ROUTES
from pef_adapters.settings import Settings
from pef_shopify.app import AppSettings
from pef_shopify.payments.settings import PaymentsSettings
from pef_shopify.settings import Settings as ShopifySettings
from pef_vtex.settings import Settings as VtexSettings
from pef_woocommerce.settings import Settings as WooCommerceSettings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
STORE_SETTINGS: dict[str, type[BaseModel]] = {
    "woocommerce": WooCommerceSettings,
    "shopify": ShopifySettings,
    "shopify_payments": PaymentsSettings,
    "vtex": VtexSettings,
}
VARIABLE = re.compile(r"\bPEF_[A-Z0-9_]+[A-Z0-9]\b")
# Inside `code` or at the start of a line of a block, perhaps behind variables.
TYPED = re.compile(r"(?:^|`)(?:[A-Z_]+=\S+ )*pef ((?:[^`\n\\]|\\\n)+)", re.MULTILINE)
PART = r"^## `pef (.+)`\n((?:(?!^## ).*\n)*)"
CATCH_ALL = "/console/{rest:path}"


def page(name: str) -> str:
    """A page of the reference, as it is kept."""
    return (REFERENCE / name).read_text(encoding="utf-8")


def guides() -> list[Path]:
    """Everything that people read before they type."""
    found = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "adapters").glob("*/README.md")]
    return sorted([*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of `pef` by its words."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from commands(child, (*words, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def typed_in(path: Path) -> Iterator[tuple[str, ...]]:
    """Every command that a guide tells to type, as words."""
    for found in TYPED.findall(path.read_text(encoding="utf-8")):
        words = tuple(found.replace("\\\n", " ").split())
        yield tuple(takewhile(lambda word: not word.startswith("#"), words))


def mistake_in(words: tuple[str, ...]) -> str | None:
    """What there is not of a typed command: the command itself, or an option of it."""
    found = next((known for known in COMMANDS if words[: len(known)] == known), None)
    if found is None:
        # A group, such as `pef approval`, stands for what is below it.
        groups = {known[:end] for known in COMMANDS for end in range(len(known))}
        return None if words in groups or words[0].startswith("-") else "no such command"
    options = {
        option for each in COMMANDS[found].params for option in (*each.opts, *each.secondary_opts)
    }
    wanted = {word.partition("=")[0].rstrip(".,;:)") for word in words if word.startswith("--")}
    strange = wanted - options - {"--help"}
    return f"no such option: {', '.join(sorted(strange))}" if strange else None


def error_codes(root: type[errors.PefError] = errors.PefError) -> Iterator[str]:
    """The code of every error that people can meet."""
    yield root.code
    for child in root.__subclasses__():
        if child.__module__.startswith(errors.__name__):
            yield from error_codes(child)


@pytest.mark.parametrize(
    "variable",
    [
        *(f"PEF_{name.upper()}" for name in Settings.model_fields),
        *(f"PEF_SHOPIFY_{name.upper()}" for name in AppSettings.model_fields),
    ],
)
def test_each_variable_is_documented(variable: str) -> None:
    """Every variable of the service has its row: name, meaning, default."""
    row = re.search(rf"^\| `{variable}` \| (.+) \| `.+` \|$", page("settings.md"), re.MULTILINE)
    assert row
    assert row[1].strip()


@pytest.mark.parametrize("platform", STORE_SETTINGS)
def test_each_setting_of_a_store_is_documented(platform: str) -> None:
    """Every setting of a platform stands in its part of the page."""
    part = page("settings.md").partition(f"### {platform}\n")[2].partition("\n#")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE))
    assert told == set(STORE_SETTINGS[platform].model_fields)


def test_each_error_is_documented() -> None:
    """Every code has a part of its own, to which an error's help leads."""
    told = set(re.findall(r"^## (\w+)$", page("errors.md"), re.MULTILINE))
    assert told == set(error_codes())


def test_each_state_is_documented() -> None:
    """Every state has its row, and says what it means."""
    rows = set(re.findall(r"^\| `(\w+)` \|", page("states.md"), re.MULTILINE))
    told = set(re.findall(r"^### (\w+)$", page("states.md"), re.MULTILINE))
    assert rows == told == {state.value for state in State}


def test_each_command_is_documented() -> None:
    """Every command has its part, with each of its options."""
    parts = dict(re.findall(PART, page("commands.md"), re.MULTILINE))
    assert set(parts) == {" ".join(words) for words in COMMANDS}
    lacking = [
        f"pef {' '.join(words)} {option}"
        for words, command in COMMANDS.items()
        for each in command.params
        for option in each.opts
        if option.startswith("--") and option not in {"--help", "--json"}
        if option not in parts[" ".join(words)]
    ]
    assert lacking == []


def test_each_role_and_permission_is_documented() -> None:
    """The table of the page is the table of the code, cell by cell."""
    lines = re.findall(r"^\| `(\w+:\w+)` \| (.+) \|$", page("roles.md"), re.MULTILINE)
    told = {name: cells.split(" | ")[: len(Role)] for name, cells in lines}
    assert told == {
        str(each): ["yes" if each in ROLES[role] else "—" for role in Role] for each in Permission
    }
    assert {f"### {name}" for name in (*Role, *Permission)} <= set(page("roles.md").splitlines())


def test_each_button_of_the_console_has_its_command_told() -> None:
    """Every address to which a form of the console posts stands in the table of both."""
    told = set(re.findall(r"`(/console/[^`]*)`", page("console-and-cli.md")))
    posts = {route.path for route in ROUTES if "POST" in (route.methods or ())} - {CATCH_ALL}
    assert posts - told == set()


def test_the_table_of_both_names_commands_that_exist() -> None:
    """Each command beside a button of the console can be typed."""
    typed = list(typed_in(REFERENCE / "console-and-cli.md"))
    assert typed
    assert [words for words in typed if mistake_in(words)] == []


@pytest.mark.parametrize("path", guides(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_guide_tells_commands_that_exist(path: Path) -> None:
    """Whatever a guide tells to type is a command, with options that it has."""
    wrong = [
        f"pef {' '.join(words)}: {fault}"
        for words in typed_in(path)
        if (fault := mistake_in(words))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", guides(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_guide_names_variables_that_are_read(path: Path) -> None:
    """No guide names a variable that nothing reads."""
    known = {*VARIABLE.findall(page("settings.md")), *error_codes()}
    known |= {
        name
        for command in COMMANDS.values()
        for option in command.params
        for name in _named(getattr(option, "envvar", None))
    }
    assert set(VARIABLE.findall(path.read_text(encoding="utf-8"))) - known == set()


def _named(envvar: str | list[str] | None) -> list[str]:
    return [envvar] if isinstance(envvar, str) else envvar or []
