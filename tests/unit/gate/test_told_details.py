"""Details that are told once and relied on: sentences, figures, versions, checks, exports."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from desk_world import DeskWorld
from engine_world import World
from gate_world import ADMINISTRATOR, FOREIGN, MINE, SISTER, House, at_agency, at_store
from pef_adapters import __version__
from pef_adapters.core.access import Role
from pef_adapters.core.costs import CostSettings
from pef_adapters.core.errors import NotThere, PayoutAnswerDiffers, PlatformRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, Event, State, allows
from pef_adapters.engine import bank_answers, costs, dossier, health, pressed, upkeep
from pef_adapters.engine.gate import costs as costs_at_the_gate
from pef_adapters.engine.gate import policies, refunds, stores
from pef_adapters.engine.gate.sign_in_tries import _network
from pef_adapters.engine.records import Account, RefundSearch, StoreHead, StoreHealth
from pef_adapters.engine.settings_as_code.exporting import exported, variable
from storage_samples import account
from storage_samples import refund as sample_refund
from storage_samples import store as sample_store

ANA = "ana@tienda.pe"


async def test_a_bundle_says_which_versions_made_it() -> None:
    """Support can tell what decided, and under what."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    known = await world.refund()
    packed = zipfile.ZipFile(io.BytesIO(await dossier.bundle(world.ports, known.id, "en")))
    versions = json.loads(packed.read(f"{known.id}/versions.json"))
    assert versions["pef_adapters"] == __version__
    assert versions["made_at"] == world.clock.now().isoformat()
    assert known.decision is not None
    assert versions["policy"] == known.decision["policy_version"]
    assert versions["policy_digest"] == known.decision["policy_digest"]
    assert set(versions) == {"made_at", "pef_adapters", "python", "policy", "policy_digest"}
    assert all(entry.compress_type == zipfile.ZIP_DEFLATED for entry in packed.infolist())


async def test_a_bundle_is_read_by_people() -> None:
    """Letters as they are, a field a line."""
    world = await World().open()
    await world.press("15", 5000, reason="Talla de niño")
    await world.run()
    known = await world.refund()
    packed = zipfile.ZipFile(io.BytesIO(await dossier.bundle(world.ports, known.id, "en")))
    text = packed.read(f"{known.id}/story.json").decode()
    assert "Talla de niño" in text
    assert text.startswith('{\n  "')


@pytest.mark.parametrize("state", State)
def test_a_person_is_offered_what_the_table_allows(state: State) -> None:
    """Nothing that would be refused, and everything that would not."""
    found = dossier.possible(sample_refund(state=state))
    reopens = allows(state, Event.REOPENED)
    assert dossier.DEADLINE in found
    assert (dossier.RETRY in found) is (reopens or not CARE[state].final)
    assert (dossier.CHOOSE_PAYOUT in found) is reopens
    assert (dossier.SETTLE_PAID in found) is allows(state, Event.PERSON_CONFIRMED_PAID)
    assert (dossier.SETTLE_UNPAID in found) is allows(state, Event.PERSON_CONFIRMED_UNPAID)
    assert dossier.WITHDRAW not in found


async def test_refunds_are_exported_as_far_as_somebody_sees(house: House) -> None:
    """A table with one line for each, of his own stores alone."""
    await house.world.press("15", 5000)
    await house.world.run()
    admin = await house.person(ANA, ADMINISTRATOR)
    other = await house.person("luis@tienda.pe", at_store(Role.AGENT, FOREIGN))
    for who, lines in ((admin, 2), (other, 1)):
        parts = [part async for part in refunds.export(house.ports, who, RefundSearch())]
        assert len(b"".join(parts).decode().strip().splitlines()) == lines


async def test_a_refused_press_says_why_and_what_to_do_in_one_line() -> None:
    """The store's button shows one sentence after the other."""
    world = await World().open(language="en")
    await world.press("15", 0)
    await world.run()
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
    assert store is not None
    known = await world.refund()
    said = (await pressed.standing(world.ports, store, "15")).sentence
    assert known.state in {State.REJECTED, State.HELD}
    assert said
    assert "~" not in said
    later = await pressed.standing(world.ports, store, "99")
    assert (later.verdict, later.state, later.sentence, later.expected_on) == (
        pressed.Verdict.LATER,
        None,
        "",
        None,
    )
    assert later.our_id.startswith("RF")


