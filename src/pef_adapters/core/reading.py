"""Read a file that somebody wrote, in YAML or JSON; each mistake is named with its line.

Numbers with a point stay exact decimals, a day stays text, and a name given twice is an
error: what an owner reads in the file is what counts. Owns no file's meaning: that is
the model's, such as a policy's or that of costs.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pef_adapters.core.errors import InvalidInput

_MOST_CHARACTERS = 200_000
_MOST_DIGITS = 40
_REFUSED_TOKENS = {
    # A few nested aliases can stand for billions of nodes.
    yaml.AliasToken: "write it out: aliases are not read",
    yaml.TagToken: 'write it without the "!" in front: tags are not read',
}
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Format(Generic[Model]):
    """A kind of file: what it must fit, the error for its mistakes, and the words for them.

    `start` says how such a file begins, and `names` where its names are listed.
    """

    model: type[Model]
    unreadable: type[InvalidInput]
    name: str
    start: str
    names: str

    def read(self, text: str) -> Model:
        """The model in a YAML or JSON text.

        Raises:
            InvalidInput: as `unreadable`; the message names lines and mends.
        """
        if len(text) > _MOST_CHARACTERS:
            raise self.unreadable(f"a {self.name} has at most {_MOST_CHARACTERS} characters")
        node = self._parse(text)
        if not isinstance(node, yaml.MappingNode):
            raise self.unreadable(f"line 1: {self.start}")
        return self._validate(self._construct(node), node)

    def accept(self, kept: Mapping[str, Any]) -> Model:
        """The model in plain data that was kept, which has no lines.

        Raises:
            InvalidInput: as `unreadable`; the message names each mistake.
        """
        return self._validate(kept, None)

    def _validate(self, data: Any, node: yaml.Node | None) -> Model:
        try:
            return self.model.model_validate(data)
        except ValidationError as error:
            raise self.unreadable(self._mistakes(error, node)) from None

    def _parse(self, text: str) -> yaml.Node | None:
        with self._named_with_its_line():
            _refuse_aliases_and_tags(text)
            return _Loader(text).get_single_node()

    def _construct(self, node: yaml.Node) -> Any:
        with self._named_with_its_line():
            return _Loader("").construct_document(node)

    @contextmanager
    def _named_with_its_line(self) -> Iterator[None]:
        try:
            yield
        except yaml.YAMLError as error:
            raise self.unreadable(_not_yaml(error)) from None
        except RecursionError:
            raise self.unreadable("brackets stand too deep in each other") from None

    def _mistakes(self, error: ValidationError, root: yaml.Node | None) -> str:
        return "; ".join(
            f"{_line(root, mistake['loc'])}{_place(mistake['loc']) or self.name}: "
            f"{self._mend(mistake)}"
            for mistake in error.errors(include_url=False, include_input=False)
        )

    def _mend(self, mistake: Any) -> str:
        match mistake["type"]:
            case "extra_forbidden":
                return f"there is no such name; {self.names}"
            case "missing":
                return "this has to be given"
            case _:
                said: str = mistake["msg"]
                return said.removeprefix("Value error, ")


class _Loader(yaml.SafeLoader):
    """Safe YAML with exact decimals, in which no name may be given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        seen = set[str]()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _marked("a name is a word, not a list or a group", key)
            if key.value in seen:
                raise _marked(f'"{key.value}" stands here for the second time: keep one', key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal | str:
    # What is no plain decimal (1e3, .inf) stays text, and the model refuses it.
    text = str(loader.construct_scalar(node))
    return Decimal(text) if text.replace(".", "", 1).isdecimal() else text


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int | str:
    # YAML 1.1 would read 0100 as octal and 12:30 in sixties; nobody means that here.
    text = str(loader.construct_scalar(node))
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text


def _day(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    # YAML would fail on 2026-02-30 without naming the line; the model does.
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def _refuse_aliases_and_tags(text: str) -> None:
    for token in yaml.scan(text, Loader=_Loader):
        if problem := _REFUSED_TOKENS.get(type(token)):
            raise _marked(problem, token)


def _marked(problem: str, where: yaml.Node | yaml.Token) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


def _not_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "a character that YAML does not allow"
    return f"line {mark.line + 1}: {problem}" if mark else f"this is not YAML: {problem}"


def _place(loc: Iterable[int | str]) -> str:
    """Where, as a path such as rules[1].when.amount."""
    words = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in loc)
    return "".join(words).removeprefix(".")


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
