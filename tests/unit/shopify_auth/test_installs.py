"""What an installation may change, and what it may not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from engine_world import World
from pef_adapters.core.errors import (
    NotThere,
    PlatformUnreachable,
    SettingInvalid,
    SourceMismatch,
)
from pef_adapters.core.policy import Mode
from pef_adapters.engine import installs, onboarding
from pef_adapters.engine.departures import CONNECTED_AT, LEFT_AT, digest_departure, has_left
from pef_adapters.engine.onboarding import StoreRequest, store_id
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Alarm, Store
from pef_adapters.platforms.contract import Hint, HintKind

ADDRESS = "https://tienda.example"
OTHER = "https://otra.example"
NAME = store_id(ADDRESS)
REQUEST = StoreRequest(
    platform="fake",
    address=ADDRESS,
    account_id="main",
    settings={"gateways": ["PagoEfectivo"]},
    policy={"payout_days": 60},
    language="en",
    mode=Mode.SANDBOX,
)


class Tokens:
    """Gives a new pair at each call, or the fault that it was told to have."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.given = 0
        self._fault = fault

    async def __call__(self) -> Mapping[str, str]:
        if self._fault:
            raise self._fault
        self.given += 1
        return {"access_token": f"t{self.given}"}


@pytest.fixture
async def world(book: LedgerBook) -> World:
    """A world on each ledger in turn."""
    return await World(book).open()


async def kept(world: World, name: str = NAME) -> Store | None:
    """The store as it is kept now."""
    async with world.book.begin() as ledger:
        return await ledger.store(name)


async def installed(world: World, tokens: Tokens | None = None) -> Store:
    """The store, prepared and installed by its state."""
    await installs.prepare(world.ports, REQUEST)
    state = await installs.begin(world.ports, "fake", ADDRESS)
    return await installs.finish(world.ports, "fake", ADDRESS, state, tokens or Tokens())


async def alarms(world: World) -> list[Alarm]:
    """Every alarm that nobody has cleared."""
    async with world.book.begin() as ledger:
        return await ledger.open_alarms()


async def test_a_prepared_store_is_connected_as_it_was_prepared(world: World) -> None:
    """Account, settings, policy and language are the owner's; the platform brings tokens only."""
    store = await installed(world)
    assert store == await kept(world)
    assert (store.id, store.account_id, store.language) == (NAME, "main", "en")
    assert store.settings["platform"] == {"gateways": ["PagoEfectivo"]}
    assert store.settings["policy"] == {"payout_days": 60}
    assert store.secrets["access_token"] == "t1"
    assert store.callback_url == f"https://refunds.example/webhooks/fake/{NAME}"


async def test_an_unprepared_store_is_not_kept(world: World) -> None:
    """Nobody's money is promised to whoever installs the app."""
    tokens = Tokens()
    with pytest.raises(NotThere, match="pef store add"):
        await installs.begin(world.ports, "fake", ADDRESS)
    with pytest.raises(NotThere, match="pef store add"):
        await installs.arrive(world.ports, "fake", ADDRESS, tokens)
    assert (await kept(world), tokens.given) == (None, 0)


async def test_a_state_is_good_once(world: World) -> None:
    """Used, made up, or an hour old, it opens nothing and gets no tokens."""
    await installs.prepare(world.ports, REQUEST)
    state = await installs.begin(world.ports, "fake", ADDRESS)
    late = await installs.begin(world.ports, "fake", ADDRESS)
    tokens = Tokens()
    await installs.finish(world.ports, "fake", ADDRESS, state, tokens)
    world.clock.advance(hours=1)
    for bad in (state, late, "made up", f"prepared fake {ADDRESS}"):
        with pytest.raises(NotThere, match="start it again"):
            await installs.finish(world.ports, "fake", ADDRESS, bad, tokens)
    assert tokens.given == 1


@pytest.mark.parametrize(("platform", "address"), [("fake", OTHER), ("other", ADDRESS)])
async def test_a_state_of_another_store_is_refused(
    world: World, platform: str, address: str
) -> None:
    """Tokens of one store are never kept for another, and the state is used up."""
    for place in (ADDRESS, OTHER):
        await installs.prepare(world.ports, replace(REQUEST, address=place))
    state, tokens = await installs.begin(world.ports, "fake", ADDRESS), Tokens()
    with pytest.raises(SourceMismatch):
        await installs.finish(world.ports, platform, address, state, tokens)
    with pytest.raises(NotThere):
        await installs.finish(world.ports, "fake", ADDRESS, state, tokens)
    assert tokens.given == 0


async def test_a_state_opens_no_one_click_connection(world: World) -> None:
    """What was made for one way in is nothing to the other."""
    await installs.prepare(world.ports, REQUEST)
    state = await installs.begin(world.ports, "fake", ADDRESS)
    with pytest.raises(NotThere):
        await onboarding.accept_invitation(world.ports, state, {}, "https://refunds.example")
    assert await installs.finish(world.ports, "fake", ADDRESS, state, Tokens())


