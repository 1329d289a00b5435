"""What a hostile sender tries at a door. Each attack is bytes; none of them may be believed."""

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from webhook_entries import ODD_SECRET, Door
from webhook_framing import framings
from webhook_http import Letter, chunked
from webhook_shops import sha256_hex

_MEGABYTE: Final = 1024 * 1024
_ALGORITHMS: Final = ("md5", "sha1", "sha224", "sha384", "sha512", "sha3_256")
# Who speaks, where a header says so: it must not be said twice.
_NAMES: Final = {
    "X-WC-Webhook-Source": "https://otra.example/",
    "X-Shopify-Shop-Domain": "otra.myshopify.com",
    "X-VTEX-API-AppKey": "vtex-b",
}
_FLIPS, _CUTS = 8, 4
_DEPTHS: Final = (500, 60_000)
_BRACKETS: Final = (b"[", b'{"a":', b'[{"data":')


@dataclass(frozen=True, slots=True)
class Attack:
    """One connection's bytes; `hangs_up` closes our half after them."""

    kind: str
    raw: bytes
    hangs_up: bool = False


def attacks(door: Door, letter: Letter, rng: Random, bomb_megabytes: int) -> Iterator[Attack]:
    """Everything that is tried with one genuine letter, which is itself never sent."""
    for kind, tried in (
        *_unproved(door, letter),
        *_of_others(door, letter),
        *_altered(door, letter, rng),
        *_doubled(door, letter),
        *_unreadable(door, letter),
        *_compressed(door, letter, bomb_megabytes),
    ):
        yield Attack(kind, tried.raw())
    yield from _too_large(door, letter)
    for kind, raw, hangs_up in framings(door, letter):
        yield Attack(kind, raw, hangs_up)


Tried = Iterator[tuple[str, Letter]]


def _unproved(door: Door, letter: Letter) -> Tried:
    right = letter.shown(door.proof)
    yield "missing header", letter.showing(door.proof)
    yield "empty header", letter.showing(door.proof, "")
    yield "empty secret", door.sealed(letter, "")
    for word in ("none", "null", "0", "=", "\xf1\xff", "sha256=" + right, f'"{right}"'):
        yield "made-up proof", letter.showing(door.proof, word)
    for other in (right[:-1], right + right[-1], right.swapcase(), right[::-1], "A" * 8000):
        yield "nearly right proof", letter.showing(door.proof, other)
    yield "wrong algorithm", letter.showing(door.proof, sha256_hex(door.secret))
    if door.prove is not None:
        yield from _wrong_algorithm(door, letter)


def _wrong_algorithm(door: Door, letter: Letter) -> Tried:
    kind, right = "wrong algorithm", letter.shown(door.proof)
    for algorithm in _ALGORITHMS:
        yield kind, door.sealed(letter, door.secret, algorithm)
    yield kind, letter.showing(door.proof, sha256_hex(letter.body.decode()))
    yield kind, letter.showing(door.proof, _other_writing(right))


def _other_writing(proof: str) -> str:
    """The right digest in base64 where hexadecimal is meant, and the reverse."""
    if len(proof) == 64:
        return base64.b64encode(bytes.fromhex(proof)).decode()
    return base64.b64decode(proof).hex()


def _of_others(door: Door, letter: Letter) -> Tried:
    yield "another tenant's secret", door.sealed(letter, ODD_SECRET)
    yield "another tenant's address", door.elsewhere(letter)
    yield "another tenant's address", door.elsewhere(door.sealed(letter, ODD_SECRET + "x"))
    for name, other in _NAMES.items():
        if letter.shown(name):
            yield "another tenant's name", letter.showing(name, other)


def _altered(door: Door, letter: Letter, rng: Random) -> Tried:
    """The right proof beside another body; a mere secret in a header can't tell, if it is JSON."""
    yield "truncated", letter.saying(b"")
    yield "truncated", letter.saying(letter.body[:-1])
    for _ in range(_CUTS):
        yield "truncated", letter.saying(letter.body[: rng.randrange(1, len(letter.body))])
    if door.prove is None:
        return
    for body in _encoded_again(door, letter.body):
        yield "re-encoded", letter.saying(body)
    for _ in range(_FLIPS):
        yield "bit flipped", letter.saying(_flipped(letter.body, rng))
    yield "extended", letter.saying(letter.body + b"x")
    yield "extended", letter.saying(letter.body + letter.body)


