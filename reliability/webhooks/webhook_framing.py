"""Requests whose length is told in a lying or a double way, as smugglers tell it."""

from collections.abc import Iterator
from typing import Final

from webhook_entries import ODD_SECRET, Door
from webhook_http import Letter, chunked

Framed = Iterator[tuple[str, bytes, bool]]
_CHUNKED: Final = "Transfer-Encoding: chunked"
_ODD_CODINGS: Final = (
    *("Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity"),
    *("Transfer-Encoding: identity, chunked", "Transfer-Encoding : chunked"),
    *("Transfer-Encoding:\tchunked\x0b", "X-Fold: a\r\n Transfer-Encoding: chunked"),
)
_ODD_LENGTHS: Final = ("+{0}", "-{0}", "0x{0}", "{0}, {1}", "{0} {0}", "", "abc", "{0}.0", "\xb2")
_ODD_CHUNKS: Final = (
    *(b"ffffffffffffffff\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n"),
    *(b"5;a=\x00\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"\r\n", b"5\r\nhelloX\r\n0\r\n\r\n"),
)


def framings(door: Door, letter: Letter) -> Framed:
    """(kind, bytes, whether we hang up after them); what is inside is never genuine and whole."""
    forged = door.sealed(letter, ODD_SECRET)
    yield from _lengths_that_lie(letter, forged)
    yield from _two_lengths(door, letter, forged)
    yield from _second_requests(door, letter, forged)
    yield "chunked", forged.head(_CHUNKED) + chunked(forged.body, 7), False
    for chunks in _ODD_CHUNKS:
        yield "odd chunks", letter.head(_CHUNKED) + chunks, True
    yield "proof in a trailer", _in_a_trailer(door, letter), False


def _lengths_that_lie(letter: Letter, forged: Letter) -> Framed:
    """A genuine letter of which a part never comes, or whose end is cut off."""
    size = len(letter.body)
    yield "length too long", letter.head(f"Content-Length: {size + 100}") + letter.body, True
    yield "length too short", letter.head(f"Content-Length: {size - 3}") + letter.body, True
    yield "length without end", letter.head("Content-Length: 1000000000000") + letter.body, True
    yield "length without end", letter.head(f"Content-Length: {'9' * 5000}") + letter.body, True
    yield "no length", letter.head() + letter.body, True
    for odd in _ODD_LENGTHS:
        framing = f"Content-Length: {odd.format(size, size + 1)}"
        yield "odd length", forged.head(framing) + forged.body, True


def _two_lengths(door: Door, letter: Letter, forged: Letter) -> Framed:
    """One reader ends the body here, another there: each must find a forgery."""
    size = f"Content-Length: {len(forged.body)}"
    envelope = forged if door.prove is None else letter
    other = chunked(forged.body + b" ")
    both = (f"Content-Length: {len(other)}", _CHUNKED)
    yield "length and chunks", envelope.head(*both) + other, True
    yield "length and chunks", envelope.head(*reversed(both)) + other, True
    yield "two lengths", forged.head(size, "Content-Length: 0") + forged.body, True
    yield "two lengths", forged.head("Content-Length: 0", size) + forged.body, True
    for coding in _ODD_CODINGS:
        yield "odd coding", forged.head(size, coding) + forged.body, True


def _second_requests(door: Door, letter: Letter, forged: Letter) -> Framed:
    """A forgery hidden behind another request, for whoever miscounts the first."""
    hidden = forged.raw()
    first = letter.showing(door.proof)
    for framing in (f"Content-Length: {len(hidden)}", "Content-Length: 0", _CHUNKED):
        ends = b"0\r\n\r\n" if framing == _CHUNKED else b""
        yield "hidden request", first.head(framing, connection="keep-alive") + ends + hidden, True
    bare = forged.raw().replace(b"\r\n", b"\n")
    yield "bare line ends", bare, True


def _in_a_trailer(door: Door, letter: Letter) -> bytes:
    """The right proof after the body instead of before it."""
    head = letter.showing(door.proof).head(_CHUNKED, f"Trailer: {door.proof}")
    proof = f"{door.proof}: {letter.shown(door.proof)}\r\n\r\n".encode()
    return head + chunked(letter.body).removesuffix(b"\r\n") + proof
