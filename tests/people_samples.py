"""Records for tests of who uses the console and the API: whole, valid, easy to vary."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pef_adapters.core.access import (
    HOUSE,
    Grant,
    Permission,
    Power,
    Role,
    agency_place,
    store_place,
)
from pef_adapters.engine.records import (
    Agency,
    AuditEntry,
    KeptCall,
    MachineToken,
    Session,
    StoreHealth,
    User,
)
from storage_samples import CANARY, NOON


def user(number: int = 1, **changes: Any) -> User:
    """Person `number`, with a password, a code app and a passkey."""
    sample = User(
        id=f"u-{number}",
        email=f"rosa-{number}@shop.example",
        name="Rosa Quispe",
        language="es_PE",
        password=f"$argon2id$v=19$m=8,t=1,p=1${CANARY}$hash",
        totp=f"{CANARY}-totp",
        totp_step=59_000_000,
        passkeys=({"id": "key-1", "public_key": "cHVibGlj", "sign_count": 3}, {"id": "key-2"}),
        grants=(
            Grant(Role.OWNER, store_place("shop")),
            Grant(Role.AGENCY_ADMINISTRATOR, agency_place("andes")),
        ),
        created_by="pef",
        created_at=NOON,
    )
    return replace(sample, **changes)


def session(number: int = 1, **changes: Any) -> Session:
    """Browser `number` of person 1."""
    sample = Session(
        token_sha256=f"{number:064x}",
        user_id="u-1",
        name="rosa-1@shop.example",
        csrf=f"{CANARY}-csrf",
        origin="203.0.113.7",
        device="Firefox on Linux",
        created_at=NOON,
        seen_at=NOON,
        expires_at=NOON + timedelta(hours=12),
    )
    return replace(sample, **changes)


def platform_session(number: int = 9, **changes: Any) -> Session:
    """A browser whose person a platform has proved; it is no user of ours."""
    powers = (
        Power(store_place("shop"), frozenset({Permission.SEE_REFUNDS, Permission.SPEAK})),
        Power(HOUSE, frozenset()),
    )
    changes = {"user_id": "", "name": "shopify/ana", "powers": powers, **changes}
    return session(number, **changes)


def token(number: int = 1, **changes: Any) -> MachineToken:
    """Token `number`, which may see refunds and payouts everywhere."""
    sample = MachineToken(
        id=f"mt-{number}",
        name="accounting",
        token_sha256=f"{number:064x}",
        place=HOUSE,
        permissions=(Permission.SEE_REFUNDS, Permission.SEE_PAYOUTS),
        created_by="rosa-1@shop.example",
        created_at=NOON,
        expires_at=NOON + timedelta(days=90),
    )
    return replace(sample, **changes)


def audit(**changes: Any) -> AuditEntry:
    """A refund that somebody rejected in the store."""
    sample = AuditEntry(
        at=NOON,
        actor="rosa-1@shop.example",
        what="refund_rejected",
        subject="refund/rf-1",
        store_id="shop",
        agency="andes",
        origin="203.0.113.7",
        detail={"why": "ya se pagó"},
    )
    return replace(sample, **changes)


def call(number: int = 1, **changes: Any) -> KeptCall:
    """A change that a program asked for under its key `number`."""
    sample = KeptCall(actor="token/accounting", key=f"key-{number}", digest=f"d-{number}", at=NOON)
    return replace(sample, **changes)


def agency(name: str = "andes", **changes: Any) -> Agency:
    """An agency whose stores speak Spanish."""
    sample = Agency(
        name=name,
        title="Agencia Andes",
        settings={"language": "es_PE", "platform": {"vtex": {"workspace": "master"}}},
        created_at=NOON,
    )
    return replace(sample, **changes)


def health(store_id: str = "shop", **changes: Any) -> StoreHealth:
    """A check of a store that found one thing to mend."""
    checks = (
        {"name": "keys", "passed": True, "detail": "", "mend": ""},
        {"name": "webhooks", "passed": False, "detail": "1 of 2", "mend": "pef store check"},
    )
    return replace(StoreHealth(store_id=store_id, at=NOON, checks=checks), **changes)
