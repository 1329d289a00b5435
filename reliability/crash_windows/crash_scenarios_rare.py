"""Short histories of what seldom happens, so that no place of the code is left out."""

from crash_acts import (
    buyer_pays,
    deleted,
    later,
    polled,
    press,
    rail_ends,
    rail_tells,
    rail_turns,
    refuses,
    swept,
    webhook,
)
from crash_acts_desk import (
    MARTA,
    ROSA,
    approved,
    bank_answers,
    exported,
    filled_in,
    retried,
    settled,
)
from crash_acts_more import barred, gate, no_shop, rail_down, telling_fails, trouble_of_telling
from crash_acts_people import looked_at_everything, once_by_a_program, pressed_here
from crash_acts_rare import (
    a_mistake_of_ours,
    call_died,
    connected_as,
    dollars,
    first_attempt,
    moves_on_while_told,
    paid_in_dollars,
    pressed_beside_a_gateway,
    pressed_for_order,
    reversed_between,
    second_store,
    sender_dies,
    sent_in_a_lost_life,
)
from crash_scenarios import (
    DESK,
    FIRST_LINE,
    HOLDS,
    Scenario,
    buyer_asked_anew,
    deadline_set,
    payout_chosen,
    shop,
)
from crash_scenarios_more import PAY
from pef_adapters.core.errors import MaybeSent, PlatformRefused
from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus, Refusal

_FAILED_ONCE = (refuses(), press("15", 5000), webhook())
_CHOSEN = (*_FAILED_ONCE, payout_chosen, filled_in(), approved(ROSA), approved(MARTA))
BAR = "code.PAYOUT_BARRED_BY_APP_STORE"

