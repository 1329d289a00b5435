"""A handful of mutants on the money's way, each with the test file that has to notice it.

    python reliability/mutation/mutation_fixed.py     one line of JSON for each

The same machinery as the whole run, without the watching: small enough for `make test`.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from mutation_child import QUIET
from mutation_mutants import SOURCES, Mutant, control_of, mutants_of
from mutation_run import Chooser, Loop

ROOT = SOURCES.parents[1]
_UNIT = "tests/unit"
_ROADS = f"{_UNIT}/engine/test_main_road.py"
_EDGES = f"{_UNIT}/engine/test_send_edges.py"
_MONEY = f"{_UNIT}/core/test_money.py"
_STATES = f"{_UNIT}/core/test_states.py"
_CALLS = f"{_UNIT}/pagoefectivo/test_rail_calls.py"

FIXED = {
    "core/money.py Money.__add__: self._same_currency(other) → pass": _MONEY,
    "core/money.py Money.parse: scaled != scaled.to_integral_value()"
    " → scaled == scaled.to_integral_value()": _MONEY,
    "core/money.py Money.zero: cls(0, currency) → cls(1, currency)": _MONEY,
    "core/states.py next_state: except KeyError → except ()": _STATES,
    "core/states.py allows: event in TABLE[state] → event not in TABLE[state]": _STATES,
    "engine/send.py _send: await observe(ports, attempt, answer) → pass": _ROADS,
    "engine/send.py _intend: await ledger.add_attempt(attempt) → pass": _ROADS,
    "engine/send.py _send: except RailError → except ()": _EDGES,
    "engine/send.py _send: except TimeoutError → except ()": _EDGES,
    "engine/send.py _reserve_and_intend: except AmountExceedsRest → except ()": _EDGES,
    "pagoefectivo/rail.py checked: record.refund_amount == attempt.amount.decimal"
    " → record.refund_amount != attempt.amount.decimal": _CALLS,
    "pagoefectivo/rail.py PagoEfectivoRail.find_refund: len(found) > 1 → len(found) > 2": _CALLS,
}


@dataclass
class _Told:
    """Each mutant asks the tests of its own file, in their order there."""

    loop: Loop

    def tests(self, mutant: Mutant) -> list[str]:
        name = mutant.id.removeprefix("(control) ")
        return [test for test in self.loop.items if test.startswith(FIXED[name])]

    def loads_early(self, _mutant: Mutant) -> bool:
        return False

    def noticed(self, mutant: Mutant, test: str) -> None:
        """Nothing to learn for so few."""


class FixedLoop(Loop):
    """The loop, told beforehand which tests to ask."""

    def _selection(self) -> Chooser:
        return _Told(self)


def fixed() -> list[Mutant]:
    """The mutants; each still has to be one that the sources have."""
    files = sorted({name.split(" ")[0] for name in FIXED})
    by_id = {mutant.id: mutant for file in files for mutant in mutants_of(file)}
    return [by_id[name] for name in FIXED]


def look(mutants: Sequence[Mutant]) -> list[tuple[str, dict[str, Any]]]:
    """What became of each."""
    answers: list[tuple[str, dict[str, Any]]] = []
    os.chdir(ROOT)
    loop = FixedLoop(mutants, lambda mutant, answer: answers.append((mutant.id, answer)))
    ended = pytest.main([*QUIET, *sorted(set(FIXED.values()))], plugins=[loop])
    if ended:
        sys.exit(f"pytest could not start: {ended}")
    return answers


def main() -> int:
    """Say what became of each, and of one control for each file of tests."""
    mutants = fixed()
    controls = {FIXED[mutant.id]: control_of(mutant) for mutant in mutants}
    for name, answer in look([*controls.values(), *mutants]):
        print(json.dumps({"id": name, "status": answer["status"], "by": answer.get("by")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
