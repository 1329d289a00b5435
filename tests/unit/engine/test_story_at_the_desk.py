"""A refund's story with people and bank details in it: everything told, nothing shown whole."""

from desk_world import ANA, DeskWorld
from pef_adapters.core.states import State
from pef_adapters.engine import story
from pef_adapters.engine.records import Act, PayoutEnd


async def test_the_story_names_destination_votes_and_payout() -> None:
    """Who is paid is masked; who agreed, and what the bank answered, is told."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    exported = await world.export()
    await world.answer(exported, "confirmed")
    told = await story.tell(world.ports, refund.id, "en")
    assert told.refund.state is State.REFUNDED
    assert told.paid_to is not None
    assert told.paid_to.masked["name"] == "Ana Q."
    assert (told.paid_to.other_refunds, told.paid_to.rests) == (0, False)
    said = [(act.person, act.act) for reviewed in told.reviews for act in reviewed.acts]
    assert said == [("Rosa", Act.APPROVE), ("Marta", Act.APPROVE)]
    (payout,) = told.payouts
    assert (payout.ended_as, payout.bank_reference) == (PayoutEnd.CONFIRMED, "OP-77")


async def test_no_whole_bank_detail_is_in_a_story() -> None:
    """Neither account nor document number is anywhere in what a story holds."""
    world = await DeskWorld().open_old()
    refund = await world.until_due()
    told = repr(await story.tell(world.ports, refund.id, "en"))
    assert ANA["account"] not in told
    assert ANA["document_number"] not in told


async def test_an_account_seen_before_and_a_rest_are_told() -> None:
    """The same account in another refund, and a change that cools off, are there to be seen."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    refund = await world.until_due("16", 4000)
    told = await story.tell(world.ports, refund.id, "en")
    assert told.paid_to is not None
    assert (told.paid_to.other_refunds, told.paid_to.rests) == (1, False)


async def test_editors_are_named() -> None:
    """Whoever pressed the button stands among those who can't approve."""
    world = await DeskWorld().open_old()
    await world.press(requested_by="7")
    await world.run()
    await world.set_store(people={"7": "Rosa"})
    refund = await world.refund()
    told = await story.tell(world.ports, refund.id, "en")
    assert told.editors == ("7", "Rosa")
