"""Short histories at gateways, by hand, of privacy, of troubles, and of people who only look."""

from crash_acts import (
    buyer_pays,
    calls,
    cip_expires,
    later,
    polled,
    press,
    rail_ends,
    refuses,
    swept,
    told,
    webhook,
)
from crash_acts_desk import bank_answers, retried
from crash_acts_more import (
    gate,
    no_shop,
    only_word,
    privacy,
    rail_down,
    records_read,
    second_cip_of_a_lost_answer,
    secrets_renewed,
    trouble,
)
from crash_acts_people import (
    looked_at_everything,
    once_by_a_program,
    pressed_here,
    refused_by_the_gate,
    withdrawn_here,
)
from crash_scenarios import DESK, FIRST_LINE, Scenario, shop
from pef_adapters.core.errors import (
    MaybeSent,
)
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import Hint, HintKind, PrivacyKind

PAY = calls("/payment", order="G-1", amount="129.80")
REFUND = calls("/refund", request="r1", amount="20.00")
LEFT = Hint(kind=HintKind.UNINSTALLED)

GATEWAYS = (
    Scenario(
        "a gateway's payment and refund",
        gate(),
        (
            *(PAY, buyer_pays(days_ago=1), calls("/settlement", amount="100.00"), REFUND, REFUND),
            *(polled, rail_ends(), later(minutes=5), records_read),
        ),
    ),
    Scenario(
        "a gateway cancels what was paid",
        gate(),
        (
            *(PAY, buyer_pays(days_ago=1), REFUND, calls("/cancel", request="c1")),
            *(calls("/refund", request="r1", amount="30.00"), rail_ends(), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "a gateway cancels what nobody paid",
        gate(),
        (PAY, calls("/cancel", request="c1"), buyer_pays(), later(hours=1)),
        race=True,
    ),
    Scenario(
        "a gateway cancels a moment after the buyer paid",
        gate(),
        (
            *(PAY, buyer_pays(tell=False), calls("/cancel", request="c1"), later(hours=1)),
            *(rail_ends(), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "a CIP expires",
        gate(),
        (
            *(PAY, later(minutes=3), rail_down(MaybeSent()), later(hours=1), rail_down(None)),
            *(cip_expires, later(hours=2), swept),
        ),
        race=True,
    ),
    Scenario(
        "two calls make two CIPs",
        gate(),
        (
            second_cip_of_a_lost_answer,
            buyer_pays(tell=False),
            calls("/settlement", amount="129.80"),
        ),
    ),
    Scenario(
        "a gateway that pays by hand itself",
        gate(leaves_payouts=True),
        (PAY, buyer_pays(days_ago=40), REFUND, later(days=1, minutes=1)),
    ),
    Scenario(
        "a gateway's refund is refused",
        gate(),
        (PAY, buyer_pays(days_ago=1), refuses(), REFUND, trouble(None), retried("pay-1/refund/r1")),
        race=True,
    ),
)

BY_PEOPLE = (
    Scenario(
        "pressed here",
        no_shop(),
        (pressed_here(5000), pressed_here(2000, "form-2"), rail_ends(), later(minutes=5)),
    ),
    Scenario(
        "pressed here and withdrawn",
        no_shop(settings={"policy": {"name": "shop", "otherwise": "hold"}}),
        (pressed_here(5000), withdrawn_here, later(hours=1)),
    ),
    Scenario(
        "a seller without a shop",
        no_shop(platform=BY_HAND),
        (pressed_here(5000), rail_ends(), later(minutes=5), polled),
    ),
    Scenario(
        "a program asks once",
        no_shop(),
        (press("15", 3000), webhook(), once_by_a_program, rail_ends(), later(minutes=5)),
        race=True,
    ),
    Scenario(
        "people look at everything",
        shop(40, **DESK),
        (*FIRST_LINE, looked_at_everything, refused_by_the_gate, bank_answers(paid=True)),
    ),
    Scenario(
        "a buyer is erased",
        shop(),
        (
            *(press("15", 5000, buyer="email:ana@example.com"), webhook()),
            told(privacy(PrivacyKind.ERASE_BUYER, "p-1", "14")),
            *(told(privacy(PrivacyKind.TELL, "t-1", "14")), rail_ends(), later(minutes=5), swept),
        ),
    ),
    Scenario(
        "a store leaves and is erased",
        shop(),
        (
            *(press("15", 5000), webhook(), rail_ends(), later(minutes=5), told(LEFT), polled),
            told(privacy(PrivacyKind.ERASE_STORE, "s-1")),
        ),
    ),
    Scenario(
        "a webhook that alone tells",
        no_shop(),
        (
            *(told(only_word("77", "20.00")), told(only_word("77", "30.00"))),
            *(rail_ends(), later(minutes=5)),
        ),
    ),
    Scenario("a token is renewed", shop(), (secrets_renewed, press("15", 5000), webhook())),
)
