"""A store's policy under its agency's: the store decides what the agency left open.

The order is fixed. First come the agency's rules up to its last locked one, without
those that the store replaces; then the store's rules; then the agency's other rules.
So no rule of a store can stand before a locked one.
"""

from typing import Any

from pef_adapters.core.errors import PolicyLocked
from pef_adapters.core.policy.model import Part, Policy, PolicyRule


def inherit(agency: Policy, store: Policy) -> Policy:
    """The store's whole policy, under the store's name and version.

    A store's rule with the id of an agency's rule replaces it. Parts that the store's
    policy does not name are the agency's.

    Raises:
        PolicyLocked: the store changes what the agency locked.
    """
    parts = {part.value: _part(agency, store, part) for part in Part}
    return Policy(
        name=store.name,
        description=store.description,
        version=store.version,
        under=agency.label,
        rules=_rules(agency, store),
        locked=agency.locked + tuple(part for part in store.locked if part not in agency.locked),
        **parts,
    )


def _part(agency: Policy, store: Policy, part: Part) -> Any:
    own, agencys = getattr(store, part), getattr(agency, part)
    if part not in store.model_fields_set or own == agencys:
        return agencys
    if part in agency.locked:
        raise PolicyLocked(f"{store.label} changes {part}, which {agency.label} locks")
    return own


def _rules(agency: Policy, store: Policy) -> tuple[PolicyRule, ...]:
    locked = {rule.id: rule for rule in agency.rules if rule.locked}
    for rule in store.rules:
        if rule.id in locked and rule != locked[rule.id]:
            raise PolicyLocked(
                f"{store.label} changes the rule {rule.id}, which {agency.label} locks"
            )
    own = tuple(rule for rule in store.rules if rule.id not in locked)
    replaced = {rule.id for rule in own}
    head, tail = _parted(agency.rules)
    kept = (tuple(r for r in part if r.id not in replaced) for part in (head, tail))
    return (*next(kept), *own, *next(kept))


def _parted(
    rules: tuple[PolicyRule, ...],
) -> tuple[tuple[PolicyRule, ...], tuple[PolicyRule, ...]]:
    """The rules up to the last locked one, and the others."""
    last = max((place for place, rule in enumerate(rules, 1) if rule.locked), default=0)
    return rules[:last], rules[last:]
