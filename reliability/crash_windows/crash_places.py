"""Every place in the engine at which a process can die between two durable things.

Read from the code, not from a list: each `await`, each `async for`, and each `async with`
on its way in and on its way out (which is where a transaction commits). A place keeps its
name when lines shift: file, function, what stands there, and its number among its likes.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crash_reach import reached_functions
from pef_adapters import engine

ENGINE = Path(engine.__file__).parent
Position = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """One suspension point. `item` is set for the parts of an `async with`."""

    id: str
    file: str
    function: str
    line: int


class Places:
    """All places of the code that the roots reach, to be found by position or by id.

    `beyond` counts, by file, the places in use cases that no refund runs through.
    """

    def __init__(self, root: Path = ENGINE) -> None:
        self.root = root
        self.all: dict[str, Place] = {}
        self.beyond: Counter[str] = Counter()
        self.awaits: dict[Position, str] = {}
        self.withs: dict[Position, list[tuple[str, str, bool]]] = {}
        reached = reached_functions(root)
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            _Reader(self, name, str(path), reached).read()


class _Reader:
    """Reads one file's places into `Places`."""

    def __init__(self, into: Places, name: str, path: str, reached: set[tuple[str, str]]) -> None:
        self._into, self._name, self._path = into, name, path
        self._reached = reached
        self._text = Path(path).read_text()
        self._lines = [line.encode() for line in self._text.splitlines(keepends=True)]
        self._seen: Counter[str] = Counter()

    def read(self) -> None:
        for function, node in walk_functions(ast.parse(self._text)):
            reached = (self._name, function) in self._reached
            for inner in _own(node):
                if reached:
                    self._keep(function, inner)
                elif isinstance(inner, ast.Await | ast.AsyncFor | ast.AsyncWith):
                    self._into.beyond[self._name] += 1

    def _keep(self, function: str, node: ast.AST) -> None:
        if isinstance(node, ast.Await):
            self._into.awaits[self._at(node)] = self._add(function, "await", node.value)
        elif isinstance(node, ast.AsyncFor):
            self._into.awaits[self._at(node)] = self._add(function, "async for", node.iter)
        elif isinstance(node, ast.AsyncWith):
            self._into.withs[self._at(node)] = [
                (
                    self._add(function, "enter", item.context_expr),
                    self._add(function, "leave", item.context_expr),
                    ast.unparse(item.context_expr).endswith("book.begin()"),
                )
                for item in node.items
            ]

    def _add(self, function: str, what: str, node: ast.expr) -> str:
        text = " ".join(self._source(node).split())
        stem = f"{self._name}::{function}::{what} {text}"
        self._seen[stem] += 1
        place = f"{stem} #{self._seen[stem]}"
        self._into.all[place] = Place(place, self._name, function, node.lineno)
        return place

    def _source(self, node: ast.expr) -> str:
        """As `ast.get_source_segment`, which reads the whole file again each time."""
        end = node.end_lineno or node.lineno
        lines = self._lines[node.lineno - 1 : end]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"".join(lines).decode()

    def _at(self, node: ast.expr | ast.stmt) -> Position:
        return (
            self._path,
            node.lineno,
            node.end_lineno or 0,
            node.col_offset,
            node.end_col_offset or 0,
        )


def walk_functions(
    tree: ast.AST, around: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Each function with its qualified name, the ones inside classes and functions too."""
    for node in ast.iter_child_nodes(tree):
        name = around
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{around}{node.name}"
            yield name, node
            name += "."
        elif isinstance(node, ast.ClassDef):
            name = f"{around}{node.name}."
        yield from walk_functions(node, name)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        yield node
        yield from _own(node)