@pytest.mark.parametrize(
    ("after", "hours"), [(timedelta(minutes=3), "0.1"), (timedelta(hours=26, minutes=2), "26.0")]
)
async def test_the_time_to_truth_is_counted_in_tenths_of_hours(
    after: timedelta, hours: str
) -> None:
    """From the button until it is known whether the money was paid."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle()
    for _ in range(200):
        if (await world.refund()).state is State.REFUNDED:
            break
        await world.later(seconds=after.total_seconds())
    known = await world.refund()
    async with world.book.begin() as ledger:
        entries = await ledger.timeline(known.id)
    assert costs._hours_to_truth(known, entries) == Decimal(hours)
    assert costs._hours_to_truth(known, entries[:1]) is None
    late = replace(known, requested_at=world.clock.now() + timedelta(days=9))
    assert costs._hours_to_truth(late, entries) == Decimal("0.0")


def test_costs_of_two_currencies_have_no_one_sum() -> None:
    """Nothing recorded is no sum either."""
    soles = Money(100, "PEN")
    assert costs._sum([soles, soles]) == Money(200, "PEN")
    assert costs._sum([]) is None
    assert costs._sum([soles, Money(1, "USD")]) is None


async def test_a_cost_without_its_rate_says_what_is_missing(house: House) -> None:
    """The page shows the sentence instead of a figure."""
    ports, admin = house.ports, await house.person(ANA, ADMINISTRATOR)
    fees = {"currency": "USD", "original": {"fixed": Decimal("1.00")}}
    await upkeep.set_costs(ports, "main", CostSettings.model_validate({"fees": [fees]}))
    await house.world.press("15", 5000)
    await house.world.run()
    found = await costs_at_the_gate.of_refund(ports, admin, (await house.world.refund()).id)
    assert (found.expected, found.actual) == (None, ())
    assert "from PEN to USD" in found.missing


# the bank's proofs


async def test_a_proof_belongs_to_a_known_batch_and_line() -> None:
    """The same file again is the proof that is kept already; an empty or huge one is none."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    batch = (await world.export()).batch.id
    (line,) = [payout.line_id for payout in await world.payouts()]

    async def attach(body: bytes, batch_id: str = batch, line_id: str = "") -> int:
        kept = await bank_answers.attach_proof(
            world.ports, batch_id, "Rosa", file_name="c.pdf", body=body, line_id=line_id
        )
        return kept.id

    first = await attach(b"%PDF")
    assert await attach(b"%PDF") == first
    assert await attach(b"%PDF", line_id=line) != first
    assert await attach(b"x" * 5_000_000) > first
    for body, where in ((b"x", {"batch_id": "PBNONE"}), (b"x", {"line_id": "LNONE"})):
        with pytest.raises(NotThere):
            await attach(body, **where)
    for body in (b"", b"x" * 5_000_001):
        with pytest.raises(PayoutAnswerDiffers):
            await attach(body)


# health


@pytest.mark.parametrize(
    ("left", "code"),
    [(31, None), (30, "soon"), (0, "soon"), (-1, "over")],
)
@pytest.mark.parametrize("setting", ["kyc_until", "keys_until"])
def test_documents_and_keys_are_warned_of_in_time(
    setting: str, left: int, code: str | None
) -> None:
    """A month before, and after their last day otherwise."""
    today = date(2026, 11, 23)
    last = today + timedelta(days=left)
    known: Account = account(settings={setting: last.isoformat()})
    found = health._of_the_account(known, today)
    assert len(found) == (code is not None)
    if code is not None:
        over = health._of_the_account(known, today + timedelta(days=90))
        assert (found[0].key == over[0].key) is (code == "over")
        assert found[0].figures == {"account": known.id, "day": last.isoformat()}


