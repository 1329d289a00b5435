"""Agencies, accounts and stores as one file: read it, plan it, apply it, export it.

Nothing here deletes a store, and nothing here shows a secret. What a file does not name is
left as it is; what the database has and the file has not is reported.
"""

from pef_adapters.engine.settings_as_code.applying import (
    Outcome,
    OutcomeKind,
    apply_plan,
)
from pef_adapters.engine.settings_as_code.drifting import drift, drift_of
from pef_adapters.engine.settings_as_code.exporting import exported
from pef_adapters.engine.settings_as_code.facts import Difference
from pef_adapters.engine.settings_as_code.file import (
    AccountEntry,
    AgencyEntry,
    Reference,
    StoreEntry,
    StoresFile,
    read_stores,
)
from pef_adapters.engine.settings_as_code.planning import Action, Item, Plan, make_plan
from pef_adapters.engine.settings_as_code.sources import Sources

__all__ = [
    "AccountEntry",
    "Action",
    "AgencyEntry",
    "Difference",
    "Item",
    "Outcome",
    "OutcomeKind",
    "Plan",
    "Reference",
    "Sources",
    "StoreEntry",
    "StoresFile",
    "apply_plan",
    "drift",
    "drift_of",
    "exported",
    "make_plan",
    "read_stores",
]
