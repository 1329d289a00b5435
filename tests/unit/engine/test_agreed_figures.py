"""The figures that owners, guides and attackers reckon with: periods, bounds, tries, names."""

import importlib
from datetime import timedelta

import pytest

HOURS, MINUTES, SECONDS, DAYS = (
    timedelta(hours=1),
    timedelta(minutes=1),
    timedelta(seconds=1),
    timedelta(days=1),
)

FIGURES: dict[str, dict[str, object]] = {
    "engine.send": {"SEND_SECONDS": 60},
    "engine.checkouts": {"CREATE_SECONDS": 4.0, "ASK_SECONDS": 2.0},
    "engine.waiting": {"TRIES_BEFORE_ATTENTION": 4},
    "engine.payouts": {"MOST_LINES": 500},
    "engine.installs": {"PREPARATION_LASTS": 30 * DAYS},
    "engine.asked_refunds": {"LONGEST_ID": 500},
    "engine.by_hand": {"LONGEST_REASON": 500},
    "engine.onboarding": {"INVITATION_LASTS": HOURS},
    "engine.plugin_codes": {"CODE_LASTS": 24 * HOURS},
    "engine.bank_answers": {"MOST_PROOF_BYTES": 5_000_000},
    "engine.refund_search": {"MOST_ROWS": 10_000},
    "engine.health": {"CHECKED_EVERY": 24 * HOURS},
    "engine.settings_as_code.applying": {"STORES_AT_ONCE": 8},
    "engine.transition": {"ENGINE": "engine", "PERSON": "person:"},
    "engine.beneficiary": {
        "BUYER": "buyer",
        "TO_BE_ASKED": "code.BUYER_TO_BE_ASKED",
        "SILENT": "code.BUYER_DID_NOT_ANSWER",
    },
    "engine.attention": {
        "PAID_BEYOND": "code.PAID_BEYOND_REST",
        "OUTCOME_TOLD": "code.OUTCOME_TOLD_ALREADY",
        "EXTORNO_ALARMS": ("code.EXTORNO_AFTER_REFUND", "code.EXTORNO_DURING_REFUND"),
        "RAIL_TROUBLE": "code.RAIL_UNREACHABLE",
        "STORE_TROUBLE": "code.STORE_UNREACHABLE",
        "KEYS_TROUBLE": "code.STORE_REFUSES_KEYS",
        "WRITE_BACK_TROUBLE": "code.WRITE_BACK_STUCK",
    },
    "engine.link_ups": {
        "CODE_LASTS": 24 * HOURS,
        "TOKEN_LASTS": HOURS,
        "AUTHORIZATION_LASTS": 10 * MINUTES,
    },
    "engine.gate.sessions": {
        "IDLE": 12 * HOURS,
        "LASTS": 7 * DAYS,
        "PLATFORM_LASTS": 8 * HOURS,
        "TOUCH_EVERY": MINUTES,
    },
    "engine.gate.sessions_platform": {"ENTRY_LASTS": 2 * MINUTES, "PATH": "/console/enter/"},
    "engine.gate.once": {"KEPT_FOR": 7 * DAYS, "DIES_AFTER": 60 * SECONDS, "LONGEST_KEY": 200},
    "engine.gate.links": {"LINK_LASTS": 72 * HOURS, "PATH": "/console/link/"},
    "engine.gate.passkeys": {"MOST_PASSKEYS": 20, "MOST_LETTERS": 60},
    "engine.gate.passkey_answers": {"CHALLENGE_LASTS": 5 * MINUTES},
    "engine.gate.passwords": {"LEAST_LETTERS": 12, "MOST_LETTERS": 1024},
    "engine.gate.sign_in_codes": {"STEP_SECONDS": 30},
    "engine.gate.sign_in_tries": {
        "WINDOW_SECONDS": 900,
        "TRIES_OF_EMAIL": 10,
        "TRIES_EVERYWHERE": 100,
        "TRIES_OF_ORIGIN": 50,
        "CODES_SECONDS": 86_400,
        "TRIES_OF_CODES": 20,
    },
    "engine.gate.tokens": {"PREFIX": "pef_", "MOST_DAYS": 366, "TRIES_OF_ORIGIN": 50},
    "engine.gate.policies": {"MOST_LETTERS": 200_000},
    "engine.gate.policy_drafts": {"MOST_DAYS": 366},
    "engine.gate.approvals": {"DIGEST_LETTERS": 12},
    "engine.gate.stores": {"PAGE": 50},
    "engine.gate.today": {"DAYS": 30, "MOST": 100},
    "core.policy.decision": {"PAYOUT_BARRED": "payout_barred"},
    "core.policy.facts": {"DEFAULT_RAIL": "pagoefectivo"},
    "core.policy.model": {"OTHERWISE": "otherwise"},
    "core.access.places": {"HOUSE": "house"},
    "core.masking": {"MASK": "***"},
    "core.texts": {"LANGUAGES": ("es_PE", "en", "zh_Hans"), "DEFAULT_LANGUAGE": "es_PE"},
    "pagoefectivo.auth": {"EXPIRY_MARGIN": 60 * SECONDS},
    "pagoefectivo.transport": {"MAX_ANSWER_BYTES": 1_048_576},
    "pagoefectivo.notifications": {"MAX_BODY_BYTES": 65_536, "EXTORNO": "cip.refunded"},
    "pagoefectivo.masking": {"KEPT_CHARACTERS": 20_000},
    "pagoefectivo.signature": {"HEADER": "pe-signature"},
    "pagoefectivo.keys": {"SANDBOX_KEY_PREFIX": "SBX"},
    "pagoefectivo.codes": {"SUCCESS": "100", "INTERNAL_ERROR": "166", "INVALID_VALUE": "113"},
}


@pytest.mark.parametrize("module", sorted(FIGURES))
def test_an_agreed_figure_stays(module: str) -> None:
    """The guides name them, stored rows hold them, and a longer period lets more people in."""
    found = importlib.import_module(f"pef_adapters.{module}")
    assert {name: getattr(found, name) for name in FIGURES[module]} == FIGURES[module]
