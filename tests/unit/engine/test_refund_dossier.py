"""What a person can do with a refund: what the state table lets him, and nothing else."""

import pytest

from engine_world import World
from pef_adapters.core.errors import TransitionRefused
from pef_adapters.core.states import CARE, Event, State, allows
from pef_adapters.engine import dossier, people
from pef_adapters.engine.dossier import possible
from pef_adapters.platforms.contract import Outcome
from storage_samples import refund


@pytest.mark.parametrize("state", State)
def test_only_what_the_table_allows_is_offered(state: State) -> None:
    """Settling and paying out by hand follow the table's cells; a deadline can always be set."""
    offered = possible(refund(state=state))
    assert (dossier.SETTLE_PAID in offered) is allows(state, Event.PERSON_CONFIRMED_PAID)
    assert (dossier.SETTLE_UNPAID in offered) is allows(state, Event.PERSON_CONFIRMED_UNPAID)
    assert (dossier.CHOOSE_PAYOUT in offered) is allows(state, Event.REOPENED)
    assert dossier.DEADLINE in offered
    if CARE[state].final:
        assert (dossier.RETRY in offered) is allows(state, Event.REOPENED)


async def test_what_the_store_was_told_for_good_is_not_opened_again() -> None:
    """Its end was told: neither a retry nor a payout is offered, and none would be done."""
    told = refund(state=State.FAILED, outcome=Outcome.FAILED)
    assert not {dossier.RETRY, dossier.CHOOSE_PAYOUT} & possible(told)


async def test_what_is_not_offered_is_refused() -> None:
    """The buttons and the engine agree about a refund that is over."""
    world = await World().open()
    await world.press("15", 1000)
    await world.run()
    world.rail.settle()
    done = await world.until(State.REFUNDED)
    await world.run()
    done = await world.refund()
    assert possible(done) == {dossier.DEADLINE}
    with pytest.raises(TransitionRefused):
        await people.retry(world.ports, done.id, "Rosa")
    with pytest.raises(TransitionRefused):
        await people.choose_payout(world.ports, done.id, "Rosa")
