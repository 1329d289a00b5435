"""The error tree: facts with codes, drawn, explained and documented."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pef_adapters.core import errors, texts

REFERENCE = Path(__file__).parents[3] / "docs"


def tree(cls: type[errors.PefError], depth: int = 0) -> Iterator[tuple[int, type[errors.PefError]]]:
    """Each class of `core.errors` with its depth under the root."""
    yield depth, cls
    for child in cls.__subclasses__():
        if child.__module__.startswith(f"{errors.__name__}."):
            yield from tree(child, depth + 1)


CLASSES = [cls for _, cls in tree(errors.PefError)]


def test_the_drawn_tree_is_the_real_one() -> None:
    """The picture at the top of the module shows every class under its parent, in order."""
    drawn = re.findall(r"^ {4}([│├└─ ]*)(\w+)", errors.__doc__ or "", flags=re.MULTILINE)
    assert [(len(line) // 4, name) for line, name in drawn] == [
        (depth, cls.__name__) for depth, cls in tree(errors.PefError)
    ]


def test_each_code_belongs_to_one_class() -> None:
    """Every class sets a code of its own."""
    assert all("code" in vars(cls) for cls in CLASSES)
    assert [code for code, n in Counter(cls.code for cls in CLASSES).items() if n > 1] == []


@pytest.mark.parametrize("cls", CLASSES)
def test_an_errors_docstring_is_its_message(cls: type[errors.PefError]) -> None:
    """The docstring is one sentence, and what the error says when nobody says more."""
    doc = cls.__doc__ or ""
    assert re.fullmatch(r"[A-Z][^\n]*[^.\n]\.", doc)
    assert cls.default_message() == doc
    assert str(cls("something else")) == "something else"


@pytest.mark.parametrize("cls", [c for c in CLASSES if c is not errors.AnsweredNo])
def test_an_error_without_words_says_its_docstring(cls: type[errors.PefError]) -> None:
    """Raised bare, an error is still a sentence."""
    assert str(cls()) == cls.__doc__


def test_a_refusal_of_the_rail_carries_its_code() -> None:
    """A proved refusal says what the rail said and keeps its parts."""
    no = errors.AnsweredNo(rail_code="REFUND_EXPIRED", status=422, rail_text="Plazo vencido.")
    assert str(no) == "PagoEfectivo refused: REFUND_EXPIRED Plazo vencido."
    assert (no.rail_code, no.status, no.rail_text) == ("REFUND_EXPIRED", 422, "Plazo vencido.")


@pytest.mark.parametrize("cls", CLASSES)
def test_each_error_is_explained_and_documented(cls: type[errors.PefError]) -> None:
    """Every error has a text with advice, and its help page has its anchor."""
    error = cls()
    assert texts.known(error.text_key)
    assert texts.advise(error.text_key, "en")
    page, _, anchor = error.help_page.partition("#")
    assert f'<a id="{anchor}"></a>' in (REFERENCE / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("cls", CLASSES)
def test_an_errors_status_is_an_http_error(cls: type[errors.PefError]) -> None:
    """Every error can be answered over HTTP, and says whether a retry helps."""
    assert 400 <= cls.http_status < 600
    assert cls.retry in errors.Retry
