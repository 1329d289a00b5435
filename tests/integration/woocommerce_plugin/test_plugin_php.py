"""The WordPress plugin: its PHP is sound, its own tests pass, and its zip is what it should be."""

import importlib.util
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parents[3] / "adapters" / "woocommerce" / "plugin"
PLUGIN = HERE / "pef-refunds"
PHP_FILES = sorted(PLUGIN.rglob("*.php"))
README = (PLUGIN / "readme.txt").read_text("utf-8")
HEADER = (PLUGIN / "pef-refunds.php").read_text("utf-8")
# What PHP 7.4 does not know and PHP 8 would take: these words begin such a construct.
TOO_NEW = re.compile(
    r"\bmatch\s*\(|\?->|\benum\s+\w+\s*[:{]|\breadonly\s|#\[|"
    r"function [^{;]*\)\s*:\s*(?:static|mixed|never)\b|"
    r"__construct\([^)]*\b(?:private|protected|public)\s"
)


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The build script, as a module."""
    spec = importlib.util.spec_from_file_location("plugin_build", HERE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program that not every machine has; skips the test where it is missing."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        [found, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=HERE
    )


def test_every_file_parses() -> None:
    """PHP finds no error in any file of the plugin."""
    for path in PHP_FILES:
        said = run("php", ["-l", str(path)])
        assert said.returncode == 0, said.stdout


def test_nothing_is_newer_than_php_7_4() -> None:
    """No file uses a construct that PHP 7.4 does not know."""
    new = [(path.name, found[0]) for path in PHP_FILES for found in TOO_NEW.finditer(_code(path))]
    assert new == []


def test_phpunit() -> None:
    """The plugin's own tests pass."""
    said = run("phpunit", ["-c", str(HERE / "phpunit.xml"), "--colors=never"])
    assert said.returncode == 0, said.stdout
    assert "OK (" in said.stdout


def test_zip_is_reproducible_and_complete(build: ModuleType, tmp_path: Path) -> None:
    """Two builds are the same bytes: one folder, the sources, and compiled translations."""
    one, two = build.build(tmp_path / "1.zip"), build.build(tmp_path / "2.zip")
    assert one.read_bytes() == two.read_bytes()
    names = zipfile.ZipFile(one).namelist()
    assert {name.split("/")[0] for name in names} == {"pef-refunds"}
    assert "pef-refunds/languages/pef-refunds-es_PE.mo" in names
    assert {path.relative_to(PLUGIN.parent).as_posix() for path in PHP_FILES} <= set(names)
    assert [name for name in names if "test" in name or name.endswith((".xml", ".py"))] == []


def test_translations_are_whole(build: ModuleType) -> None:
    """Each text has its translation in each language, and the template names each text."""
    assert build.TEMPLATE.read_bytes() == build.template_text()
    catalogs = sorted(build.LANGUAGES.glob("*.po"))
    assert {path.stem for path in catalogs} == {"pef-refunds-en_US", "pef-refunds-es_PE"}
    assert {path.name: build.untranslated(path) for path in catalogs} == {
        path.name: [] for path in catalogs
    }


def test_translations_keep_their_figures(build: ModuleType) -> None:
    """A translation has the same placeholders as its text, so that no screen breaks."""
    for path in build.LANGUAGES.glob("*.po"):
        with path.open("rb") as source:
            for message in build.read_po(source):
                assert _figures(message.id) == _figures(message.string), message.id


def test_versions_agree(build: ModuleType) -> None:
    """The header, the constant and readme.txt name one version."""
    constant = re.search(r"'PEF_REFUNDS_VERSION', '([^']+)'", HEADER)
    stable = re.search(r"^Stable tag: (\S+)$", README, re.MULTILINE)
    assert constant is not None
    assert stable is not None
    assert {build.version(), constant[1], stable[1]} == {build.version()}


@pytest.mark.parametrize(
    "line",
    [
        "Contributors: ",
        "Tags: ",
        "Requires at least: 6.3",
        "Tested up to: ",
        "Requires PHP: 7.4",
        "License: GPL-2.0-or-later",
        "== Description ==",
        "== Installation ==",
        "== Frequently Asked Questions ==",
        "== Changelog ==",
    ],
)
def test_readme_has_what_wordpress_asks(line: str) -> None:
    """readme.txt has WordPress's headers and sections."""
    assert f"\n{line}" in README


def test_readme_keeps_wordpress_limits() -> None:
    """There are at most five tags, and the short description has at most 150 characters."""
    tags = re.search(r"^Tags: (.+)$", README, re.MULTILINE)
    assert tags is not None
    assert len(tags[1].split(",")) <= 5
    assert 0 < len(README.split("\n\n")[1].strip()) <= 150


def test_header_has_what_woocommerce_asks() -> None:
    """The plugin's header names what WordPress and WooCommerce look for."""
    for line in ("Requires Plugins: woocommerce", "WC requires at least: 8.2", "Requires PHP: 7.4"):
        assert f" * {line}\n" in HEADER
    assert " * Text Domain: pef-refunds\n" in HEADER


def test_no_option_is_autoloaded() -> None:
    """Every option of the plugin is written with autoload off, and none holds a secret."""
    code = "".join(map(_code, PHP_FILES))
    writes = re.findall(r"\b(?:add|update)_option\((.*)\);", code)
    assert writes
    assert [write for write in writes if not write.rstrip().endswith("'no'")] == []
    assert re.search(r"'(?:\w*secret\w*|api_key|consumer_key)'\s*=>", code) is None


def test_every_file_refuses_to_be_called_by_itself() -> None:
    """No file does anything when a browser asks for it directly."""
    guards = ("defined( 'ABSPATH' ) || exit;", "defined( 'WP_UNINSTALL_PLUGIN' ) || exit;")
    assert [path.name for path in PHP_FILES if not any(g in _code(path) for g in guards)] == []


def _code(path: Path) -> str:
    """The file without its comments."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


def _figures(text: str | Sequence[str]) -> set[str]:
    return set(re.findall(r"%(?:\d\$)?[sd]", text if isinstance(text, str) else " ".join(text)))