@pytest.mark.parametrize(
    ("passed", "left", "well"),
    [(True, False, True), (False, False, False), (None, False, False), (True, True, False)],
)
def test_a_store_is_well_when_it_was_checked_and_all_passed(
    *, passed: bool | None, left: bool, well: bool
) -> None:
    """A store that left, or that nobody checked, is not."""
    settings = {"left_at": "2026-11-23"} if left else {}
    head = _head(settings)
    checks = ({"name": "a", "passed": passed, "detail": "d", "mend": "m"},)
    kept = None if passed is None else StoreHealth(store_id=head.id, at=_now(), checks=checks)
    assert health.is_well(head, kept) is well
    troubles = health._of_the_store(head, kept)
    assert bool(troubles) is not well
    if passed is False:
        assert (troubles[0].detail, troubles[0].mend) == ("a: d", "m")


async def test_a_store_that_can_not_be_checked_says_why() -> None:
    """Its fault is a failed check with its code."""
    world = await World().open()
    world.platform.check = _refused  # type: ignore[method-assign,assignment]
    kept = await health.check_and_keep(world.ports, "tienda-pe")
    (check,) = kept.checks
    assert (check["name"], check["passed"], check["mend"]) == ("reach", False, "")
    assert (check["detail"], check["code"]) == ("no keys", PlatformRefused.code)


async def _refused(_store: object) -> Any:
    raise PlatformRefused("no keys")


def _now() -> Any:
    return World().clock.now()


def _head(settings: dict[str, Any]) -> StoreHead:
    whole = sample_store(settings=settings)
    names = (name for name in StoreHead.__dataclass_fields__ if name != "agency")
    return StoreHead(**{name: getattr(whole, name) for name in names}, agency=None)


# exports


async def test_an_export_names_every_secret_and_holds_none() -> None:
    """What the platform gives and renews itself is not asked for again."""
    made = ("webhook_secret", "hook_secret", "access_token", "refresh_token", "expires_at", "scope")
    secrets = {**dict.fromkeys(made, "hush"), "consumer_key": "hush"}
    world = await World().open(secrets=secrets)
    file = await exported(world.ports)
    (store,) = file["stores"]
    assert store["keys"] == {"consumer_key": {"env": "PEF_STORE_TIENDA_PE_CONSUMER_KEY"}}
    (main,) = file["accounts"]
    assert main["access_key"] == {"env": "PEF_ACCOUNT_MAIN_ACCESS_KEY"}
    assert main["secret_key"] == {"env": "PEF_ACCOUNT_MAIN_SECRET_KEY"}
    assert (file["version"], file["agencies"]) == (1, [])
    assert "hush" not in json.dumps(file)
    assert variable("STORE", "tienda.pe/á", "key") == "PEF_STORE_TIENDA_PE_KEY"


# the gate


@pytest.mark.parametrize(
    ("origin", "network"),
    [
        ("190.12.3.4", "190.12.3.4"),
        ("::ffff:190.12.3.4", "190.12.3.4"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_tries_are_counted_by_what_one_customer_holds(origin: str, network: str) -> None:
    """One address, or one network of IPv6."""
    assert _network(origin) == network


async def test_a_policy_without_versions_is_empty_and_may_be_published(house: House) -> None:
    """Nothing written, no trouble, and the whole that decides is the base."""
    admin = await house.person(ANA, ADMINISTRATOR)
    standing = await policies.read(house.ports, admin, f"store/{MINE}")
    assert (standing.owner, standing.newest, standing.text, standing.trouble) == (
        f"store/{MINE}",
        None,
        "",
        "",
    )
    assert standing.effective is not None


async def test_a_store_is_moved_by_who_may_change_both_sides(house: House) -> None:
    """Out of an agency takes its right, and into another that one's too."""
    andes = await house.person(ANA, at_agency(Role.AGENCY_ADMINISTRATOR))
    with pytest.raises(NotThere):
        await stores.move(house.ports, andes, SISTER, "costa")
    moved = await stores.move(house.ports, andes, SISTER, None)
    assert moved.settings["agency"] is None
    with pytest.raises(NotThere):
        await stores.move(house.ports, andes, FOREIGN, "andes")
    admin = await house.person("rosa@tienda.pe", ADMINISTRATOR)
    assert (await stores.move(house.ports, admin, SISTER, "costa")).settings["agency"] == "costa"
