"""Every condition at its edges, on unknown facts, and as people type words."""

from datetime import datetime, timedelta

import pytest

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Outcome, decide
from pef_adapters.core.policy.conditions import Conditions, fold
from pef_adapters.core.policy.guards import GUARDS
from policy_samples import NOON, facts, one_rule, paying

# The place of a policy's first rule, after the guards, the window and the double press.
RULE = len(GUARDS) + 2

# A condition, the changed facts, and whether it holds; None: the fact is not known.
EDGES: list[tuple[str, dict[str, object], bool | None]] = [
    ("{amount: {min: 100.00, max: 500.00, currency: PEN}}", paying("99.99"), False),
    ("{amount: {min: 100.00, max: 500.00, currency: PEN}}", paying("100.00"), True),
    ("{amount: {min: 100.00, max: 500.00, currency: PEN}}", paying("500.00"), True),
    ("{amount: {min: 100.00, max: 500.00, currency: PEN}}", paying("500.01"), False),
    ("{amount: {min: 100.00, max: 500.00, currency: PEN}}", paying("200.00", "USD"), False),
    ("{amount: {min: 100, currency: PEN}}", paying("1000.00"), True),
    ("{share_of_payment: {min: 10%, max: 33.33%}}", paying("99.99"), False),
    ("{share_of_payment: {min: 10%, max: 33.33%}}", paying("100.00"), True),
    ("{share_of_payment: {min: 10%, max: 33.33%}}", paying("333.30"), True),
    ("{share_of_payment: {min: 10%, max: 33.33%}}", paying("333.31"), False),
    ("{currencies: [USD, PEN]}", paying("5.00"), True),
    ("{currencies: [USD]}", paying("5.00"), False),
    ("{payment_methods: [PagoEfectivo]}", {"payment_method": "pagoefectivo"}, True),
    ("{payment_methods: [PagoEfectivo]}", {"payment_method": "cod"}, False),
    ("{payment_methods: [PagoEfectivo]}", {}, None),
    ("{platforms: [woocommerce, vtex]}", {"platform": "vtex"}, True),
    ("{platforms: [woocommerce, vtex]}", {"platform": "shopify"}, False),
    ("{platforms: [woocommerce]}", {}, None),
    ("{reason: {contains: [devolución]}}", {"reason": "DEVOLUCION  parcial"}, True),
    ("{reason: {contains: [devolución]}}", {"reason": "cambio"}, False),
    ("{reason: {contains: [devolución]}}", {"reason": ""}, False),
    ("{reason: {contains: [devolución]}}", {}, None),
    ("{reason: {equals: [Sin stock]}}", {"reason": " sin  STOCK "}, True),
    ("{reason: {equals: [Sin stock]}}", {"reason": "sin stock hoy"}, False),
    ("{reason: {contains: [x], equals: [y]}}", {"reason": "y"}, True),
    ("{categories: [Niños]}", {"categories": frozenset({"ninos", "ropa"})}, True),
    ("{categories: [Niños]}", {"categories": frozenset({"ropa"})}, False),
    ("{categories: [Niños]}", {"categories": frozenset()}, False),
    ("{categories: [Niños]}", {}, None),
    ("{tags: [outlet]}", {"tags": frozenset({"Outlet"})}, True),
    ("{tags: [outlet]}", {"tags": frozenset({"new"})}, False),
    ("{tags: [outlet]}", {}, None),
    ("{buyer_past_refunds: {min: 3}}", {"buyer_past_refunds": 2}, False),
    ("{buyer_past_refunds: {min: 3}}", {"buyer_past_refunds": 3}, True),
    ("{buyer_past_refunds: {max: 0}}", {"buyer_past_refunds": 0}, True),
    ("{buyer_past_refunds: {min: 3}}", {}, None),
    ("{pressed_by: [rosa]}", {"pressed_by": "Rosa"}, True),
    ("{pressed_by: [rosa]}", {"pressed_by": "luis"}, False),
    ("{pressed_by: [rosa]}", {}, None),
    *(
        ("{hours: {from: 9, to: 18}}", {"now": NOON.replace(hour=hour)}, held)
        for hour, held in ((8, False), (9, True), (17, True), (18, False))
    ),
    *(
        ("{hours: {from: 22, to: 6}}", {"now": NOON.replace(hour=hour)}, held)
        for hour, held in ((21, False), (22, True), (0, True), (5, True), (6, False))
    ),
    ("{hours: {from: 22, to: 24}}", {"now": NOON.replace(hour=23)}, True),
    *(
        (
            "{age_days: {min: 31, max: 90}}",
            {"paid_at": NOON - timedelta(days=days)},
            held,
        )
        for days, held in ((30, False), (31, True), (90, True), (91, False))
    ),
    # From Friday 20 November 2026 the weekend does not count.
    *(
        (
            "{age_business_days: {min: 1, max: 2}}",
            {"paid_at": datetime(2026, 11, day, 23, 59, tzinfo=LIMA)},
            held,
        )
        for day, held in ((23, False), (22, True), (20, True), (19, True), (18, False))
    ),
]


