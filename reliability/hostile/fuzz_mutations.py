"""Spoils a good answer, by seed: its JSON, its bytes, or what HTTP says around them.

A mutation's name says what was done. Numbers are kept as the letters they are written in, so
that "22.05", "2205e-2" and "22.0500000001" stay three different answers.
"""

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import fuzz_words as words

Rng = random.Random


class Raw(str):
    """JSON exactly as these letters say it, right or wrong."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object whose names may come twice."""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer as a server tells it; `breaks_off` is a connection that dies midway."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_off: bool = False


def told(value: Any, status: int = 200, **headers: str) -> Told:
    """An answer in JSON; a header's underscores are hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = value if isinstance(value, bytes) else rendered(value)
    return Told(body, status, {"Content-Type": "application/json", **named})


def rendered(value: Any) -> bytes:
    """JSON as text, with whatever a mutation put into it."""
    return _written(value).encode("utf-8", "surrogatepass")


def _written(value: Any) -> str:
    match value:
        case Raw():
            return str.__str__(value)
        case Pairs():
            return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value) + "}"
        case dict():
            return _written(Pairs(value.items()))
        case list() | tuple():
            return "[" + ",".join(map(_written, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def read(body: bytes) -> Any:
    """The JSON of a good answer, with its fractions as they are written."""
    return json.loads(body, parse_float=Raw)


# --- one value -----------------------------------------------------------------------


def _deep(rng: Rng) -> Raw:
    depth = rng.choice((50, 200, 320, 450, 700, 900, 985, 985, 5000, 5000, 20_000))
    opens, closes = rng.choice((("[", "]"), ('{"a":', "}"), ('{"description":', "}")))
    return Raw(opens * depth + "1" + closes * depth)


def _other_id(rng: Rng, old: Any) -> Any:
    if isinstance(old, int) and not isinstance(old, bool):
        return rng.choice(
            (old + 1, old - 1, -old, old * 10, str(old), f"{old} ", f"0{old}", old + 2**53)
        )
    text = str(old)
    turned = text.swapcase() if text.swapcase() != text else f"{text}0"
    return rng.choice(
        (f"{text}1", text[:-1], turned, f" {text}", f"{text}\n", f"0{text}", text[::-1])
    )


def _long(rng: Rng, _: Any) -> str:
    return rng.choice("a9é茶\x07") * rng.choice((201, 201, 201, 5_000, 5_000, 100_000))


def _nudged(rng: Rng, old: Any) -> Any:
    """A number that is almost the same, in its own type."""
    text = str(old)
    tail = rng.choice(("0", "1", "9", "000", "0000000001", "e0", "e1", "e-1", "E+400"))
    made = f"{text}{tail}" if "." in text or tail.startswith(("e", "E")) else f"{text}.{tail}"
    return Raw(made) if not isinstance(old, str) or isinstance(old, Raw) else made


_VALUES: Final[Mapping[str, Callable[[Rng, Any], Any]]] = {
    "null": lambda _, __: None,
    "bool": lambda rng, _: rng.random() < 0.5,
    "number": lambda rng, _: Raw(rng.choice(words.NUMBERS)),
    "number as text": lambda rng, _: rng.choice(words.NUMBERS),
    "nudged": _nudged,
    "as text": lambda _, old: str(old),
    "as number": lambda _, old: Raw(str(old) if isinstance(old, str | int) else "1"),
    "as list": lambda _, old: [old],
    "as object": lambda _, old: {"value": old},
    "empty": lambda rng, _: rng.choice(("", [], {})),
    "currency": lambda rng, _: rng.choice(words.CURRENCIES),
    "other id": _other_id,
    "word": lambda rng, _: rng.choice(words.WORDS),
    "moment": lambda rng, _: rng.choice(words.MOMENTS),
    "long": _long,
    "strange text": lambda rng, _: Raw(rng.choice(words.STRANGE)),
    "deep": lambda rng, _: _deep(rng),
}


# --- the JSON's structure ---------------------------------------------------------------


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree: its container and its name or number there."""
    left = [value]
    while left:
        where = left.pop()
        if isinstance(where, dict | list) and not isinstance(where, Pairs):
            for name in range(len(where)) if isinstance(where, list) else where:
                yield where, name
                left.append(where[name])


def _at(rng: Rng, root: list[Any]) -> tuple[Any, Any]:
    """A place; `root` holds the whole value, so that it can be replaced too."""
    return rng.choice(list(_places(root)))


def _dropped(rng: Rng, root: list[Any]) -> None:
    where, name = _at(rng, root)
    if where is not root:
        del where[name]


def _renamed(rng: Rng, root: list[Any]) -> None:
    where, name = _at(rng, root)
    if isinstance(where, dict):
        turned = rng.choice(
            (f"{name}_", name.upper(), name.lower(), name[:-1], f" {name}", "id", "amount")
        )
        where[turned] = where.pop(name)


