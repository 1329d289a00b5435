"""What a store's owner is shown, as plain data: the same for the page and for its data calls.

Words come from `core.texts`; nothing here decides. No bank detail and no buyer passes.
"""

from typing import Any

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.states import State
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine.attention import ALARMS, why
from pef_adapters.engine.overview import Overview
from pef_adapters.engine.records import Alarm, Refund
from pef_adapters.platforms.stores import StoreConnection
from pef_shopify.app import AppSettings
from pef_shopify.settings import settings_of

CHANGEABLE = ("gateways", "transaction_reference", "payouts")
"""The settings that the page may change."""

# The tones of Shopify's badges, so that a colour means here what it means everywhere there.
_TONES = {
    State.REFUNDED: "success",
    State.HELD: "warning",
    State.AWAITING_BENEFICIARY: "warning",
    State.PAYOUT_DUE: "warning",
    State.UNKNOWN: "warning",
    State.REJECTED: "critical",
    State.FAILED: "critical",
    State.RETURNED: "critical",
    State.CANCELLED: "neutral",
    State.REVERSED: "critical",
}


def label(name: str, language: str) -> str:
    """A short text of the page, without its full stop."""
    return explain(f"shopify_page.{name}", language).rstrip(".。")


def refund_shown(refund: Refund, language: str) -> dict[str, str]:
    """One refund in words; every value is text, empty where there is nothing to say."""
    state = f"state.{refund.state}"
    key, figures = why(refund, refund.attention)
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "order": label_of_order(refund.order_number, language),
        "amount": refund.amount.shown(language),
        "state": refund.state,
        "tone": "critical" if refund.attention in ALARMS else _TONES.get(refund.state, "info"),
        "label": label(f"state_{refund.state}", language),
        "means": explain(state, language),
        "why": explain(key, language, figures) if key else "",
        "next": (advise(key, language, figures) if key else "") or advise(state, language),
        "expected": _expected(refund, language),
        "asked_at": refund.requested_at.isoformat(),
    }


def label_of_order(number: str, language: str) -> str:
    """The order as people name it."""
    return explain("shopify_page.order", language, {"order": number}).rstrip(".。")


def overview_shown(overview: Overview, language: str) -> dict[str, list[dict[str, str]]]:
    """The page's lists: alarms, refunds that wait for a person, and the newest refunds."""
    return {
        "alarms": [_alarm_shown(alarm, language) for alarm in overview.alarms],
        "waiting": [refund_shown(refund, language) for refund in overview.waiting],
        "refunds": [refund_shown(refund, language) for refund in overview.refunds],
    }


def settings_shown(store: StoreConnection, app: AppSettings) -> dict[str, Any]:
    """The settings that the page shows; one that can't be used is shown as it is kept."""
    try:
        kept = settings_of(store).model_dump(mode="json")
    except SettingInvalid:
        kept = {"gateways": [], "transaction_reference": "", "payouts": "", **store.settings}
    shown = {name: kept[name] for name in CHANGEABLE}
    return {**shown, "payouts_can_change": app.distribution == "custom"}


def _expected(refund: Refund, language: str) -> str:
    if refund.state is not State.PENDING or not refund.expected_on:
        return ""
    return explain("shopify_page.expected", language, {"expected_on": refund.expected_on})


def _alarm_shown(alarm: Alarm, language: str) -> dict[str, str]:
    figures = dict(alarm.figures)
    return {
        "means": explain(alarm.code, language, figures),
        "next": advise(alarm.code, language, figures),
    }
