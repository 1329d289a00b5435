"""The platform in memory keeps the contract's optional parts as an adapter would."""

from datetime import UTC, datetime

import pytest

from pef_adapters.core.errors import PlatformRefused, PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import Hint, HintKind, StoreConnection
from pef_adapters.testing.fake_platform import FakePlatform

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
STORE = StoreConnection(
    store_id="tienda",
    platform="fake",
    address="https://tienda.pe",
    mode=Mode.SANDBOX,
    language="es_PE",
    callback_url="https://pef.example/webhooks/fake/tienda",
)


@pytest.fixture
def fake() -> FakePlatform:
    """A platform with one refund on order 14."""
    fake = FakePlatform(lambda: NOW)
    fake.press("15", Money(5990, "PEN"), at=NOW, buyer="email:ana@example.com", deadline_at=NOW)
    return fake


async def test_told_facts_come_back(fake: FakePlatform) -> None:
    """Buyer and deadline are read as they were pressed, and what was not told is None."""
    (refund,) = await fake.read(Hint(kind=HintKind.REFUND_CREATED, refund_id="15"), STORE)
    assert (refund.buyer, refund.deadline_at) == ("email:ana@example.com", NOW)
    assert (refund.categories, refund.tags) == (None, None)
    assert "ana@" not in repr(refund)


async def test_a_marker_is_told_once(fake: FakePlatform) -> None:
    """The first message under a marker stays; another marker is another message."""
    assert fake.buyer_messages is not None
    for text, marker in (("uno", "a/1"), ("dos", "a/1"), ("tres", "a/2")):
        await fake.buyer_messages.tell_buyer("14", text, marker, STORE)
    assert fake.order().messages == {"a/1": "uno", "a/2": "tres"}


async def test_trouble_sends_nothing(fake: FakePlatform) -> None:
    """In trouble, and for an order that is not there, no message is taken for sent."""
    assert fake.buyer_messages is not None
    with pytest.raises(PlatformRefused):
        await fake.buyer_messages.tell_buyer("99", "uno", "a/1", STORE)
    fake.trouble = PlatformUnreachable()
    with pytest.raises(PlatformUnreachable):
        await fake.buyer_messages.tell_buyer("14", "uno", "a/1", STORE)
    assert fake.order().messages == {}


def test_a_platform_may_pass_no_messages(fake: FakePlatform) -> None:
    """Switched off, it is a platform without messages to buyers."""
    fake.mails_buyers = False
    assert fake.buyer_messages is None
