"""Which functions of the engine a refund can run through: a call graph from names alone.

A name that is read counts as called, so the graph is rather too large than too small.
"""

import ast
from pathlib import Path

PACKAGE = "pef_adapters.engine"
# Whole modules whose public functions are entered from outside: jobs, webhooks, calls, people.
ROOTS = (
    *("advance", "digest", "janitor", "mind_checkout", "receive", "pressed"),
    *("people", "approvals", "payouts", "beneficiary", "bank_answers", "by_hand", "gateway"),
    *("privacy", "gate/refunds", "gate/approvals", "gate/payouts", "gate/by_hand", "gate/once"),
)

Function = tuple[str, str]


def reached_functions(root: Path) -> set[Function]:
    """(file, qualified name) of every function that the roots lead to."""
    graph = _Graph(root)
    reached: set[Function] = set()
    waiting = [f for f in graph.uses if f[0].removesuffix(".py") in ROOTS]
    while waiting:
        function = waiting.pop()
        if function not in reached:
            reached.add(function)
            waiting += graph.uses.get(function, set())
    return reached


class _Graph:
    """For each function, the engine's functions that it names."""

    def __init__(self, root: Path) -> None:
        self._trees = {
            path.relative_to(root).as_posix(): ast.parse(path.read_text())
            for path in sorted(root.rglob("*.py"))
        }
        self._top = {name: _defined(tree) for name, tree in self._trees.items()}
        self.uses: dict[Function, set[Function]] = {}
        self._behind: dict[Function, set[Function]] = {}
        for name, tree in self._trees.items():
            imports = _imports(tree)
            for owner, body in self._top[name].items():
                self._read(name, owner, body, imports)

    def _read(self, file: str, owner: str, body: list[ast.AST], imports: dict[str, str]) -> None:
        used: set[Function] = set()
        for part in body:
            for node in ast.walk(part):
                used |= self._named(file, node, imports)
        own = {(file, inner) for inner in _inside(owner, body)}
        for function in own:
            # What is inside a function or a class is run by whoever runs that.
            self.uses[function] = used | own

    def _named(self, file: str, node: ast.AST, imports: dict[str, str]) -> set[Function]:
        if isinstance(node, ast.Name):
            if node.id in self._top[file]:
                return self._of(file, node.id)
            return self._imported(imports.get(node.id, ""))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self._imported(f"{imports.get(node.value.id, '')}.{node.attr}")
        return set()

    def _imported(self, dotted: str) -> set[Function]:
        module, _, name = dotted.removeprefix(PACKAGE + ".").rpartition(".")
        file = module.replace(".", "/") + ".py"
        return self._of(file, name) if file in self._top else set()

    def _of(self, file: str, name: str) -> set[Function]:
        known = self._behind.get((file, name))
        if known is None:
            body = self._top[file].get(name)
            known = {(file, inner) for inner in _inside(name, body)} if body else set()
            self._behind[file, name] = known
        return known


def _defined(tree: ast.Module) -> dict[str, list[ast.AST]]:
    """What stands at a module's top by its name: functions, classes, and named tables of them."""
    found: dict[str, list[ast.AST]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = [node]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found[target.id] = [node.value]
    return found


def _imports(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        for alias in node.names
    }


def _inside(name: str, body: list[ast.AST]) -> list[str]:
    """The qualified names of the functions behind a top name; the name itself for a table."""
    names = [name]
    for part in body:
        names += _nested(part, f"{name}.")
    return names


def _nested(node: ast.AST, around: str) -> list[str]:
    found: list[str] = []
    for child in ast.iter_child_nodes(node):
        deeper = around
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            deeper = f"{around}{child.name}"
            found.append(deeper)
            deeper += "."
        found += _nested(child, deeper)
    return found
