"""A foreign tenant whose every record sings, and the samples by which all of it is asked for."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import quote

import desk_samples as desk
import storage_samples as samples
from console_world import COOKIE, session_of
from graphql_world import EVERYTHING, ApiWorld
from pef_adapters.core.access import HOUSE, Grant, Role, agency_place, store_place
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import (
    Agency,
    AuditEntry,
    MachineToken,
    StoreHealth,
    User,
)

SONG = "canary"
"""Stands in whatever belongs to the foreign tenant."""
# Of one length each, so that not even a length tells them apart.
NAMES: dict[str, tuple[str, str]] = {
    "Refund": ("canary-refund", "absent-refund"),
    "Store": ("canary-store", "absent-store"),
    "Batch": ("canary-batch", "absent-batch"),
    "MachineToken": ("canary-token", "absent-token"),
    "Agency": ("canary-agency", "absent-agency"),
    "Account": ("canary-account", "absent-account"),
    "Person": ("canary@sur.example", "absent@sur.example"),
    "AuditEntry": ("1000000", "2000000"),
}
MASKED = dict.fromkeys(("name", "document", "account"), "canary-masked")
OWN_STORE, OWN_AGENCY = "norte-1", "norte"
ROLES = (*Role, "machine", "nobody", "disabled")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, the asked name and whatever is new in each session written over."""

    status: int
    location: str
    text: str


