"""On PostgreSQL: what may happen once happens once, however many ask in the same moment."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable

import pytest
from pyotp import TOTP

from gate_world import ADMINISTRATOR, DEVICE, ORIGIN, PASSWORD, House, token_in
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import HOUSE, Permission
from pef_adapters.engine.gate.links import first_link, open_link
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.gate.sessions import SignedIn
from pef_adapters.engine.gate.sign_in import confirm_totp, sign_in, start_totp
from pef_adapters.engine.gate.tokens import actor_by_token, make_token, revoke_token
from pef_adapters.engine.gate.users import change_grants, disable
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox

ANA, EVA = "ana@tienda.pe", "eva@tienda.pe"
AT_ONCE = 8


@pytest.fixture
async def house(database: str, secret_box: SecretBox) -> AsyncIterator[House]:
    """A house on PostgreSQL, with a connection for each who asks."""
    async with open_pool(database, size=AT_ONCE) as pool:
        book: LedgerBook = PostgresBook(pool, secret_box, make_queue(pool))
        yield await House.opened(book)


async def answers(*calls: Awaitable[object]) -> Counter[str]:
    """How many calls at once ended how: a record's or an error's type."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    return Counter(type(answer).__name__ for answer in found)


def enter(house: House, password: str = PASSWORD, code: str = "") -> Awaitable[SignedIn]:
    """Ana signs in."""
    return sign_in(house.ports, ANA, password, code, origin=ORIGIN, device=DEVICE)


async def test_many_first_links_at_once_make_one_administrator(house: House) -> None:
    """Whether by one link or by several, all but one are refused."""
    links = [await first_link(house.ports) for _ in range(2)] * (AT_ONCE // 2)
    told = {"name": "Ana", "password": PASSWORD, "language": "en"}
    found = await answers(
        *(
            accept_link(house.ports, token_in(link or ""), email=f"{n}@tienda.pe", **told)
            for n, link in enumerate(links)
        )
    )
    assert found == {"User": 1, "SignInLinkRefused": AT_ONCE - 1}
    async with house.world.book.begin() as ledger:
        assert len(await ledger.users()) == 1


async def test_many_who_look_at_a_link_at_once_all_see_it(house: House) -> None:
    """To look takes it and puts it back, and nobody sees it away."""
    link = await first_link(house.ports)
    looks = (open_link(house.ports, token_in(link or "")) for _ in range(AT_ONCE))
    assert await answers(*looks) == {"LinkFor": AT_ONCE}


async def test_a_code_sent_many_times_at_once_opens_one_session(house: House) -> None:
    """The time step is used under the user's lock."""
    ana = await house.person(ANA, ADMINISTRATOR)
    app = TOTP((await start_totp(house.ports, ana)).secret)
    await confirm_totp(house.ports, ana, app.secret, app.at(house.world.clock.now()))
    house.world.clock.advance(minutes=1)
    code = app.at(house.world.clock.now())
    found = await answers(*(enter(house, code=code) for _ in range(AT_ONCE)))
    assert found == {"SignedIn": 1, "SignInRefused": AT_ONCE - 1}


async def test_guesses_at_once_count_as_many(house: House) -> None:
    """Ten are judged, and no parallel one more."""
    await house.person(ANA)
    found = await answers(*(enter(house, f"guess {number}") for number in range(24)))
    assert found == {"SignInRefused": 10, "TooManyTries": 14}


async def test_administrators_who_remove_each_other_leave_one(house: House) -> None:
    """Whoever comes second finds himself the last one, or out."""
    ana, eva = [await house.person(email, ADMINISTRATOR) for email in (ANA, EVA)]
    found = await answers(change_grants(house.ports, ana, EVA, []), disable(house.ports, eva, ANA))
    assert found["NotAllowed"] == 1
    users = [await house.user(email) for email in (ANA, EVA)]
    assert sum(ADMINISTRATOR in user.grants and not user.disabled_at for user in users) == 1


async def test_a_call_meanwhile_does_not_undo_a_revocation(house: House) -> None:
    """The call's note that a token was used is written under the token's lock."""
    see = [Permission.SEE_REFUNDS]
    token, letters = await make_token(house.ports, operator(), "erp", HOUSE, see, days=1)
    calls = (actor_by_token(house.ports, letters, origin=ORIGIN) for _ in range(AT_ONCE))
    found = await answers(*calls, revoke_token(house.ports, operator(), token.id))
    assert found["MachineToken"] == 1
    assert found["Actor"] + found["NotSignedIn"] == AT_ONCE
    async with house.world.book.begin() as ledger:
        kept = await ledger.token(token.id)
    assert kept is not None
    assert kept.revoked_at is not None
