"""The texts: every code has one, in every language, about the same figures."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from pef_adapters.core import texts
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.decision import Kind, Outcome
from pef_adapters.core.states import State

SOURCE = Path(__file__).parents[3] / "src" / "pef_adapters"
NOTE_FIGURES = {"amount", "expected_on", "refund"}
# Fact sheet 1.6, then 7.5.
RAIL_CODES = (
    *("100", "111", "112", "113", "166", "508", "511"),
    *("INVALID_AMOUNT", "AMOUNT_EXCEEDED", "CURRENCY_MISMATCH", "REFUND_EXPIRED"),
    *("TRANSACTION_NOT_FOUND", "INVALID_TRANSACTION_STATE", "ALREADY_REFUNDED"),
    *("DUPLICATE_REFUND_ID", "REFUND_IN_PROGRESS", "INSUFFICIENT_FUNDS", "LIMIT_EXCEEDED"),
    *("BENEFICIARY_REQUIRED", "BENEFICIARY_INVALID", "ACCOUNT_OWNER_MISMATCH"),
    *("MERCHANT_KYC_EXPIRED", "INVALID_SIGNATURE", "TOKEN_EXPIRED", "RATE_LIMITED"),
)
# Fact sheet 7.3, then 1.5.
RAIL_STATES = (
    *("RECEIVED", "AWAITING_BENEFICIARY", "PENDING_APPROVAL", "MANUAL_REQUIRED", "PROCESSING"),
    *("REFUNDED", "RETURNED", "REJECTED", "EXPIRED", "CANCELLED"),
    *("CIP_21", "CIP_22", "CIP_23", "CIP_25", "CIP_592", "CIP_593", "CIP_595"),
)
PAID = {"es_PE": "PAGADO", "en": "PAID", "zh_Hans": "已付款"}


def entries(language: str) -> dict[str, dict[str, str]]:
    """Every entry of a language by its key."""
    return {
        f"{group}.{name}": entry
        for group, named in texts._load(language).items()
        for name, entry in named.items()
    }


def figures(sentence: str) -> set[str]:
    """The figures that a sentence names."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def policy_codes(module: str) -> set[str]:
    """Every constant in capitals inside a module of the policy."""
    path = SOURCE / "core" / "policy" / f"{module}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in constants if isinstance(text, str) and text.isupper()}


def keys_named_in_source() -> Iterator[str]:
    """Every complete text key that stands in our code."""
    written = re.compile(r'"((?:code|rail|rail_status|state|note|error)\.[A-Za-z_0-9]+)"')
    for path in SOURCE.rglob("*.py"):
        yield from written.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_each_language_has_the_same_keys(language: str) -> None:
    """Nothing is said in one language only."""
    assert texts.keys(language) == texts.keys(texts.DEFAULT_LANGUAGE)


@pytest.mark.parametrize("key", sorted(texts.keys(texts.DEFAULT_LANGUAGE)))
def test_each_text_names_the_same_figures_everywhere(key: str) -> None:
    """A figure shown to one reader is shown to all, and advice exists for all or none."""
    said = [entries(language)[key] for language in texts.LANGUAGES]
    assert len({frozenset(entry) for entry in said}) == 1
    for field in said[0]:
        assert len({frozenset(figures(entry[field])) for entry in said}) == 1


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_only_known_figures_are_named(language: str) -> None:
    """A figure that nobody fills in would be shown as an ellipsis for ever."""
    named = {f for e in entries(language).values() for text in e.values() for f in figures(text)}
    assert named == texts.FIGURES


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_texts_are_whole_sentences(language: str) -> None:
    """Every text ends like a sentence, and an entry has no fields but the two."""
    for key, entry in entries(language).items():
        assert set(entry) <= {"means", "next"}
        for text in entry.values():
            assert text.endswith((".", "。")), key


@pytest.mark.parametrize("state", State)
def test_each_state_is_explained_and_has_its_note(state: State) -> None:
    """Every state says what it means, what to do next, and what the order is told."""
    for language in texts.LANGUAGES:
        assert texts.explain(f"state.{state}", language)
        assert texts.advise(f"state.{state}", language)
        note = entries(language)[f"note.{state}"]["means"]
        assert {"amount", "refund"} <= figures(note) <= NOTE_FIGURES


def test_the_pending_note_says_when_the_money_comes() -> None:
    """The note of a pending refund carries the expected date in every language."""
    for language in texts.LANGUAGES:
        note = texts.explain("note.pending", language, {"expected_on": "2026-12-02"})
        assert "2026-12-02" in note


@pytest.mark.parametrize("module", ["guards", "windows", "limits", "judge"])
def test_each_code_of_the_policy_is_explained(module: str) -> None:
    """Whatever a guard, a window or a rule answers, passing or not, has a text."""
    codes = policy_codes(module)
    assert codes
    assert {code for code in codes if not texts.known(f"code.{code}")} == set()


def test_each_finding_and_condition_of_a_policy_is_explained() -> None:
    """Whatever lint finds has its mend, and each condition, outcome and change its sentence."""
    findings = policy_codes("lint")
    assert {f"lint.{code}" for code in findings} == {
        key for key in texts.keys("en") if key.startswith("lint.")
    }
    assert all(texts.advise(f"lint.{code}", "en") for code in findings)
    assert {f"condition.{name}" for name in Conditions.model_fields} <= texts.keys("en")
    assert {f"outcome.{outcome}" for outcome in Outcome} <= texts.keys("en")
    changes = {f"change.{kind}_{outcome}" for kind in Kind for outcome in Outcome}
    assert changes <= texts.keys("en")


@pytest.mark.parametrize("code", RAIL_CODES)
def test_each_code_of_the_rail_says_what_to_do(code: str) -> None:
    """Every code of the fact sheet (1.6, 7.5) has its meaning and its next step."""
    for language in texts.LANGUAGES:
        assert texts.explain(f"rail.{code}", language)
        assert texts.advise(f"rail.{code}", language)


@pytest.mark.parametrize("word", RAIL_STATES)
def test_each_status_of_the_rail_is_explained(word: str) -> None:
    """Every refund status and CIP state of the fact sheet (1.5, 7.3) has a text."""
    assert texts.known(f"rail_status.{word}")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_cancelado_on_a_cip_is_read_as_paid(language: str) -> None:
    """The word that most misleads a reader without Spanish is explained (spec S26)."""
    assert PAID[language] in texts.explain("rail_status.Cancelado", language)


@pytest.mark.parametrize("key", sorted(set(keys_named_in_source())))
def test_each_key_in_the_code_has_a_text(key: str) -> None:
    """No line of ours names a text that is not there."""
    assert texts.known(key)


def test_a_missing_figure_is_an_ellipsis() -> None:
    """An old record that lacks a figure is still shown."""
    assert "…" in texts.explain("code.PAID", "en")


def test_an_unknown_key_is_an_error() -> None:
    """A text that does not exist is never invented."""
    assert not texts.known("state.nowhere")
    with pytest.raises(KeyError):
        texts.explain("state.nowhere", "en")