class MatrixWorld(ApiWorld):
    """A tenant of ours, and a foreign one that sings."""

    def __init__(self) -> None:
        super().__init__()
        self.asking: dict[str, User] = {}
        self.tokens: dict[str, str] = {}

    async def open(self, **store_changes: Any) -> Self:
        """Both tenants."""
        await super().open(**store_changes)
        async with self.book.begin() as ledger:
            await self._found_foreign(ledger)
            await self._fill_foreign(ledger)
            await self._people_of_foreign(ledger)
        return self

    async def _found_foreign(self, ledger: Ledger) -> None:
        template = await ledger.account("main")
        store = await ledger.store("tienda-pe")
        assert template is not None
        assert store is not None
        account = replace(
            template,
            id="canary-account",
            mode=Mode.SANDBOX,
            base_url="https://canary.example",
            service_id="canary-service",
        )
        await ledger.add_account(account)
        await ledger.add_agency(
            Agency(name="canary-agency", title="canary title", created_at=self.clock.now())
        )
        foreign = replace(
            store,
            id="canary-store",
            identity="https://canary-shop.example",
            account_id="canary-account",
            settings={"agency": "canary-agency", "platform": {"sung": "canary-setting"}},
        )
        await ledger.add_store(foreign)
        health = ({"name": "canary-check", "passed": False, "detail": "canary", "mend": "canary"},)
        await ledger.save_health(
            StoreHealth(store_id="canary-store", at=self.clock.now(), checks=health)
        )

    async def _fill_foreign(self, ledger: Ledger) -> None:
        now = self.clock.now()
        await ledger.add_payment(
            samples.payment(account_id="canary-account", transaction_id="canary-cip", paid_at=now)
        )
        refund = samples.refund(
            id="canary-refund",
            store_id="canary-store",
            account_id="canary-account",
            platform="fake",
            platform_refund_id="canary-platform-refund",
            order_id="canary-order",
            order_number="canary-number",
            reason="canary-reason",
            requested_by="canary-presser",
            transaction_id="canary-cip",
            state=State.HELD,
            next_action_at=None,
            edited_by="canary-editor",
            requested_at=now,
            created_at=now,
            updated_at=now,
        )
        await ledger.add_refund(refund)
        await ledger.add_entry(
            samples.entry(
                refund_id="canary-refund", at=now, actor="canary", detail={"sung": "canary"}
            )
        )
        review_id = await ledger.add_review(
            desk.review(
                refund_id="canary-refund",
                store_id="canary-store",
                covers=("canary-rule",),
                opened_at=now,
                expires_at=now + timedelta(days=9),
            )
        )
        await ledger.add_act(
            desk.act(
                review_id,
                refund_id="canary-refund",
                person="canary-approver",
                comment="canary-comment",
            )
        )
        await self._pay_foreign(ledger)

    async def _pay_foreign(self, ledger: Ledger) -> None:
        destination = await ledger.add_destination(
            desk.destination(refund_id="canary-refund", masked=MASKED)
        )
        batch = desk.batch(id="canary-batch", account_id="canary-account", made_by="canary-maker")
        await ledger.add_batch(batch)
        await ledger.add_payout(
            desk.payout(
                line_id="canary-line",
                refund_id="canary-refund",
                batch_id="canary-batch",
                destination_id=destination,
            )
        )
        await ledger.add_proof(
            desk.proof(batch_id="canary-batch", line_id="canary-line", file_name="canary.pdf")
        )
        for owner in ("store/canary-store", "agency/canary-agency"):
            body = {"name": "canary-policy"}
            await ledger.add_policy(desk.policy(owner=owner, body=body, published_by="canary"))

    async def _people_of_foreign(self, ledger: Ledger) -> None:
        now = self.clock.now()
        foreign = User(
            id="canary-user",
            email="canary@sur.example",
            name="canary person",
            language="en",
            grants=(Grant(Role.OWNER, store_place("canary-store")),),
            created_by="canary-administrator",
            created_at=now,
        )
        assert await ledger.add_user(foreign)
        await ledger.add_token(
            MachineToken(
                id="canary-token",
                name="canary-program",
                token_sha256="cd" * 32,
                place=store_place("canary-store"),
                permissions=EVERYTHING,
                created_by="canary-owner",
                created_at=now,
                expires_at=now + timedelta(days=9),
            )
        )
        entry = AuditEntry(
            at=now,
            actor="canary@sur.example",
            what="retry",
            subject="refund/canary-refund",
            store_id="canary-store",
            agency="canary-agency",
            origin="canary-origin",
            detail={"sung": "canary"},
        )
        await ledger.add_audit(entry)

    def next_pair(self) -> None:
        """Whoever asks next is new; the two who ask about one pair are the same."""
        self.asking.clear()

    async def credentials(self, role: str) -> dict[str, str]:
        """The headers of somebody in this role in our tenant, in a session of its own."""
        if role == "nobody":
            return {}
        if role == "machine":
            if "machine" not in self.tokens:
                self.tokens["machine"] = await self.token(store_place(OWN_STORE))
            return {"Authorization": f"Bearer {self.tokens['machine']}"}
        if role not in self.asking:
            self.asking[role] = await self._somebody(role)
        user = self.asking[role]
        async with self.book.begin() as ledger:
            await ledger.end_sessions_of(user.id)
        begun = await session_of(self.ports, user)
        return {"Cookie": f"{COOKIE}={begun.token}", "X-CSRF": begun.session.csrf}

    async def _somebody(self, role: str) -> User:
        if role == "house":
            return await self.person(Role.AGENCY_ADMINISTRATOR, HOUSE)
        if role == "disabled":
            place = store_place(OWN_STORE)
            return await self.person(Role.OWNER, place, disabled_at=self.clock.now())
        found = Role(role)
        of_agency = found is Role.AGENCY_ADMINISTRATOR
        place = agency_place(OWN_AGENCY) if of_agency else store_place(OWN_STORE)
        return await self.person(found, place)


def gid(kind: str, name: str) -> str:
    """A global id."""
    return b64encode(f"{kind}:{name}".encode()).decode()


def forms_of(kind: str, name: str) -> Iterator[str]:
    """Every form in which an asked name comes back, longest first."""
    yield gid(kind, name)
    yield quote(quote(name, safe=""), safe="")
    yield quote(name, safe="")
    yield name.replace("@", "&#64;")
    yield name
