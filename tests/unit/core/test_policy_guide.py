"""The how-to page about policies: what it shows can be used as it stands."""

import re
from pathlib import Path

import pytest

from pef_adapters.core.policy import LimitScope, Policy, lint, read_policy
from pef_adapters.core.policy.model import ApprovalTerms, Part, PayoutTerms

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-policy.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
# Nobody writes these: a version is given, and `under` is for joined policies.
GIVEN = {"description", "version", "under", "rail_windows", "locked"}


def whole(block: str) -> str:
    """A part of a policy with what is missing around it."""
    return block if block.startswith("name:") else f"name: part\notherwise: hold\n{block}"


@pytest.mark.parametrize("block", BLOCKS)
def test_each_shown_policy_is_one_and_has_nothing_to_mend(block: str) -> None:
    """What an owner copies from the page is read, and lint finds nothing in it."""
    assert lint(read_policy(whole(block))) == ()


def test_the_whole_example_leaves_no_part_out() -> None:
    """The first policy of the page shows every part that an owner writes, at least once."""
    shown = read_policy(BLOCKS[0])
    assert set(Policy.model_fields) - GIVEN == shown.model_fields_set
    assert {limit.per for limit in shown.limits} == set(LimitScope) - {LimitScope.ACCOUNT}


def test_the_page_names_what_there_is() -> None:
    """Each scope, each term and each part that can be locked is told, by its own name."""
    names = {scope.value for scope in LimitScope} | {part.value for part in Part}
    names |= set(ApprovalTerms.model_fields) | set(PayoutTerms.model_fields)
    told = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))
    assert names <= told | set(re.findall(r"[a-z_]+", BLOCKS[0]))
