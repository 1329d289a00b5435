"""Scenes at the gate: deeds of people, allowed and refused, and what the audit holds of them."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from console_world import ConsoleWorld
from cost_samples import example_costs
from desk_world import DeskWorld, bank_file
from engine_world import CIP, World
from pef_adapters.core.access import (
    HOUSE,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Role,
    agency_place,
    powers_of,
    store_place,
)
from pef_adapters.core.costs.month import Month
from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.gate import (
    accounts,
    agencies,
    approvals,
    audits,
    beside,
    by_hand,
    costs,
    payouts,
    policies,
    policy_drafts,
    refunds,
    stores,
    tokens,
    users,
)
from pef_adapters.engine.records import Act, AuditSearch, RefundSearch

POLICY = """
name: shop
rules:
  - {id: big, when: {amount: {min: 50, currency: PEN}}, then: hold, approvers: 2}
otherwise: approve
"""


def actor(name: str, role: Role, place: str) -> Actor:
    """Somebody with one role in one place."""
    powers = powers_of((Grant(role, place),))
    return Actor(f"{name}@tienda.pe", ActorKind.PERSON, powers, origin="190.12.3.4")


ADMIN = actor("rosa", Role.AGENCY_ADMINISTRATOR, HOUSE)
OWNER = actor("olga", Role.OWNER, store_place("tienda-pe"))
NORTH = actor("nora", Role.AGENCY_ADMINISTRATOR, agency_place("norte"))
AGENT = actor("luis", Role.AGENT, store_place("tienda-pe"))
PEOPLE = (AGENT, NORTH, OWNER, ADMIN)

Deed = Callable[[Actor], Awaitable[object]]


async def tried(name: str, deed: Deed, people: tuple[Actor, ...] = PEOPLE) -> list[Any]:
    """The deed by each of them, one after the other: what came of it."""
    ends: list[Any] = [name]
    for person in people:
        try:
            ends.append(_short(await deed(person)))
        except PefError as fault:
            ends.append(f"{fault.code}: {fault}")
    return ends


def _short(done: object) -> object:
    """Lists by their length and first entry: a story is read by people."""
    return [len(done), *done[:1]] if isinstance(done, list | tuple) else done


async def deeds_on_refunds() -> World:
    """Everything a person can do about a refund, by four people with other powers."""
    world = await ConsoleWorld().open()
    ports = world.ports
    await world.press("15", 5000)
    await world.press("16", 100, transaction_id=None)
    await world.run()
    sent, held = (await world.refund("15")).id, (await world.refund("16")).id
    at = world.clock.now() + timedelta(days=2)
    both = [await world.refund("15"), await world.refund("16")]
    deeds: dict[str, Deed] = {
        "look": lambda who: refunds.look(ports, who, sent),
        "search": lambda who: refunds.search(ports, who, RefundSearch()),
        "stores": lambda who: refunds.stores(ports, who),
        "lay out": lambda who: refunds.lay_out(ports, who, held, "en"),
        "costs": lambda who: costs.of_refund(ports, who, sent),
        "record": lambda who: costs.record(ports, who, sent, Money(120, "PEN"), "comisión"),
        "payments": lambda who: beside.payments(ports, who, both),
        "timelines": lambda who: beside.timelines(ports, who, both),
        "heads": lambda who: beside.heads(ports, who, {"tienda-pe", "norte-1"}),
        "deadline": lambda who: refunds.set_deadline(ports, who, held, at),
        "retry": lambda who: refunds.retry(ports, who, held),
        "choose": lambda who: refunds.choose_payout(ports, who, held),
        "settle": lambda who: refunds.settle(ports, who, sent, paid=True),
        "withdraw": lambda who: refunds.withdraw(ports, who, held, "no"),
        "queue": lambda who: approvals.queue(ports, who),
        "decline": lambda who: approvals.decline(ports, who, held, "no procede"),
        "speak": lambda who: approvals.speak(ports, who, held, Act.COMMENT, "¿seguro?"),
        "nobody": lambda who: refunds.look(ports, who, "RFNOBODY"),
    }
    world.said = [await tried(name, deed) for name, deed in deeds.items()]  # type: ignore[attr-defined]
    await world.run()
    return world


async def deeds_on_stores() -> World:
    """Stores, agencies, accounts, policies and tokens, by the same four."""
    world = await ConsoleWorld().open()
    ports = world.ports
    days = {"documents_until": date(2027, 3, 1), "keys_until": date(2027, 4, 1)}
    deeds: dict[str, Deed] = {
        "stores": lambda who: stores.list_stores(ports, who, stores.StoreFilter()),
        "see": lambda who: stores.see(ports, who, "tienda-pe"),
        "check": lambda who: stores.check(ports, who, "norte-1"),
        "language": lambda who: stores.change(ports, who, "tienda-pe", language="es_PE"),
        "follow": lambda who: stores.change(ports, who, "norte-1", follow_agency=True),
        "move": lambda who: stores.move(ports, who, "norte-2", "sur"),
        "move out": lambda who: stores.move(ports, who, "norte-2", None),
        "agencies": lambda who: agencies.list_agencies(ports, who),
        "agency": lambda who: agencies.see(ports, who, "norte"),
        "make": lambda who: agencies.make(ports, who, " este ", "Este"),
        "change": lambda who: agencies.change(ports, who, "norte", "N", {"language": "en"}),
        "accounts": lambda who: accounts.list_accounts(ports, who),
        "account": lambda who: accounts.see(ports, who, "main"),
        "renew": lambda who: accounts.renew(ports, who, "main", **days),
        "fees": lambda who: costs.set_costs(ports, who, "main", example_costs()),
        "fees read": lambda who: costs.settings_of(ports, who, "main"),
        "quote": lambda who: costs.quote(ports, who, Month(2026, 11)),
        "owners": lambda who: policies.owners(ports, who),
        "publish": lambda who: policies.publish(ports, who, "store/tienda-pe", POLICY, 0),
        "again": lambda who: policies.publish(ports, who, "store/tienda-pe", POLICY, 1),
        "policy": lambda who: policies.read(ports, who, "store/tienda-pe"),
        "history": lambda who: policies.history(ports, who, "store/tienda-pe"),
        "draft": lambda who: policies.diff_of_draft(
            ports, who, "store/tienda-pe", POLICY.replace("50", "60")
        ),
        "check draft": lambda who: policy_drafts.check(ports, who, "store/tienda-pe", POLICY),
        "unreadable": lambda who: policy_drafts.check(ports, who, "store/tienda-pe", "ruels: 1"),
        "back test": lambda who: policy_drafts.back_test(ports, who, "store/tienda-pe", POLICY, 30),
        "everything": lambda who: beside.all_heads(ports, who),
        "audit": lambda who: audits.audits(ports, who, AuditSearch(limit=3)),
        "nobody's": lambda who: stores.see(ports, who, "nobody"),
    }
    world.said = [await tried(name, deed) for name, deed in deeds.items()]  # type: ignore[attr-defined]
    return world


async def deeds_on_people() -> World:
    """Users, their roles, and tokens of programs."""
    world = await ConsoleWorld().open()
    ports = world.ports
    ana = (await world.person(Role.APPROVER, store_place("tienda-pe"))).email
    seeing = (Permission.SEE_REFUNDS,)
    place = store_place("tienda-pe")
    deeds: dict[str, Deed] = {
        "users": lambda who: users.users(ports, who),
        "look": lambda who: users.look(ports, who, ana),
        "grants": lambda who: users.change_grants(ports, who, ana, (Grant(Role.AGENT, place),)),
        "too much": lambda who: users.change_grants(ports, who, ana, (Grant(Role.OWNER, HOUSE),)),
        "token": lambda who: tokens.make_token(
            ports, who, f"shop {who.name}", place, seeing, days=9
        ),
        "long": lambda who: tokens.make_token(ports, who, "long", place, seeing, days=9999),
        "deciding": lambda who: tokens.make_token(
            ports, who, "bot", place, (Permission.APPROVE,), days=9
        ),
        "tokens": lambda who: tokens.tokens(ports, who),
        "disable": lambda who: users.disable(ports, who, ana),
        "enable": lambda who: users.enable(ports, who, ana),
        "nobody": lambda who: users.look(ports, who, "nobody@tienda.pe"),
    }
    world.said = [await tried(name, deed) for name, deed in deeds.items()]  # type: ignore[attr-defined]
    return world


async def deeds_at_the_desk() -> World:
    """Bank files, answers and proofs, by who may and who may not."""
    world = await DeskWorld().open_old()
    ports = world.ports
    await world.until_due("15", 5000)
    two = (AGENT, ADMIN)
    said = [
        await tried("accounts", lambda who: payouts.accounts(ports, who), two),
        await tried("due", lambda who: payouts.due(ports, who, "main"), two),
        await tried("no account", lambda who: payouts.due(ports, who, "nobody"), two),
        await tried("no format", lambda who: payouts.export(ports, who, "main", "xyz"), (AGENT,)),
        await tried("ask", lambda who: payouts.ask_buyer(ports, who, "RFNOBODY"), two),
    ]
    exported = await world.export()
    batch = exported.batch.id
    proof = b"%PDF-1.7 constancia"
    said += [
        await tried("batches", lambda who: payouts.batches(ports, who), two),
        await tried("batch", lambda who: payouts.batch(ports, who, batch), two),
        await tried("file", lambda who: payouts.bank_file(ports, who, batch), two),
        await tried("odd", lambda who: payouts.take_answers(ports, who, batch, b"x"), two),
        await tried(
            "proof",
            lambda who: payouts.attach_proof(ports, who, batch, file_name="c.pdf", body=proof),
            two,
        ),
        await tried("read", lambda who: payouts.proof(ports, who, batch, 1), two),
        await tried("no proof", lambda who: payouts.proof(ports, who, batch, 99), two),
    ]
    pressed = Press(
        transaction_id=CIP,
        order_number="",
        amount=Money(1000, "PEN"),
        expected_rest=Money(7980, "PEN"),
        reason="pedido 14",
        person="",
        key="form-1",
    )
    said += [
        await tried("hand stores", lambda who: by_hand.stores(ports, who), two),
        await tried("find", lambda who: by_hand.find(ports, who, "tienda-pe", CIP), two),
        await tried("press", lambda who: by_hand.press(ports, who, "tienda-pe", pressed), two),
    ]
    body = bank_file(exported.body, status="confirmed")
    said.append(
        await tried("answers", lambda who: payouts.take_answers(ports, who, batch, body), two)
    )
    await world.run()
    world.said = said  # type: ignore[attr-defined]
    return world


GATE_SCENES = {
    made.__name__: made
    for made in (deeds_on_refunds, deeds_on_stores, deeds_on_people, deeds_at_the_desk)
}
