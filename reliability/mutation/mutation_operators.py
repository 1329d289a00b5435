"""What a mutant changes: one node of the syntax tree, in every small way that should be noticed.

`variants(node)` answers with each (name of the change, new node). The new node is a
copy; the tree that was read stays as it is.
"""

import ast
import copy
from collections.abc import Callable, Iterator

Variant = tuple[str, ast.AST]

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Swapped, these raise at once: nothing would be learned.
_ORDER_IS_FORM = {"isinstance", "issubclass", "getattr", "setattr", "hasattr", "cast"}
# Swapped, these answer the same: nothing could be noticed.
_ORDER_IS_NOTHING = {"min", "max", "compare_digest"}
_TRUTH = (ast.Name, ast.Call, ast.Attribute, ast.Await, ast.NamedExpr, ast.Subscript)


def variants(node: ast.AST) -> Iterator[Variant]:
    """Every way to change this one node."""
    for kind, changes in _CHANGES.items():
        if isinstance(node, kind):
            for change in changes:
                yield from change(node)


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _compare(node: ast.Compare) -> Iterator[Variant]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            ops = [*node.ops]
            ops[place] = other()
            yield "comparison", _changed(node, ops=ops)


def _and_or(node: ast.BoolOp) -> Iterator[Variant]:
    yield "boolean", _changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _calculation(node: ast.BinOp | ast.AugAssign) -> Iterator[Variant]:
    texts = (ast.JoinedStr, ast.List, ast.Tuple)
    ends = (getattr(node, "left", None), getattr(node, "right", None))
    if any(isinstance(end, texts) or _is_text(end) for end in ends):
        return
    other = _CALCULATED.get(type(node.op))
    if other is not None:
        yield "calculation", _changed(node, op=other())


def _is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _without_not(node: ast.UnaryOp) -> Iterator[Variant]:
    if isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield "negation", node.operand


def _constant(node: ast.Constant) -> Iterator[Variant]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", _changed(node, value=not value)
    elif isinstance(value, int | float):
        yield "constant", _changed(node, value=value + 1)
    elif isinstance(value, str):
        yield "constant", _changed(node, value=value + "~")
    elif isinstance(value, bytes):
        yield "constant", _changed(node, value=value + b"~")


def _nothing_returned(node: ast.Return) -> Iterator[Variant]:
    value = node.value
    # For `return False` there is `return True`; None means the same to whoever asks yes or no.
    plain = isinstance(value, ast.Constant) and (value.value is None or value.value is False)
    if value is not None and not plain:
        yield "return", _changed(node, value=ast.Constant(None))


def _dropped(_node: ast.stmt) -> Iterator[Variant]:
    yield "dropped", ast.Pass()


def _call_dropped(node: ast.Expr) -> Iterator[Variant]:
    if isinstance(node.value, ast.Call | ast.Await):
        yield "dropped", ast.Pass()


def _setting_dropped(node: ast.Assign) -> Iterator[Variant]:
    if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
        yield "dropped", ast.Pass()


def _other_error(node: ast.Raise) -> Iterator[Variant]:
    if isinstance(node.exc, ast.Call):
        other = _changed(node.exc, func=ast.Name("RuntimeError", ast.Load()), keywords=[])
        yield "exception", _changed(node, exc=other)


def _caught_nothing(node: ast.ExceptHandler) -> Iterator[Variant]:
    if isinstance(node.type, ast.Tuple):
        for place in range(len(node.type.elts)):
            rest = [*node.type.elts[:place], *node.type.elts[place + 1 :]]
            yield "exception", _changed(node, type=_changed(node.type, elts=rest))
    elif node.type is not None:
        yield "exception", _changed(node, type=ast.Tuple([], ast.Load()))


def _broken(_node: ast.Break) -> Iterator[Variant]:
    yield "loop", ast.Continue()


def _continued(_node: ast.Continue) -> Iterator[Variant]:
    yield "loop", ast.Break()


def _called(node: ast.Call) -> Iterator[Variant]:
    name = _name(node.func)
    if name in _OTHER_NAME and isinstance(node.func, ast.Name):
        yield "call", _changed(node, func=ast.Name(_OTHER_NAME[name], ast.Load()))
    if name == "replace":
        for place in range(len(node.keywords)):
            rest = [*node.keywords[:place], *node.keywords[place + 1 :]]
            yield "field left out", _changed(node, keywords=rest)
    if name not in _ORDER_IS_FORM | _ORDER_IS_NOTHING:
        yield from _swapped(node)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _swapped(node: ast.Call) -> Iterator[Variant]:
    first_two = node.args[:2]
    if len(first_two) < 2 or any(isinstance(arg, ast.Starred) for arg in first_two):
        return
    if ast.dump(first_two[0]) != ast.dump(first_two[1]):
        yield "swapped", _changed(node, args=[first_two[1], first_two[0], *node.args[2:]])


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Variant]:
    if isinstance(node.test, _TRUTH):
        yield "condition", _changed(node, test=ast.UnaryOp(ast.Not(), node.test))


def _filter(node: ast.comprehension) -> Iterator[Variant]:
    for place, test in enumerate(node.ifs):
        if isinstance(test, _TRUTH):
            ifs = [*node.ifs]
            ifs[place] = ast.UnaryOp(ast.Not(), test)
            yield "condition", _changed(node, ifs=ifs)


_CHANGES: dict[type[ast.AST], tuple[Callable[..., Iterator[Variant]], ...]] = {
    ast.Compare: (_compare,),
    ast.BoolOp: (_and_or,),
    ast.BinOp: (_calculation,),
    ast.AugAssign: (_calculation, _dropped),
    ast.UnaryOp: (_without_not,),
    ast.Constant: (_constant,),
    ast.Return: (_nothing_returned,),
    ast.Expr: (_call_dropped,),
    ast.Assign: (_setting_dropped,),
    ast.Delete: (_dropped,),
    ast.Raise: (_dropped, _other_error),
    ast.ExceptHandler: (_caught_nothing,),
    ast.Break: (_broken,),
    ast.Continue: (_continued,),
    ast.Call: (_called,),
    ast.If: (_condition,),
    ast.While: (_condition,),
    ast.IfExp: (_condition,),
    ast.comprehension: (_filter,),
}