def _encoded_again(door: Door, body: bytes) -> Iterator[bytes]:
    """The same JSON in other bytes."""
    told = json.loads(body)
    backwards = dict(reversed(list(told.items())))
    yield json.dumps(backwards, separators=(",", ":")).encode()
    first = next(iter(told))
    yield body.replace(first.encode(), f"\\u{ord(first[0]):04x}{first[1:]}".encode(), 1)
    yield b"\xef\xbb\xbf" + body
    if door.blanks_count:
        yield json.dumps(told, indent=1).encode()
        yield body + b"\n"


def _flipped(body: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + bytes((body[at] ^ (1 << rng.randrange(8)),)) + body[at + 1 :]


def _doubled(door: Door, letter: Letter) -> Tried:
    right, wrong = letter.shown(door.proof), door.sealed(letter, ODD_SECRET).shown(door.proof)
    for values in ((right, wrong), (wrong, right), (right, ""), ("", right), (right, right)):
        yield "doubled proof", letter.showing(door.proof, *values)
    yield "doubled proof", letter.showing(door.proof, f"{right}, {wrong}")
    for name, other in _NAMES.items():
        own = letter.shown(name)
        if own:
            yield "doubled name", letter.showing(name, own, other)
            yield "doubled name", letter.showing(name, other, own)


def _unreadable(door: Door, letter: Letter) -> Tried:
    """Rightly proved, so that only its reading stands in the way."""
    text = letter.body.decode()
    for body in (
        letter.body.replace(b'"', b'"\xff\xfe', 1),
        b"\x80" * 100,
        text.encode("utf-16"),
        text.encode("utf-32-le"),
    ):
        yield "not UTF-8", door.sealed(letter.saying(body), door.secret)
    for depth in _DEPTHS:
        for bracket in _BRACKETS:
            body = bracket * (depth // len(bracket))
            yield "very deep JSON", door.sealed(letter.saying(body), door.secret)
    for body in (b'"' + b'\\"' * 32_000, b"[" + b"1.1," * 15_000 + b"1]", b" " * 60_000):
        yield "costly to read", door.sealed(letter.saying(body), ODD_SECRET)
        yield "costly to read", door.sealed(letter.saying(body), door.secret)


def _compressed(door: Door, letter: Letter, megabytes: int) -> Tried:
    """Nothing is ever unpacked: neither a bomb, nor the right body in a wrapping."""
    bomb = _bomb(megabytes)
    for coding in ("gzip", "deflate", "br", "gzip, gzip", "zstd"):
        sealed = door.sealed(letter.saying(bomb), door.secret)
        yield "compressed bomb", sealed.showing("Content-Encoding", coding)
    for coding, body in (("deflate", zlib.compress(letter.body)), ("gzip", _zipped(letter.body))):
        wrapped = letter.saying(body).showing("Content-Encoding", coding)
        yield "compressed", wrapped
        yield "compressed", door.sealed(wrapped, door.secret)


@cache
def _bomb(megabytes: int) -> bytes:
    """Zeros without end, packed twice, so that what is sent stays small."""
    packer = zlib.compressobj(9, wbits=31)
    once = b"".join(packer.compress(b"\0" * _MEGABYTE) for _ in range(megabytes)) + packer.flush()
    return _zipped(once)


def _zipped(body: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(body) + packer.flush()


def _too_large(door: Door, letter: Letter) -> Iterator[Attack]:
    """Ten megabytes, announced and not; blanks around JSON do no harm to any reader."""
    large = door.sealed(letter.saying(letter.body + b" " * (10 * _MEGABYTE)), door.secret)
    yield Attack("ten megabytes", large.raw())
    unannounced = large.head("Transfer-Encoding: chunked") + chunked(large.body)
    yield Attack("ten megabytes in chunks", unannounced)