async def test_a_failed_installation_can_be_repeated(world: World) -> None:
    """Without tokens nothing is kept, and what was prepared waits on."""
    with pytest.raises(PlatformUnreachable):
        await installed(world, Tokens(PlatformUnreachable()))
    assert await kept(world) is None
    state = await installs.begin(world.ports, "fake", ADDRESS)
    assert await installs.finish(world.ports, "fake", ADDRESS, state, Tokens())


async def test_installing_again_replaces_tokens_alone(world: World) -> None:
    """Settings, policy, account, webhook secret and the poll's place stay as they are.

    Only that the app was there now is noted beside the tokens.
    """
    before = await installed(world)
    changed = await installs.change_settings(
        world.ports, NAME, {"gateways": ["Pago"]}, lambda store: store
    )
    world.clock.advance(days=3)
    state = await installs.begin(world.ports, "fake", ADDRESS)
    tokens = Tokens()
    tokens.given = 1
    await installs.finish(world.ports, "fake", ADDRESS, state, tokens)
    after = await kept(world)
    settings = {**changed.settings, CONNECTED_AT: world.clock.now().isoformat()}
    secrets = {**before.secrets, "access_token": "t2"}
    assert after == replace(changed, settings=settings, secrets=secrets)


async def test_prepared_again_a_store_takes_the_new_settings(world: World) -> None:
    """The owner's newest word counts at the next opening; other secrets stay, and it is used up."""
    before = await installed(world)
    await installs.prepare(world.ports, replace(REQUEST, settings={"gateways": ["Pago"]}))
    assert (await kept(world)) == before
    after = await installs.arrive(world.ports, "fake", ADDRESS, Tokens())
    assert after.settings["platform"] == {"gateways": ["Pago"]}
    assert after.secrets["webhook_secret"] == before.secrets["webhook_secret"]
    await installs.change_settings(world.ports, NAME, {"gateways": ["X"]}, lambda store: store)
    again = await installs.arrive(world.ports, "fake", ADDRESS, Tokens())
    assert again.settings["platform"] == {"gateways": ["X"]}


async def test_a_preparation_waits_thirty_days(world: World) -> None:
    """Looking at it does not make it wait longer."""
    await installs.prepare(world.ports, REQUEST)
    world.clock.advance(days=20)
    assert await installs.expected(world.ports, "fake", ADDRESS) == {}
    world.clock.advance(days=10)
    with pytest.raises(NotThere):
        await installs.expected(world.ports, "fake", ADDRESS)


async def test_a_stores_own_app_is_known_before_and_after(world: World) -> None:
    """Keys of a custom app are there to prove its words, and are kept with the tokens."""
    await installs.prepare(world.ports, REQUEST, {"client_id": "own"})
    assert await installs.expected(world.ports, "fake", ADDRESS) == {"client_id": "own"}
    store = await installs.arrive(world.ports, "fake", ADDRESS, Tokens())
    assert store.secrets["client_id"] == "own"
    assert (await installs.expected(world.ports, "fake", ADDRESS))["access_token"] == "t1"


async def test_a_store_that_left_comes_back_whole(world: World) -> None:
    """It is connected again, its alarm is cleared, and its late farewell changes nothing."""
    before = await installed(world)
    left_at = world.clock.advance(days=1)
    gone = Hint(kind=HintKind.UNINSTALLED, at=left_at)
    await digest_departure(world.ports, before, gone)
    assert len(await alarms(world)) == 1
    world.clock.advance(days=1)
    back = await installs.arrive(world.ports, "fake", ADDRESS, Tokens())
    assert not has_left(back)
    assert LEFT_AT not in back.settings
    assert back.settings["platform"] == before.settings["platform"]
    assert await alarms(world) == []
    await digest_departure(world.ports, back, gone)
    stays = await kept(world)
    assert stays is not None
    assert not has_left(stays)


async def test_a_preparation_needs_an_account(world: World) -> None:
    """A store whose refunds nobody would pay can't be prepared, nor one without an address."""
    with pytest.raises(NotThere, match="merchant account"):
        await installs.prepare(world.ports, replace(REQUEST, account_id="nobody"))
    with pytest.raises(SettingInvalid):
        await installs.prepare(world.ports, replace(REQUEST, address="tienda"))


async def test_settings_that_fail_their_check_are_not_kept(world: World) -> None:
    """All of a change, or nothing of it."""
    before = await installed(world)

    def refuse(store: Store) -> None:
        raise SettingInvalid(str(store.settings["platform"]["gateways"]))

    with pytest.raises(SettingInvalid, match=r"\[\]"):
        await installs.change_settings(world.ports, NAME, {"gateways": []}, refuse)
    assert await kept(world) == before
    with pytest.raises(NotThere):
        await installs.change_settings(world.ports, "nowhere", {}, refuse)


async def test_of_two_installations_at_once_both_end_well(world: World) -> None:
    """An owner who presses twice gets one store, with the tokens of one of the two."""
    await installs.prepare(world.ports, REQUEST)
    states = [await installs.begin(world.ports, "fake", ADDRESS) for _ in range(2)]
    tokens = Tokens()
    for state in states:
        await installs.finish(world.ports, "fake", ADDRESS, state, tokens)
    store = await kept(world)
    assert store is not None
    assert store.secrets["access_token"] == "t2"
    assert world.clock.now() - store.created_at < timedelta(seconds=1)
