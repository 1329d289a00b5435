"""Facts as plain data for the ledger, and back: what a back-test decides again."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from pef_adapters.core.policy.facts import Facts

_SETS = ("categories", "tags", "editors")


def facts_record(facts: Facts) -> dict[str, Any]:
    """The facts as JSON data; same facts, same record."""
    record: dict[str, Any] = _adapter().dump_python(facts, mode="json")
    for name in _SETS:
        if record[name] is not None:
            record[name] = sorted(record[name])
    for vote in record["votes"]:
        vote["covers"] = sorted(vote["covers"])
    return record


def facts_of(record: Mapping[str, Any]) -> Facts:
    """The facts that `facts_record` wrote, in this release or an older one.

    Raises:
        ValueError: the record holds no facts.
    """
    return _adapter().validate_python(dict(record))


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)