def _doubled(rng: Rng, root: list[Any]) -> None:
    """A name given twice, or an item of a list repeated."""
    where, name = _at(rng, root)
    if where is root:
        return
    if isinstance(where, list):
        where.insert(rng.randrange(len(where) + 1), where[name])
        return
    other = rng.choice(list(_VALUES.values()))(rng, where[name])
    pairs = Pairs([*where.items(), (name, other)])
    rng.shuffle(pairs)
    _replace(root, where, pairs)


def _replace(root: Any, old: Any, new: Any) -> None:
    for where, name in list(_places(root)):
        if where[name] is old:
            where[name] = new
            return


def _swapped(rng: Rng, root: list[Any]) -> None:
    (one, a), (two, b) = _at(rng, root), _at(rng, root)
    if one is not root and two is not root and not _holds(one[a], two) and not _holds(two[b], one):
        one[a], two[b] = two[b], one[a]


def _holds(value: Any, container: Any) -> bool:
    return value is container or any(where[name] is container for where, name in _places(value))


def _extra(rng: Rng, root: list[Any]) -> None:
    where, _ = _at(rng, root)
    if isinstance(where, dict):
        name = rng.choice(
            ("__proto__", "", "x", "class", "status", "amount", "error", "errors", "data")
        )
        where.setdefault(name, rng.choice(list(_VALUES.values()))(rng, 1))


_STRUCTURE: Final[Mapping[str, Callable[[Rng, list[Any]], None]]] = {
    "dropped": _dropped,
    "renamed": _renamed,
    "doubled": _doubled,
    "swapped": _swapped,
    "extra": _extra,
}


def _of_json(rng: Rng, answer: Told) -> tuple[str, Told]:
    root = [read(answer.body)]
    if rng.random() < 0.25:
        name = rng.choice(list(_STRUCTURE))
        _STRUCTURE[name](rng, root)
    else:
        name = rng.choice(list(_VALUES))
        where, place = _at(rng, root)
        where[place] = _VALUES[name](rng, where[place])
    return name, replace(answer, body=rendered(root[0]))


# --- bytes and HTTP ------------------------------------------------------------------------


def _truncated(rng: Rng, body: bytes) -> bytes:
    return body[: rng.randrange(max(1, len(body)))]


def _flipped(rng: Rng, body: bytes) -> bytes:
    spoiled = bytearray(body or b"x")
    for _ in range(rng.choice((1, 1, 2, 8))):
        spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
    return bytes(spoiled)


def _invalid_utf8(rng: Rng, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    return (
        body[:at]
        + rng.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"))
        + body[at:]
    )


_BYTES: Final[Mapping[str, Callable[[Rng, bytes], bytes]]] = {
    "truncated": _truncated,
    "bytes flipped": _flipped,
    "invalid utf-8": _invalid_utf8,
    "byte order mark": lambda _, body: b"\xef\xbb\xbf" + body,
    "utf-16": lambda _, body: body.decode("utf-8", "replace").encode("utf-16"),
    "a page": lambda rng, _: rng.choice(words.PAGES),
    "a page before it": lambda rng, body: rng.choice(words.PAGES) + body,
    "no body": lambda rng, _: rng.choice((b"", b" ", b"\r\n", b"\x00")),
    "other json": lambda rng, _: rng.choice(words.OTHERS),
    "rubbish behind": lambda rng, body: body + rng.choice((b"x", b"\x00", body, b",", b"]")),
    "deep body": lambda rng, _: str(_deep(rng)).encode(),
}


def _with_header(rng: Rng, answer: Told) -> Told:
    name, text = rng.choice(words.HEADERS)
    return replace(answer, headers={**answer.headers, name: text})


def _redirect(rng: Rng, answer: Told) -> Told:
    to = {"Location": rng.choice(words.LOCATIONS)}
    return replace(
        answer, status=rng.choice((301, 302, 303, 307, 308)), headers={**answer.headers, **to}
    )


_HTTP: Final[Mapping[str, Callable[[Rng, Told], Told]]] = {
    "status": lambda rng, answer: replace(answer, status=rng.choice(words.STATUSES)),
    "header": _with_header,
    "redirect": _redirect,
    "broken off": lambda rng, answer: replace(
        answer, body=_truncated(rng, answer.body), breaks_off=True
    ),
}


def mutate(rng: Rng, answer: Told) -> tuple[str, Told]:
    """A spoiled answer, and what was done to it; sometimes twice."""
    name, spoiled = _once(rng, answer)
    if rng.random() < 0.15:
        with contextlib.suppress(ValueError, RecursionError):  # no JSON any more: once is enough
            again, spoiled = _once(rng, spoiled)
            return f"{name} + {again}", spoiled
    return name, spoiled


def _once(rng: Rng, answer: Told) -> tuple[str, Told]:
    lot = rng.random()
    if lot < 0.72 and answer.body:
        return _of_json(rng, answer)
    if lot < 0.88:
        name = rng.choice(list(_BYTES))
        return name, replace(answer, body=_BYTES[name](rng, answer.body))
    name = rng.choice(list(_HTTP))
    return name, _HTTP[name](rng, answer)
