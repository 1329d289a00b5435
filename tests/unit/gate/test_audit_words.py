"""What the audit keeps can be read: each deed of the gate has its sentence in every language."""

import ast
from collections.abc import Iterator
from pathlib import Path

from pef_adapters.core import texts

GATE = Path(__file__).parents[3] / "src" / "pef_adapters" / "engine" / "gate"


def deeds() -> Iterator[str]:
    """Every deed that a module of the gate names, as Deed(what="…") or by its own _deed("…")."""
    for path in GATE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Deed", "_deed"}:
                given = [word.value for word in node.keywords if word.arg == "what"]
                for each in given or node.args[:1]:
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value


def test_each_deed_has_its_sentence() -> None:
    """A deed without a text would stand in the audit as a word of our code."""
    found = set(deeds())
    assert {"sign_in", "invite", "make_token", "retry"} <= found
    for language in texts.LANGUAGES:
        assert {what for what in found if f"audit.{what}" not in texts.keys(language)} == set()
