"""Messages to the buyer, by the notes of a running store."""

from typing import Any

import httpx
import pytest

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, PlatformUnreachable
from pef_adapters.platforms.contract import StoreConnection
from pef_woocommerce import platform
from pef_woocommerce.client import open_api
from woocommerce_bench import READ_ONLY_KEY, RemoteStore, connection

LINK = "https://refunds.example/b/8f--1x2"
TEXT = f"Díganos a qué cuenta va su dinero:\n{LINK}"


async def tell(remote: RemoteStore, order_id: str, marker: str = "RFABC/1", **store: Any) -> None:
    """Send the buyer of an order the usual text."""
    to: StoreConnection = connection(remote.home, **store)
    await platform().buyer_messages.tell_buyer(order_id, TEXT, marker, to)


async def test_the_buyer_reads_text_link_and_reference(remote: RemoteStore) -> None:
    """The mail has the text, a link that leads to the same place, and a short reference."""
    order_id = remote.paid_order()
    await tell(remote, order_id)
    (mail,) = remote.order(order_id)["mails"]
    said, link, nothing, reference = mail.split("\n")
    assert (said, nothing) == ("Díganos a qué cuenta va su dinero:", "")
    assert httpx.URL(link).path == httpx.URL(LINK).path
    assert reference == "(Ref. RFABC/1)"


async def test_a_lost_answer_does_not_double_the_mail(remote: RemoteStore) -> None:
    """A message whose answer was lost is found again by its marker, and mailed once."""
    order_id = remote.paid_order()
    remote.moods(lose_answers=1)
    with pytest.raises(PlatformUnreachable):
        await tell(remote, order_id)
    await tell(remote, order_id)
    assert len(remote.order(order_id)["mails"]) == 1


async def test_a_private_note_is_no_message(remote: RemoteStore) -> None:
    """A private note that names the marker does not pass for a message that was sent."""
    order_id = remote.paid_order()
    async with open_api(connection(remote.home)) as api:
        await api.write("POST", f"orders/{order_id}/notes", {"note": "(Ref. RFABC/1)"})
    await tell(remote, order_id)
    order = remote.order(order_id)
    assert (len(order["notes"]), len(order["mails"])) == (1, 1)


@pytest.mark.parametrize("email", ["", "deleted@site.invalid"])
async def test_without_an_address_nothing_is_said_to_be_sent(
    remote: RemoteStore, email: str
) -> None:
    """An order without an address is refused by its number, and no note is left behind."""
    order_id = remote.paid_order(email=email)
    with pytest.raises(PlatformRefused, match=rf"order {order_id} has no e-mail"):
        await tell(remote, order_id)
    assert remote.order(order_id)["messages"] == []


async def test_a_message_that_was_sent_needs_no_address(remote: RemoteStore) -> None:
    """What stands on the order already was sent, whatever became of the address."""
    order_id = remote.paid_order(email="")
    async with open_api(connection(remote.home)) as api:
        note = {"note": "(Ref. RFABC/1)", "customer_note": True}
        await api.write("POST", f"orders/{order_id}/notes", note)
    await tell(remote, order_id)
    assert len(remote.order(order_id)["messages"]) == 1


async def test_an_erased_order_has_no_buyer(remote: RemoteStore) -> None:
    """A message about an order that is gone is refused: nobody heard it."""
    with pytest.raises(PlatformRefused, match="no order 999"):
        await tell(remote, "999")


async def test_keys_that_may_only_read_send_nothing(remote: RemoteStore) -> None:
    """Keys without the right to write are refused."""
    order_id = remote.paid_order()
    with pytest.raises(PlatformRefused, match="read/write"):
        await tell(remote, order_id, secrets={"consumer_key": READ_ONLY_KEY})
    assert remote.order(order_id)["mails"] == []


async def test_order_ids_from_elsewhere_never_become_a_path(remote: RemoteStore) -> None:
    """An id that WooCommerce can't have made is refused before it is asked."""
    with pytest.raises(PlatformNonsense):
        await tell(remote, "1/../../wp/v2/users")


async def test_the_stores_page_shows_the_message(remote: RemoteStore) -> None:
    """The order's page shows messages apart from private notes, with a link to follow."""
    order_id = remote.paid_order()
    await tell(remote, order_id)
    async with httpx.AsyncClient(base_url=remote.home) as browser:
        page = (await browser.get(f"/orders/{order_id}")).text
    messages, _, notes = page.partition('<section id="notes"')
    assert '<a href="https://refunds.example/b/8f-%2D1%782"' in messages
    assert "RFABC" not in notes