RARE = (
    Scenario(
        "the sender dies",
        shop(),
        (sender_dies, press("15", 5000), webhook(), later(minutes=2), rail_ends(), later(hours=1)),
    ),
    Scenario(
        "refused, booked after all, tried again",
        shop(),
        (
            *(*_FAILED_ONCE, first_attempt(RailStatus.ACCEPTED), retried(when=State.FAILED)),
            *(rail_ends(), later(minutes=9)),
        ),
        race=True,
    ),
    Scenario(
        "refused, booked silently, tried again",
        shop(),
        (
            *_FAILED_ONCE,
            first_attempt(RailStatus.ACCEPTED, tell=False),
            retried(when=State.FAILED),
            rail_ends(),
            later(minutes=5),
        ),
        race=True,
    ),
    Scenario(
        "refused, tried again, and both are paid",
        shop(),
        (
            *(*_FAILED_ONCE, retried(when=State.FAILED), first_attempt(RailStatus.ACCEPTED)),
            *(first_attempt(RailStatus.REFUSED), rail_ends(), later(minutes=9)),
        ),
        race=True,
    ),
    Scenario(
        "paid after its amount was given away",
        shop(),
        (
            *(press("15", 12980), webhook(), rail_turns(RailStatus.REFUSED), rail_tells()),
            *(rail_turns(RailStatus.RETURNED), rail_tells()),
            *(press("16", 12980), webhook("16"), first_attempt(RailStatus.ACCEPTED), swept),
        ),
        race=True,
    ),
    Scenario(
        "reversed between decision and send",
        shop(),
        (reversed_between, press("15", 5000), webhook(), later(days=1, minutes=1)),
        race=True,
    ),
    Scenario(
        "deleted while the rail is busy",
        shop(),
        (refuses(Refusal.BUSY, "429"), press("15", 5000), webhook(), deleted(), later(minutes=2)),
        race=True,
    ),
    Scenario(
        "deleted while it is due, nobody exports",
        shop(40, **DESK),
        (*FIRST_LINE[:-1], later(days=1, minutes=1), deleted(), later(days=1, minutes=1)),
        race=True,
    ),
    Scenario(
        "a mistake of ours",
        shop(),
        (
            press("15", 5000),
            a_mistake_of_ours,
            webhook(),
            polled,
            a_mistake_of_ours,
            later(minutes=2),
            later(hours=2),
            rail_ends(),
            later(minutes=5),
        ),
    ),
    Scenario(
        "a mistake of ours while it waits",
        shop(**HOLDS),
        (
            press("15", 5000),
            webhook(),
            a_mistake_of_ours,
            later(days=1, minutes=1),
            approved(ROSA),
            approved(MARTA),
            rail_ends(),
            later(minutes=5),
        ),
    ),
    Scenario(
        "the buyer does not answer",
        shop(40, **DESK),
        (press(), webhook(), later(days=4), buyer_asked_anew, filled_in()),
    ),
    Scenario(
        "the rail wants what the store bars",
        shop(**DESK),
        (
            refuses(Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"),
            press("15", 5000, payout_barred=BAR),
            webhook(),
            later(days=1, minutes=1),
        ),
        race=True,
    ),
    Scenario(
        "two lanes, one after the other",
        shop(**DESK),
        (
            *(*_CHOSEN, exported, bank_answers(paid=False), barred(), later(days=1, minutes=1)),
            *(retried(), retried(), rail_ends(), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "the bank has paid what was settled as unpaid",
        shop(**DESK),
        (
            *(*_CHOSEN, exported, settled(paid=False, when=State.PENDING)),
            *(bank_answers(paid=True), barred(), retried(), retried(), later(hours=1)),
        ),
        race=True,
    ),
    Scenario(
        "the rate moves after the approval",
        shop(40, **DESK),
        (
            *(dollars("3.80"), paid_in_dollars, webhook(), filled_in(), approved(ROSA)),
            *(
                approved(MARTA),
                dollars("9.90"),
                exported,
                approved(ROSA),
                approved(MARTA),
                exported,
            ),
        ),
        race=True,
    ),
    Scenario(
        "sent in a life that our ledger has lost",
        shop(**HOLDS),
        (
            *(press("15", 5000), webhook(), sent_in_a_lost_life, later(days=1, minutes=1)),
            *(approved(ROSA), approved(MARTA), rail_ends(), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "a deadline comes near, and is met",
        shop(**HOLDS),
        (
            *(press("15", 5000), webhook(), deadline_set, looked_at_everything, later(hours=1)),
            *(approved(ROSA), approved(MARTA), rail_ends(), later(minutes=5), swept),
        ),
    ),
    Scenario(
        "looked at before the bank file",
        shop(40, **DESK),
        (*FIRST_LINE[:-1], looked_at_everything, exported),
    ),
    Scenario(
        "the order can't be told for long",
        shop(),
        (
            *(trouble_of_telling(PlatformRefused()), press("15", 5000), webhook()),
            *(later(hours=1), later(hours=2), later(hours=3), later(hours=4), later(hours=5)),
            *(trouble_of_telling(None), rail_ends(), later(hours=6)),
        ),
    ),
    Scenario(
        "the same press twice, and one with an order",
        no_shop(),
        (pressed_here(5000), pressed_here(5000), pressed_for_order("14"), rail_ends(), swept),
    ),
    Scenario(
        "a shared account",
        no_shop(),
        (second_store, press("15", 3000), webhook(), pressed_here(2000), rail_ends(), swept),
        race=True,
    ),
    Scenario(
        "a program takes over from a dead process",
        no_shop(),
        (call_died, once_by_a_program, rail_ends(), later(minutes=5)),
    ),
    Scenario(
        "a program asks while the rail is away",
        no_shop(),
        (rail_down(MaybeSent()), once_by_a_program, rail_down(None), later(minutes=5)),
    ),
    Scenario(
        "a gateway can't be told",
        gate(),
        (telling_fails(2), PAY, later(minutes=1), buyer_pays(days_ago=1), later(minutes=2)),
    ),
    Scenario(
        "a payment moves on while its gateway is told",
        gate(),
        (moves_on_while_told, PAY, swept),
        race=True,
    ),
    Scenario(
        "a gateway's store is connected another way",
        gate(),
        (
            connected_as("by_hand"),
            PAY,
            connected_as("fake"),
            PAY,
            connected_as("by_hand"),
            buyer_pays(days_ago=1),
            later(minutes=2),
            connected_as("fake"),
            later(hours=1),
        ),
        race=True,
    ),
    Scenario(
        "pressed beside a gateway",
        gate(),
        (PAY, buyer_pays(days_ago=1), pressed_beside_a_gateway, rail_ends(), later(minutes=5)),
        race=True,
    ),
)
