"""What time does by itself: reviews that wait, deadlines, documents and keys that expire.

Run with the janitor's sweep. Raises an alarm once and clears it when it is over; it
decides nothing but what a policy says of a review that ran out.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from pef_adapters.core.calendar import lima_date, lima_time
from pef_adapters.core.errors import PefError
from pef_adapters.core.policy.model import Expired
from pef_adapters.core.states import CARE, Event, State
from pef_adapters.engine.facts import last_day
from pef_adapters.engine.policies import policy_of
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, Alarm, Refund, Review, ReviewEnd
from pef_adapters.engine.transition import move, stay

_log = structlog.get_logger(__name__)

_BATCH = 500
_REVIEW = "review/"
_WARN_DAYS = (30, 7)
_SOON = timedelta(hours=24)
_RAN_OUT = "code.APPROVAL_EXPIRED"
# What is told before the last good day of a setting, and after it.
_LAST_DAYS: Mapping[str, tuple[str, str]] = {
    "kyc_until": ("code.KYC_EXPIRES", "code.KYC_EXPIRED"),
    "keys_until": ("code.KEYS_EXPIRE", "code.KEYS_OVER"),
}


async def watch(ports: Ports) -> None:
    """Everything that is due by now; safe to repeat."""
    await _watch_reviews(ports)
    await _watch_deadlines(ports)
    await _clear(ports)
    await _watch_accounts(ports)


async def _watch_reviews(ports: Ports) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        waiting = await ledger.open_reviews(_BATCH)
    for review in waiting:
        if review.expires_at <= now:
            await _expire(ports, review, now)
        elif review.remind_at <= now:
            async with ports.book.begin() as ledger:
                await _raise(ledger, _review_alarm(review), now)


async def _clear(ports: Ports) -> None:
    """Take back the alarms of reviews that ended and of refunds that are done."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        for alarm in await ledger.open_alarms():
            kind, _, name = alarm.subject.partition("/")
            if kind == "refund" and await _is_over(ledger, alarm, name, now):
                await ledger.clear_alarm(alarm.key, now)


async def _is_over(ledger: Ledger, alarm: Alarm, refund_id: str, now: datetime) -> bool:
    if alarm.key.startswith(_REVIEW):
        review = await ledger.open_review(refund_id)
        return review is None or alarm.key != f"{_REVIEW}{review.id}"
    refund = await ledger.refund(refund_id)
    due = _deadline_alarm(refund, now) if refund else None
    return due is None or due.key != alarm.key


async def _expire(ports: Ports, review: Review, now: datetime) -> None:
    """What was agreed so far counts no more; the policy says whether the refund goes on."""
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(review.refund_id)
        current = await ledger.open_review(review.refund_id)
        if refund is None or current is None or current.id != review.id:
            return
        await ledger.save_review(replace(review, ended_at=now, ended_as=ReviewEnd.EXPIRED))
        await ledger.clear_alarm(f"{_REVIEW}{review.id}", now)
        if refund.state is not State.HELD:
            return
        if await _when_expired(ledger, refund) is Expired.REJECT:
            refund = await move(ledger, refund, Event.REJECTED, now, attention=_RAN_OUT)
        else:
            refund = await stay(ledger, refund, now, attention=_RAN_OUT)
            await ledger.add_review(_once_more(review, now))
        await ledger.wake(refund)


async def _when_expired(ledger: Ledger, refund: Refund) -> Expired:
    store = await ledger.store(refund.store_id)
    if store is None:
        return Expired.HOLD
    try:
        return (await policy_of(ledger, store)).approvals.when_expired
    except PefError:
        return Expired.HOLD  # a policy that can't be read ends nothing


def _once_more(review: Review, now: datetime) -> Review:
    """The same question again, for as long as before, with nobody's answer yet."""
    return replace(
        review,
        id=0,
        opened_at=now,
        remind_at=now + (review.remind_at - review.opened_at),
        expires_at=now + (review.expires_at - review.opened_at),
    )


async def _watch_deadlines(ports: Ports) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        for refund in await ledger.refunds_by_deadline(now + _SOON, _BATCH):
            alarm = _deadline_alarm(refund, now)
            if alarm is not None:
                await _raise(ledger, alarm, now)


def _deadline_alarm(refund: Refund, now: datetime) -> Alarm | None:
    """The one alarm that its deadline is worth now."""
    at = refund.deadline_at
    if at is None or at >= now + _SOON or CARE[refund.state].final:
        return None
    late = at <= now
    return Alarm(
        key=f"deadline/{'passed' if late else 'near'}/{refund.id}",
        subject=f"refund/{refund.id}",
        code="code.DEADLINE_PASSED" if late else "code.DEADLINE_NEAR",
        figures={"at": _in_lima(at), "refund": refund.id},
        raised_at=now,
    )


async def _watch_accounts(ports: Ports) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        raised = await ledger.open_alarms()
        for account in await ledger.accounts():
            own = [alarm.key for alarm in raised if alarm.subject == f"account/{account.id}"]
            for setting in _LAST_DAYS:
                await _watch_last_day(ledger, account, setting, raised=own, now=now)


async def _watch_last_day(
    ledger: Ledger, account: Account, setting: str, *, raised: list[str], now: datetime
) -> None:
    try:
        last = last_day(account.settings, setting)
    except PefError as fault:
        _log.warning("account_setting_unreadable", account=account.id, detail=str(fault))
        return
    due = due_warning(last, lima_date(now))
    keys = {level: f"{setting}/{level}/{account.id}/{last}" for level in (*_WARN_DAYS, 0)}
    for key in raised:
        if key.startswith(f"{setting}/") and (due is None or key != keys[due]):
            await ledger.clear_alarm(key, now)
    if due is not None and last is not None:
        before, after = _LAST_DAYS[setting]
        alarm = Alarm(
            key=keys[due],
            subject=f"account/{account.id}",
            code=after if due == 0 else before,
            figures={"day": last.isoformat(), "account": account.id},
            raised_at=now,
        )
        await _raise(ledger, alarm, now)


def due_warning(last: date | None, today: date) -> int | None:
    """Which warning is due: 30 or 7 days before the last good day, 0 after it; None: none."""
    if last is None:
        return None
    if today > last:
        return 0
    left = (last - today).days
    return min((days for days in _WARN_DAYS if left <= days), default=None)


def _review_alarm(review: Review) -> Alarm:
    return Alarm(
        key=f"{_REVIEW}{review.id}",
        subject=f"refund/{review.refund_id}",
        code="code.REVIEW_WAITS",
        figures={"at": _in_lima(review.expires_at), "refund": review.refund_id},
        raised_at=review.remind_at,
    )


def _in_lima(moment: datetime) -> str:
    return f"{lima_time(moment):%Y-%m-%d %H:%M}"


async def _raise(ledger: Ledger, alarm: Alarm, now: datetime) -> None:
    if await ledger.raise_alarm(replace(alarm, raised_at=now)):
        _log.warning("alarm", code=alarm.code, subject=alarm.subject, **alarm.figures)
