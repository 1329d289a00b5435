"""People and tokens by the pages: invited, changed, disabled, each as far as a role reaches."""

import re

import pytest

from console_world import ConsoleWorld
from pef_adapters.core.access import Grant, Role
from pef_adapters.engine.records import AuditSearch

LINK = re.compile(r'value="https://refunds\.example(/console/link/[^"]+)"')
TOKEN = re.compile(r'value="(pef_[A-Za-z0-9_-]{43})"')


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


async def test_an_invitation_leads_to_the_role(world: ConsoleWorld) -> None:
    """The link is shown once; whoever uses it has the role in that place."""
    form = {"email": "eva@norte.pe", "role": "agent", "place": "store/norte-1", "language": "en"}
    async with world.signed_in() as owner:
        page = (await owner.send_form("/console/people/invite", **form)).text
        link = LINK.search(page)
        assert link is not None
        password = "cuatro palabras sin orden"
        accepted = {"name": "Eva", "language": "en", "password": password}
        async with world.browser() as browser:
            answer = await browser.post(link[1], data={**accepted, "password_again": password})
            assert answer.status_code == 303
        listed = (await owner.get("/console/people")).text
        assert "eva@norte.pe" in listed
        assert "Agent · store/norte-1" in listed


async def test_roles_are_changed(world: ConsoleWorld) -> None:
    """Roles that are not kept go, and one more can come; others keep theirs."""
    other = await world.person(Role.AGENT, "store/norte-1")
    path = f"/console/people/{other.email}"
    async with world.signed_in() as owner:
        assert 'value="agent@store/norte-1" checked' in (await owner.get(path)).text
        form = {"grant": ["agent@store/norte-1"], "role": "approver", "place": "agency/sur"}
        assert (await owner.send_form(f"{path}/grants", **form)).is_redirect
        assert (await owner.send_form(f"{path}/grants", grant="king@house")).status_code == 422
    async with world.book.begin() as ledger:
        user = await ledger.user(other.id)
    assert user is not None
    assert set(user.grants) == {
        Grant(Role.AGENT, "store/norte-1"),
        Grant(Role.APPROVER, "agency/sur"),
    }


async def test_a_disabled_person_is_shown_with_the_tokens_left(world: ConsoleWorld) -> None:
    """Disabling says which tokens go on; letting in again undoes it."""
    async with world.signed_in() as owner, world.signed_in() as other:
        made = {"name": "robot", "place": "house", "permission": "refunds:see", "days": "30"}
        await other.send_form("/console/people/tokens", **made)
        path = "/console/people/person2@example.pe"
        answer = await owner.send_form(f"{path}/disable")
        assert "robot" in answer.text
        assert (await other.get("/console")).status_code == 303
        assert "Disabled" in (await owner.get(path)).text
        assert (await owner.send_form(f"{path}/enable")).is_redirect
        assert "Disabled" not in (await owner.get(path)).text


async def test_a_new_password_s_link_is_made(world: ConsoleWorld) -> None:
    """Somebody who forgot the password gets a link that asks for a new one."""
    other = await world.person(Role.AGENT, "store/norte-1")
    async with world.signed_in() as owner:
        page = (await owner.send_form(f"/console/people/{other.email}/reset")).text
    link = LINK.search(page)
    assert link is not None
    async with world.browser() as browser:
        opened = await browser.get(f"{link[1]}?lang=en")
    assert "choose a new password" in opened.text


async def test_foreign_people_are_not_there(world: ConsoleWorld) -> None:
    """Of somebody in another agency nothing is shown, and changing him answers 404."""
    foreign = await world.person(Role.AGENT, "store/sur-1")
    path = f"/console/people/{foreign.email}"
    async with world.signed_in(Role.AGENCY_ADMINISTRATOR, "agency/norte") as browser:
        listed = (await browser.get("/console/people")).text
        assert foreign.email not in listed
        assert "sur-1" not in listed
        unknown = await browser.get("/console/people/nobody@example.pe")
        assert (await browser.get(path)).status_code == unknown.status_code == 404
        for deed in ("disable", "enable", "reset", "grants"):
            assert (await browser.send_form(f"{path}/{deed}")).status_code == 404


async def test_nobody_gives_more_than_he_has(world: ConsoleWorld) -> None:
    """An owner of one store can't invite into the house, nor an agent anybody at all."""
    form = {"email": "eva@norte.pe", "role": "agent", "place": "house", "language": "en"}
    async with world.signed_in(Role.OWNER, "store/norte-1") as owner:
        refused = await owner.send_form("/console/people/invite", **form)
        assert refused.status_code in {403, 404}
        assert "/console/link/" not in refused.text
    async with world.signed_in(Role.AGENT, "house") as agent:
        assert (await agent.get("/console/people")).status_code == 403
        assert (await agent.send_form("/console/people/invite", **form)).status_code == 403


async def test_a_token_is_shown_once_and_revoked(world: ConsoleWorld) -> None:
    """A token's letters are on one page only; after revoking it the list says so."""
    form = {"name": "robot", "place": "store/norte-1", "days": "30"}
    async with world.signed_in() as owner:
        page = await owner.send_form(
            "/console/people/tokens", permission=["refunds:see", "stores:see"], **form
        )
        letters = TOKEN.search(page.text)
        assert letters is not None
        listed = (await owner.get("/console/people")).text
        assert letters[1] not in listed
        revoke = re.search(r'action="(/console/people/tokens/[^"]+/revoke)"', listed)
        assert revoke is not None
        assert (await owner.send_form(revoke[1])).is_redirect
        assert "Revoked" in (await owner.get("/console/people")).text
    async with world.book.begin() as ledger:
        (token,) = await ledger.tokens()
        kept = await ledger.audits(AuditSearch())
    assert token.revoked_at is not None
    assert [each.what for each in kept] == ["revoke_token", "make_token"]
    assert letters[1] not in repr((token, kept))


@pytest.mark.parametrize(
    "wrong",
    [{"days": "0"}, {"days": "ten"}, {"days": "400"}, {"name": "a b"}, {"permission": "no:such"}],
)
async def test_a_token_that_can_t_be_made_is_explained(
    world: ConsoleWorld, wrong: dict[str, str]
) -> None:
    """A mistake in the form makes no token, and says what to give."""
    form = {"name": "robot", "place": "house", "days": "30", "permission": "refunds:see", **wrong}
    async with world.signed_in() as owner:
        answer = await owner.send_form("/console/people/tokens", **form)
    assert answer.status_code == 422
    async with world.book.begin() as ledger:
        assert await ledger.tokens() == []


async def test_the_own_roles_are_not_changed_by_oneself(world: ConsoleWorld) -> None:
    """One's own page has no form, and a forged one is refused."""
    async with world.signed_in() as owner:
        path = "/console/people/person1@example.pe"
        assert f'action="{path}' not in (await owner.get(path)).text
        assert (await owner.send_form(f"{path}/disable")).status_code == 403
