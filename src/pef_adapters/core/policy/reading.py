"""Read a policy that somebody wrote, in YAML or JSON; each mistake is named with its line.

Numbers with a point stay exact decimals, and a name given twice is an error: what an
owner reads in the file is what counts.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import yaml
from pydantic import ValidationError

from pef_adapters.core.errors import PolicyUnreadable
from pef_adapters.core.policy.model import BASE, Policy

_MOST_CHARACTERS = 200_000
_OLD_SETTINGS = frozenset({"original_route_days", "payout_days"})


def read_policy(text: str) -> Policy:
    """The policy in a YAML or JSON text.

    Raises:
        PolicyUnreadable: not YAML, or not a policy; the message names lines and mends.
    """
    if len(text) > _MOST_CHARACTERS:
        raise PolicyUnreadable(f"a policy has at most {_MOST_CHARACTERS} characters")
    node = _parse(text)
    if not isinstance(node, yaml.MappingNode):
        raise PolicyUnreadable('line 1: a policy starts with its name, such as "name: my-shop"')
    try:
        return Policy.model_validate(_construct(node))
    except ValidationError as error:
        raise PolicyUnreadable(_mistakes(error, node)) from None


def policy_from_settings(settings: Mapping[str, Any]) -> Policy:
    """A store's kept policy: a whole one, only the two window tiers, or nothing.

    Raises:
        PolicyUnreadable: what is kept is no policy.
    """
    try:
        if set(settings) <= _OLD_SETTINGS:
            return Policy.model_validate({**BASE.model_dump(), "window": dict(settings)})
        return Policy.model_validate(settings)
    except ValidationError as error:
        raise PolicyUnreadable(_mistakes(error, None)) from None


class _Loader(yaml.SafeLoader):
    """Safe YAML with exact decimals, in which no name may be given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        seen = set[str]()
        for key, _ in node.value:
            if key.value in seen:
                problem = f'"{key.value}" stands here for the second time: keep one'
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal | str:
    # What is no plain decimal (1e3, .inf) stays text, and the model refuses it.
    text = str(loader.construct_scalar(node))
    return Decimal(text) if text.replace(".", "", 1).isdecimal() else text


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int | str:
    # YAML 1.1 would read 0100 as octal and 12:30 in sixties; nobody means that here.
    text = str(loader.construct_scalar(node))
    return int(text) if text.isdecimal() else text


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def _parse(text: str) -> yaml.Node | None:
    with _named_with_its_line():
        _refuse_aliases(text)
        return _Loader(text).get_single_node()


def _refuse_aliases(text: str) -> None:
    # A few nested aliases can stand for billions of nodes.
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.AliasToken):
            problem = "write it out: aliases are not read"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=token.start_mark)


def _construct(node: yaml.Node) -> Any:
    with _named_with_its_line():
        return _Loader("").construct_document(node)


@contextmanager
def _named_with_its_line() -> Iterator[None]:
    try:
        yield
    except yaml.YAMLError as error:
        raise PolicyUnreadable(_not_yaml(error)) from None
    except RecursionError:
        raise PolicyUnreadable("brackets stand too deep in each other") from None


def _not_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "a character that YAML does not allow"
    return f"line {mark.line + 1}: {problem}" if mark else f"this is not YAML: {problem}"


def _mistakes(error: ValidationError, root: yaml.Node | None) -> str:
    return "; ".join(
        f"{_line(root, mistake['loc'])}{_place(mistake['loc'])}: {_mend(mistake)}"
        for mistake in error.errors(include_url=False, include_input=False)
    )


def _mend(mistake: Any) -> str:
    match mistake["type"]:
        case "extra_forbidden":
            return "there is no such name; see the list of conditions and settings"
        case "missing":
            return "this has to be given"
        case _:
            said: str = mistake["msg"]
            return said.removeprefix("Value error, ")


def _place(loc: Iterable[int | str]) -> str:
    """Where, as a path such as rules[1].when.amount."""
    words = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in loc)
    return "".join(words).removeprefix(".") or "policy"


def _line(root: yaml.Node | None, loc: Iterable[int | str]) -> str:
    """The line of the deepest step that stands in the text."""
    if root is None:
        return ""
    node, line = root, root.start_mark.line
    for step in loc:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return f"line {line + 1}: "


def _child(node: yaml.Node, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        named = ((key.start_mark.line, value) for key, value in node.value if key.value == step)
        return next(named, None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark.line, child
    return None
