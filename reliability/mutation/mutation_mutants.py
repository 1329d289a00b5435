"""Finds the mutants of a file, and builds the one that is asked for.

A mutant's id names its file, its function, and the code before and after, so that it
stays the same while lines move. What only people read is left alone: docstrings, log
lines, the words of an error; so are annotations, protocols and `__all__`.
"""

import ast
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mutation_operators import variants

SOURCES = Path(__file__).parents[2] / "src" / "pef_adapters"
ROOMS = ("core", "pagoefectivo", "engine")
_NOT_MUTATED = ("pagoefectivo/sandbox/",)
_LOGS = {"_log", "log", "logger"}
_LEFT_DECORATORS = ("dataclass", "cache", "lru_cache", "total_ordering")
_NAMING_CALLS = ("TypeVar", "NewType", "ParamSpec", "get_logger", "namedtuple")
_BUILT_IN_TYPES = ("int", "str", "bool", "bytes", "date", "datetime", "dict", "list", "tuple")
_LONGEST = 160


@dataclass(frozen=True)
class Mutant:
    """One small change of one file."""

    id: str
    file: str
    function: str
    change: str
    line: int
    lines: tuple[int, int]
    # Decided while the module loads: only a fresh import can show it.
    at_import: bool
    node: int
    variant: int
    # A control changes nothing: what notices it is a fault of the machinery.
    control: bool = False

    @property
    def room(self) -> str:
        return self.file.split("/")[0]


@dataclass(frozen=True)
class _Seen:
    """A node, and where it stands."""

    place: int
    node: ast.AST
    parent: ast.AST
    statement: ast.stmt
    function: str
    at_import: bool


_Change = tuple[_Seen, int, str, ast.AST]


def files() -> list[str]:
    """Every file of the three rooms, core first."""
    found = [
        path.relative_to(SOURCES).as_posix()
        for room in ROOMS
        for path in sorted((SOURCES / room).rglob("*.py"))
    ]
    return [file for file in found if not file.startswith(_NOT_MUTATED)]


def mutants_of(file: str) -> list[Mutant]:
    """All mutants of a file, in the order of its text."""
    tree = _tree(file)
    again: Counter[str] = Counter()
    return [_mutant(file, change, again) for change in _changes(tree)]


def control_of(mutant: Mutant) -> Mutant:
    """The same in everything, but without the change."""
    return replace(mutant, id=f"(control) {mutant.id}", control=True)


def mutated_code(mutant: Mutant) -> ast.Module:
    """The whole file's tree with this one change; lines stay where they were."""
    tree = ast.parse((SOURCES / mutant.file).read_text())
    if mutant.control:
        return tree
    for seen in _walk(tree):
        if seen.place == mutant.node:
            _, new = next(itertools.islice(variants(seen.node), mutant.variant, None))
            ast.copy_location(new, seen.node)
            _put(seen.parent, seen.node, new)
            return ast.fix_missing_locations(tree)
    raise LookupError(mutant.id)


@lru_cache(maxsize=4)
def _tree(file: str) -> ast.Module:
    return ast.parse((SOURCES / file).read_text())


def _changes(tree: ast.Module) -> Iterator[_Change]:
    for seen in _walk(tree):
        for number, (kind, new) in enumerate(variants(seen.node)):
            ast.copy_location(new, seen.node)
            yield seen, number, kind, new


def _mutant(file: str, change: _Change, again: Counter[str]) -> Mutant:
    seen, number, kind, new = change
    before, after = _shown(seen, new)
    name = f"{file} {seen.function or '(module)'}: {before} → {after}"
    again[name] += 1
    if again[name] > 1:
        name += f" (#{again[name]})"
    line = getattr(seen.node, "lineno", seen.statement.lineno)
    span = _head(seen.statement)
    spot = (seen.place, number)
    return Mutant(name, file, seen.function, kind, line, span, seen.at_import, *spot)


def _shown(seen: _Seen, new: ast.AST) -> tuple[str, str]:
    """The code before and after, with as much around it as one line takes."""
    whole = seen.parent if isinstance(seen.parent, ast.expr | ast.keyword) else seen.node
    for around in (whole, seen.node):
        before = _text(around)
        if len(before) <= _LONGEST:
            break
    if around is seen.node:
        return before[:_LONGEST], _text(new)[:_LONGEST]
    undo = _put(seen.parent, seen.node, new)
    after = _text(around)
    undo()
    return before, after


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type) if node.type else ''}"
    return " ".join(ast.unparse(node).split())


