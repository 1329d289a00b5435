"""`stores.yaml` on this machine: its references to variables and files, and its plan in words."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pef_adapters.cli import files, output
from pef_adapters.core.errors import InvalidInput, NotThere, SettingInvalid
from pef_adapters.engine.records import Account
from pef_adapters.engine.settings_as_code import (
    Difference,
    Item,
    Outcome,
    OutcomeKind,
    Plan,
    Reference,
)
from pef_adapters.pagoefectivo.keys import keep_apart
from pef_adapters.pagoefectivo.settings import AccountSettings, Credentials

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class AroundTheFile:
    """Implements `settings_as_code.Sources` by the environment and the file's own folder."""

    folder: Path

    def secret(self, reference: Reference) -> str:
        """The secret without the line break that an editor puts behind it."""
        if reference.env is not None:
            found = os.environ.get(reference.env, "")
        else:
            found = self.text(reference.file or "").strip("\r\n")
        if not found:
            raise NotThere(f"{reference.place} is not there or empty; put the secret into it")
        return found

    def text(self, path: str) -> str:
        return files.text(self.folder / path, SettingInvalid)

    def check_account(self, account: Account) -> None:
        AccountSettings.of(account)
        Credentials.of(account)
        keep_apart(account.mode, account.base_url, account.secrets["access_key"])


def read(file: Path) -> str:
    """The text of the file.

    Raises:
        NotThere, InvalidInput: it can't be read.
    """
    return files.text(file, InvalidInput)


def item_record(item: Item) -> dict[str, Any]:
    """An item as plain data; of a secret only whether it changes."""
    return {
        "kind": item.kind,
        "name": item.name,
        "action": item.action,
        "changes": _records(item.changes),
        "secrets": dict(item.secrets),
        "drift": _records(item.drift),
    }


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """What became of an item, as plain data."""
    return {
        **item_record(outcome.item),
        "outcome": outcome.kind,
        "detail": outcome.detail,
        "mends": list(outcome.mends),
        "link": outcome.link,
    }


def show_plan(plan: Plan) -> None:
    """The plan as a table, one line for each difference."""
    rows = [(f"{i.kind} {i.name}", i.action, said) for i in plan.items for said in _lines(i)]
    output.table("Plan", ("item", "action", "what"), rows)


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """What became of each item, and what is to be mended."""
    rows = [
        (f"{each.item.kind} {each.item.name}", each.item.action, each.kind, _said(each))
        for each in outcomes
    ]
    output.table("Applied", ("item", "action", "outcome", "what"), rows)
    for each in outcomes:
        if each.link:
            output.say(f"{each.item.name}: open this address as the store's owner:")
            output.out.print(each.link, soft_wrap=True, highlight=False)
    failed = sum(each.kind is OutcomeKind.FAILED for each in outcomes)
    if failed:
        output.say(f"{output.counted(failed, 'item')} failed; the others are done.")


def show_differences(found: Mapping[str, Iterable[Difference]]) -> None:
    """What differs in each store from what was last applied."""
    rows = [
        (name, each.name, _short(each.before), _short(each.after))
        for name, differences in found.items()
        for each in differences
    ]
    output.table("Changed since the last apply", ("store", "what", "applied", "now"), rows)


def difference_records(found: Iterable[Difference]) -> list[Mapping[str, Any]]:
    """Differences as plain data."""
    return _records(found)


def _records(found: Iterable[Difference]) -> list[Mapping[str, Any]]:
    return [{"name": each.name, "before": each.before, "after": each.after} for each in found]


def _lines(item: Item) -> list[str]:
    said = [f"{c.name}: {_short(c.before)} → {_short(c.after)}" for c in item.changes]
    said += [f"{name}: {how}" for name, how in item.secrets.items()]
    said += [
        f"changed by hand: {c.name}: {_short(c.before)} → {_short(c.after)}" for c in item.drift
    ]
    return said or [""]


def _said(outcome: Outcome) -> str:
    mends = "; ".join(dict.fromkeys(outcome.mends))
    return " → ".join(filter(None, (outcome.detail, mends)))


def _short(value: Any) -> str:
    shown = "–" if value in (None, "") else str(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
