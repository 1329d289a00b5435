"""Short histories of troubles: at the store, at the rail, at banks, and of people who are late."""

from crash_acts import (
    breaks,
    deleted,
    later,
    order_changed,
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
from crash_acts_more import (
    account_days,
    barred,
    find_fails,
    finds_in_the_store,
    forgets,
    rail_down,
    remembers,
    reversed_by_bank,
    store_settings,
    trouble,
)
from crash_scenarios import DESK, FIRST_LINE, HOLDS, Scenario, another_amount, payout_chosen, shop
from pef_adapters.core.errors import (
    AnsweredNonsense,
    MaybeSent,
    PlatformRefused,
    PlatformUnreachable,
)
from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus, Refusal
from pef_adapters.testing.hostile_rail import LOST_REQUEST

TROUBLES = (
    Scenario(
        "the store can't be reached",
        shop(),
        (
            *(trouble(PlatformUnreachable()), press("15", 5000), webhook(), later(minutes=2)),
            *(later(minutes=9), trouble(None), polled, later(minutes=30), rail_ends()),
        ),
    ),
    Scenario(
        "the order can't be told",
        shop(),
        (
            *(press("15", 5000), webhook(), trouble(PlatformRefused()), rail_ends()),
            *(later(minutes=5), *[later(hours=3)] * 1, later(hours=6), later(hours=9), polled),
            *(trouble(None), later(hours=5)),
        ),
    ),
    Scenario(
        "the rail is away",
        shop(),
        (
            *(rail_down(MaybeSent()), press("15", 5000), webhook(), later(minutes=1)),
            *(later(minutes=5), later(minutes=30), rail_down(None), later(hours=1), rail_ends()),
        ),
    ),
    Scenario(
        "the rail answers nonsense about a refund",
        shop(),
        (
            *(breaks(LOST_REQUEST), press("15", 5000), webhook()),
            *(find_fails(AnsweredNonsense()), later(seconds=20), later(minutes=20), rail_ends()),
        ),
    ),
    Scenario(
        "the rail forgets a refund for a day",
        shop(),
        (press("15", 5000), webhook(), forgets(), later(minutes=9), remembers, later(hours=2)),
        race=True,
    ),
    Scenario(
        "the bank takes a payment back",
        shop(),
        (
            *(press("15", 3000), press("16", 5000), press("17", 4000), webhook("15")),
            *(rail_ends(), later(minutes=5), webhook("16"), reversed_by_bank()),
            *(webhook("17"), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "the bank takes a payment back while refunds wait",
        shop(**HOLDS),
        (press("15", 3000), webhook(), reversed_by_bank(), later(minutes=5)),
        race=True,
    ),
    Scenario(
        "deleted while its answer is unknown",
        shop(),
        (
            *(breaks(LOST_REQUEST), press("15", 5000), webhook(), deleted(), later(seconds=20)),
            later(hours=1),
        ),
        race=True,
    ),
    Scenario(
        "deleted too late while its answer is unknown",
        shop(),
        (
            *(breaks(LOST_REQUEST), press("15", 5000), webhook(), rail_down(MaybeSent())),
            *(deleted(), order_changed(), rail_down(None), later(minutes=5), later(hours=2)),
        ),
        race=True,
    ),
    Scenario(
        "deleted, then there after all",
        shop(**HOLDS),
        (
            *(press("15", 5000), webhook(), deleted(), order_changed(), press("15", 5000)),
            *(order_changed("15"), approved(ROSA), approved(MARTA), rail_ends()),
        ),
        race=True,
    ),
    Scenario(
        "deleted while the buyer is asked",
        shop(40, **DESK),
        (press(), webhook(), deleted(), later(days=1, minutes=1)),
        race=True,
    ),
    Scenario(
        "deleted while it waits for the bank file",
        shop(40, **DESK),
        (*FIRST_LINE[:-1], deleted(), exported),
        race=True,
    ),
    Scenario(
        "barred while it waits for the bank file",
        shop(40, **DESK),
        (*FIRST_LINE[:-1], barred(), exported, later(days=1, minutes=1)),
        race=True,
    ),
    Scenario(
        "the bank is late, then somebody settles",
        shop(40, **DESK),
        (
            *(*FIRST_LINE, later(days=1, minutes=1), later(days=19)),
            *(settled(paid=False, when=State.PENDING), bank_answers(paid=True)),
        ),
        race=True,
    ),
    Scenario(
        "the first attempt pays after all",
        shop(),
        (
            *(refuses(), press("15", 5000), webhook(), retried(when=State.FAILED)),
            *(rail_ends(), rail_tells(), later(minutes=9), swept),
        ),
    ),
    Scenario(
        "the rail pays what it had refused",
        shop(),
        (
            *(press("15", 12980), webhook(), rail_turns(RailStatus.REFUSED), rail_tells()),
            *(press("16", 12980), webhook("16"), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "an id is used anew",
        shop(),
        (
            *(press("15", 5000), webhook(), another_amount(6000), order_changed("15", "99")),
            *(rail_ends(), later(minutes=5)),
        ),
        race=True,
    ),
    Scenario(
        "documents and keys run out",
        shop(),
        (
            *(
                account_days(kyc_until="2026-12-20", keys_until="2026-11-25"),
                swept,
                finds_in_the_store,
            ),
            *(polled, press("15", 5000), webhook(), account_days(keys_until="2027-12-01")),
            *(later(days=1, minutes=1), polled),
        ),
        race=True,
    ),
    Scenario(
        "limits, an agency and a buyer's past",
        shop(limits=[{"per": "store", "days": 1, "amount": "60.00", "currency": "PEN"}]),
        (
            store_settings(agency="andes"),
            *(press("15", 5000, buyer="email:ana@example.com"), webhook()),
            *(press("16", 3000, buyer="email:ana@example.com"), webhook("16"), rail_ends()),
            later(days=1, minutes=1),
        ),
        race=True,
    ),
    Scenario(
        "no mail reaches the buyer",
        shop(40, payout={"approvers": 1, "tell_buyer": False}),
        (press(), webhook(), later(days=4), filled_in(), refuses(Refusal.BUSY, "429")),
    ),
    Scenario(
        "chosen for the desk after a refusal",
        shop(**DESK),
        (
            *(refuses(), press("15", 5000), webhook(), payout_chosen, filled_in()),
            *(approved(ROSA), approved(MARTA), exported, bank_answers(paid=True)),
        ),
    ),
)