def _put(parent: ast.AST, old: ast.AST, new: ast.AST):  # noqa: ANN202 - a function that undoes it
    """Put a node into another's place, and answer with the way back."""
    for name, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, name, new)
            return lambda: setattr(parent, name, old)
        if isinstance(value, list) and any(item is old for item in value):
            place = next(n for n, item in enumerate(value) if item is old)
            value[place] = new
            return lambda: value.__setitem__(place, old)
    raise LookupError(ast.dump(old))


def _head(statement: ast.stmt) -> tuple[int, int]:
    """The lines of a statement that run with it: of a compound one, those before its body."""
    last = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if body:
        last = max(statement.lineno, min(last, body[0].lineno - 1))
    return statement.lineno, last


@dataclass(frozen=True)
class _Around:
    """Where a walk through the tree stands."""

    statement: ast.stmt
    path: tuple[str, ...] = ()
    # Whether a function's body is around it.
    inside: bool = False


def _walk(tree: ast.Module) -> Iterator[_Seen]:
    counter = itertools.count()
    for _, statement in _children(tree):
        if isinstance(statement, ast.stmt):
            yield from _visit(statement, tree, _Around(statement), counter)


def _visit(
    node: ast.AST, parent: ast.AST, around: _Around, counter: Iterator[int]
) -> Iterator[_Seen]:
    place = next(counter)
    if _left_alone(node, parent):
        return
    if isinstance(node, ast.stmt):
        around = replace(around, statement=node)
    path = ".".join(around.path)
    yield _Seen(place, node, parent, around.statement, path, not around.inside)
    for name, child in _children(node):
        yield from _visit(child, node, _deeper(node, name, around), counter)


def _deeper(node: ast.AST, name: str, around: _Around) -> _Around:
    if isinstance(node, ast.ClassDef):
        return replace(around, path=(*around.path, node.name))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        inside = around.inside or name == "body"
        return replace(around, path=(*around.path, node.name), inside=inside)
    return around


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _for_people(node, name, child):
                yield name, child


def _for_people(parent: ast.AST, name: str, child: ast.AST) -> bool:
    """A docstring, an error's words, a decorator without meaning for what comes out."""
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if name == "decorator_list":
        return _name(child) in _LEFT_DECORATORS
    if name == "exc" and isinstance(child, ast.Call):
        # `raise Error("words")`: the error counts, its words don't.
        return not isinstance(parent, ast.Raise) or _only_words(child)
    return False


def _only_words(call: ast.Call) -> bool:
    texts = [isinstance(arg, ast.JoinedStr | ast.Constant) for arg in call.args]
    return all(texts) and not call.keywords


def _left_alone(node: ast.AST, parent: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        return any(_name(base) == "Protocol" for base in node.bases)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _is_log(node.value.func)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _only_names(node)
    if isinstance(node, ast.If):
        return _name(node.test) == "TYPE_CHECKING"
    words = isinstance(node, ast.JoinedStr | ast.Constant)
    return words and isinstance(parent, ast.Call) and _raised(parent)


def _raised(call: ast.Call) -> bool:
    """A call that builds an error: its sentence is for people."""
    name = _name(call.func)
    return name[:1].isupper() and name.endswith(("Error", "Invalid", "Refused", "Sent"))


def _is_log(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and _name(func.value) in _LOGS


def _only_names(node: ast.Assign | ast.AnnAssign) -> bool:
    """`__all__`, `T = TypeVar("T")`, a logger, a type such as `A | B`."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if _name(target) == "__all__" or _name(node.value) in _NAMING_CALLS:
        return True
    return _is_type(node.value)


def _is_type(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.BitOr):
        return False
    return all(
        _is_type(end) or _name(end)[:1].isupper() or _name(end) in _BUILT_IN_TYPES
        for end in (value.left, value.right)
    )


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant) and node.value is None:
        return "None"
    return node.id if isinstance(node, ast.Name) else ""
