"""Builds the WordPress plugin's zip, byte for byte the same from the same files.

Owns the translations' way from the sources to the template and to compiled catalogs. It must
never put a file into the zip that is not part of the plugin's folder.
"""  # noqa: INP001 - a script beside the plugin, not part of a package

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE: Final = Path(__file__).resolve().parent
PLUGIN: Final = HERE / "pef-refunds"
LANGUAGES: Final = PLUGIN / "languages"
TEMPLATE: Final = LANGUAGES / "pef-refunds.pot"
ZIP: Final = HERE.parents[2] / "dist" / "pef-refunds.zip"

# The oldest time that a zip can hold: a file's own time would change with each checkout.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_SHIPPED: Final = {".php", ".js", ".css", ".txt", ".po", ".pot", ""}
_TEXT: Final = r"'((?:[^'\\]|\\.)*)'"
_CALL: Final = re.compile(
    rf"(?:/\*\s*translators:\s*(?P<hint>.*?)\s*\*/\s*(?:\$\w+\s*=\s*)?)?"
    rf"(?P<name>\b(?:_n|__|esc_html__|esc_attr__))\(\s*{_TEXT}(?:,\s*{_TEXT})?(?:,\s*\$\w+)?,\s*'pef-refunds'",
    re.DOTALL,
)


def version() -> str:
    """The version in the plugin's header.

    Raises:
        ValueError: the header has none.
    """
    header = (PLUGIN / "pef-refunds.php").read_text("utf-8")
    found = re.search(r"^ \* Version: (\S+)$", header, re.MULTILINE)
    if found is None:
        raise ValueError("pef-refunds.php has no line ' * Version: …'")
    return found[1]


def template() -> Catalog:
    """Every text of the plugin, with its places and the hints to translators."""
    catalog = Catalog(project="PagoEfectivo Refunds", version=version(), fuzzy=False)
    for path in sorted(PLUGIN.rglob("*.php")):
        for text, hint, line in _texts(path.read_text("utf-8")):
            place = (path.relative_to(PLUGIN).as_posix(), line)
            catalog.add(text, locations=[place], auto_comments=[hint] if hint else ())
    return catalog


def template_text() -> bytes:
    """The template as its file holds it: without dates, which would change with each build."""
    out = io.BytesIO()
    write_po(out, template(), width=0, omit_header=True, include_lineno=False)
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    return header.encode() + out.getvalue().replace(b"python-format", b"php-format")


def untranslated(path: Path) -> list[str]:
    """The texts of the plugin for which a catalog has no translation."""
    with path.open("rb") as source:
        kept = read_po(source)
    texts = (message for message in template() if message.id)
    return [str(text.id) for text in texts if not _translated(kept, text.id)]


def build(target: Path = ZIP) -> Path:
    """Write the zip and give its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(_contents()):
            entry = zipfile.ZipInfo(f"pef-refunds/{name}", _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return target


def _contents() -> Iterator[tuple[str, bytes]]:
    for path in PLUGIN.rglob("*"):
        if path.is_file() and path.suffix in _SHIPPED and not path.name.startswith("."):
            yield path.relative_to(PLUGIN).as_posix(), path.read_bytes()
    for path in LANGUAGES.glob("*.po"):
        yield f"languages/{path.stem}.mo", _compiled(path)


def _compiled(path: Path) -> bytes:
    out = io.BytesIO()
    with path.open("rb") as source:
        write_mo(out, read_po(source))
    return out.getvalue()


def _texts(source: str) -> Iterator[tuple[str | tuple[str, str], str | None, int]]:
    for call in _CALL.finditer(source):
        one, many = (_unquoted(each) for each in call.group(3, 4))
        line = source.count("\n", 0, call.start("name")) + 1
        yield ((one, many) if call["name"] == "_n" else one), call["hint"], line


def _unquoted(text: str | None) -> str:
    return re.sub(r"\\(['\\])", r"\1", text or "")


def _translated(kept: Catalog, text: str | tuple[str, ...] | list[str]) -> bool:
    message = kept.get(text if isinstance(text, str) else text[0])
    if message is None or message.fuzzy:
        return False
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(strings)


def main() -> int:
    """Build, or with `--template` write the translators' template."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--template", action="store_true", help="write languages/pef-refunds.pot")
    if asked.parse_args().template:
        TEMPLATE.write_bytes(template_text())
        missing = {path.name: untranslated(path) for path in LANGUAGES.glob("*.po")}
        sys.stdout.write("".join(f"{name}: {text}\n" for name in missing for text in missing[name]))
        return 0
    sys.stdout.write(f"{build()}: version {version()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