@pytest.mark.parametrize(("when", "changes", "held"), EDGES)
def test_each_condition_at_its_edges(
    when: str,
    changes: dict[str, object],
    held: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    """Bounds belong to the range; what is not known does not hold, and the verdict says so."""
    verdict = decide(facts(**changes), one_rule(when)).verdicts[RULE]
    codes = {True: "RULE_REJECTS", False: "RULE_NOT_MET", None: "RULE_FACT_UNKNOWN"}
    assert (verdict.rule, verdict.code) == ("only", codes[held])
    if not held:
        assert verdict.figures["condition"] == when[1:].split(":", maxsplit=1)[0]
        assert verdict.figures["condition"] in verdict.explanation("es_PE")


def test_every_condition_is_tried_both_ways() -> None:
    """The table above misses no condition, and shows each holding and not."""
    tried = {(when[1:].split(":")[0], held) for when, _, held in EDGES}
    wanted = {(name, held) for name in Conditions.model_fields for held in (True, False)}
    assert wanted <= tried


@pytest.mark.parametrize("condition", ["age_days", "age_business_days", "share_of_payment"])
def test_what_belongs_to_a_payment_is_unknown_without_one(condition: str) -> None:
    """Without a payment there is no age and no share; the guards decide alone."""
    when = f"{{{condition}: {{max: {'50%' if condition.startswith('share') else 5}}}}}"
    made = decide(facts(payment=None, rest=None, paid_at=None), one_rule(when))
    assert made.verdicts[RULE].code == "RULE_FACT_UNKNOWN"
    assert made.outcome is Outcome.REJECT
    assert made.code == "NOT_PAID"


def test_a_condition_counts_days_by_limas_calendar() -> None:
    """Two minutes over midnight in Lima are a day, whatever the clock in London shows."""
    policy = one_rule("{age_days: {min: 1}}")
    late = datetime(2026, 11, 22, 23, 59, tzinfo=LIMA)
    before = decide(facts(paid_at=late, now=late + timedelta(seconds=59)), policy)
    after = decide(facts(paid_at=late, now=late + timedelta(minutes=2)), policy)
    assert (before.outcome, after.outcome) == (Outcome.APPROVE, Outcome.REJECT)


def test_words_are_compared_as_people_type_them() -> None:
    """Accents, capitals and doubled spaces do not make another word."""
    assert fold("  Devolución   PARCIAL ") == fold("devolucion parcial")
    assert fold("año") != fold("anio")


def test_every_condition_of_a_rule_has_to_hold() -> None:
    """One condition that fails is enough for the rule not to apply, and it is named."""
    policy = one_rule("{amount: {max: 500.00, currency: PEN}, age_days: {min: 4}}")
    verdict = decide(facts(), policy).verdicts[RULE]
    assert verdict.figures["condition"] == "age_days"
    assert verdict.figures["actual"] == "3"
    four = facts(paid_at=NOON - timedelta(days=4), amount=Money(100, "PEN"))
    assert decide(four, policy).outcome is Outcome.REJECT
