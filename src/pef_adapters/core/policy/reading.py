"""Read a policy that somebody wrote, in YAML or JSON; each mistake is named with its line.

How strictly the text is read is told in `core.reading`.
"""

from collections.abc import Mapping
from typing import Any

from pef_adapters.core.errors import PolicyUnreadable
from pef_adapters.core.policy.model import BASE, Policy
from pef_adapters.core.reading import Format

_OLD_SETTINGS = frozenset({"original_route_days", "payout_days"})
_FORMAT = Format(
    Policy,
    PolicyUnreadable,
    name="policy",
    start='a policy starts with its name, such as "name: my-shop"',
    names="see the list of conditions and settings",
)


def read_policy(text: str) -> Policy:
    """The policy in a YAML or JSON text.

    Raises:
        PolicyUnreadable: not YAML, or not a policy; the message names lines and mends.
    """
    return _FORMAT.read(text)


def policy_from_settings(settings: Mapping[str, Any]) -> Policy:
    """A store's kept policy: a whole one, only the two window tiers, or nothing.

    Raises:
        PolicyUnreadable: what is kept is no policy.
    """
    if set(settings) <= _OLD_SETTINGS:
        return _FORMAT.accept({**BASE.model_dump(), "window": dict(settings)})
    return _FORMAT.accept(settings)
