"""The rail's words in people's words."""

import pytest

from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.rail_words import of_attempt, of_exchange
from storage_samples import attempt, exchange

PAID = {"es_PE": "PAGADO", "en": "PAID", "zh_Hans": "已付款"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", ['"stateDescription": "Cancelado."', '"state": 23'])
def test_cancelado_on_a_cip_is_said_to_be_paid(language: str, word: str) -> None:
    """By its word with a full stop, or by its number."""
    answer = exchange(answer_body=f'{{"code": 100, "data": [{{{word}}}]}}')
    code, told = of_exchange(answer, language)
    assert code.word == "100"
    if "Cancelado" in word:
        assert PAID[language] in told.means
    assert told.means


def test_codes_and_states_are_explained_once_each() -> None:
    """A repeated word is one line; words without a meaning are left out."""
    body = '{"status": "REJECTED", "code": "AMOUNT_EXCEEDED", "again": {"status": "REJECTED"}}'
    assert [told.word for told in of_exchange(exchange(answer_body=body), "en")] == [
        "REJECTED",
        "AMOUNT_EXCEEDED",
    ]
    assert of_exchange(exchange(answer_body='{"status": "who knows"}'), "en") == ()


@pytest.mark.parametrize("body", [None, "", "<html>", "[[]]"])
def test_an_answer_that_tells_nothing_has_no_words(body: str | None) -> None:
    """No answer, no JSON, or nothing in it."""
    assert of_exchange(exchange(answer_body=body), "en") == ()


def test_an_attempt_is_told_by_its_status() -> None:
    """What the rail said last about it, and what to do."""
    (told,) = of_attempt(attempt(rail_status="MANUAL_REQUIRED", rail_text="?"), "en")
    assert told.word == "MANUAL_REQUIRED"
    assert told.next_step
