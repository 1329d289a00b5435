"""The fake gateway's refunds: its readings of the retry rule, its known issues, its books."""

import pytest

from tiny_provider import TinyProvider
from vtex_bench import RemoteVtex, vtex_running

_OPEN_FOR_EVER = ["open"] * 100


def actions(vtex: RemoteVtex, payment_id: str) -> list[tuple[str, str]]:
    """What VTEX painted of a payment's refunds."""
    return [(each["type"], each["value"]) for each in vtex.payment(payment_id)["actions"]]


def test_a_refund_answered_200_closes_as_online(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A return asks for its refund by itself, and what was confirmed is painted online."""
    bought = vtex.returnable()
    shown = vtex.press(bought["order_ids"][0], "return", "20.00")
    (asked,) = provider.asked("settleId")
    assert asked["settleId"] == shown["payment"]["settle_id"]
    assert "orderId" not in asked
    assert "currency" not in asked
    assert actions(vtex, bought["payment_id"]) == [("online", "20.00")]
    assert vtex.payment(bought["payment_id"])["left"] == "99.80"


def test_read_for_a_day_a_refund_is_asked_for_again_for_a_day(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """The same request comes again at doubled distances, then VTEX gives up by mail and task."""
    provider.refund_answers = list(_OPEN_FOR_EVER)
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    vtex.advance(hours=1)
    assert len(provider.asked("settleId")) == 6
    vtex.advance(hours=24)
    bodies = provider.asked("settleId")
    assert len({body["requestId"] for body in bodies}) == 1
    assert len(bodies) == 11
    assert actions(vtex, bought["payment_id"]) == [("email-notification", "20.00")]
    seen = vtex.seen()
    assert "gateway-manual-reversal-requested" in {mail["template"] for mail in seen["mails"]}
    assert [task["order_id"] for task in seen["tasks"]] == bought["order_ids"]


def test_a_refund_that_ends_within_the_day_is_online(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Answered 500 until it is done, a refund is closed by the first 200."""
    provider.refund_answers = ["open", "open"]
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    assert actions(vtex, bought["payment_id"]) == []
    assert vtex.retry() == 1
    assert vtex.retry() == 1
    assert vtex.retry() == 0
    assert actions(vtex, bought["payment_id"]) == [("online", "20.00")]


def test_read_as_later_a_refund_is_asked_for_once_more(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """When the day is over VTEX comes back once, when nobody expects it."""
    vtex.moods(refund_retry="later")
    provider.refund_answers = ["open"]
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    vtex.advance(hours=24)
    assert len(provider.asked("settleId")) == 1
    vtex.advance(hours=2)
    assert len(provider.asked("settleId")) == 2
    assert actions(vtex, bought["payment_id"]) == [("online", "20.00")]


@pytest.mark.parametrize("paint_both", [False, True])
def test_read_as_never_a_refund_is_not_asked_for_again(
    vtex: RemoteVtex, provider: TinyProvider, *, paint_both: bool
) -> None:
    """One 500 makes a mail and a task, and sometimes VTEX paints the refund as done too."""
    vtex.moods(refund_retry="never", paint_both=paint_both)
    provider.refund_answers = ["open"]
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    assert vtex.advance(days=2) == 0
    assert len(provider.asked("settleId")) == 1
    both = [("online", "20.00")] if paint_both else []
    assert actions(vtex, bought["payment_id"]) == [*both, ("email-notification", "20.00")]
    assert len(vtex.seen()["tasks"]) == 1


def test_refund_manually_is_mailed_at_once(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A 501 ends the refund as email-notification, whatever the reading of the retry rule."""
    provider.refund_answers = ["by-hand"]
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00")
    assert actions(vtex, bought["payment_id"]) == [("email-notification", "20.00")]
    assert vtex.retry() == 0


def test_a_cancelled_order_that_was_settled_is_refunded(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Cancelling asks for a cancellation before the capture, and for a refund after it."""
    before, after = vtex.buy("20.00"), vtex.settled("30.00")
    vtex.press(before["order_ids"][0], "cancel")
    vtex.press(after["order_ids"][0], "cancel")
    assert len(vtex.calls("cancellations")) == 1
    assert [body["value"] for body in provider.asked("settleId")] == [30]
    ended = vtex.payment(after["payment_id"])
    assert ended["transaction_status"] == "Canceled"
    assert actions(vtex, after["payment_id"]) == [("online", "30.00")]


def test_the_same_request_many_times_at_once(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Simultaneous calls with one request id are sent as they are and painted once."""
    payment_id = vtex.settled()["payment_id"]
    calls = vtex.call_refunds(payment_id, "20.00", times=5, same=True)
    assert [call["status"] for call in calls] == [200] * 5
    assert len({body["requestId"] for body in provider.asked("settleId")}) == 1
    assert actions(vtex, payment_id) == [("online", "20.00")]


def test_an_answer_that_changes_its_refund_id_is_a_fault(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """The same request must be answered with the same identifier, or it was done twice."""
    payment_id = vtex.settled()["payment_id"]
    vtex.call_refunds(payment_id, "20.00")
    provider.changes["refunds"] = {"refundId": "another"}
    (again,) = vtex.repeat(payment_id, "refunds")
    assert again["faults"] == ["the same request was answered with another identifier before"]


def test_different_requests_at_once_and_beyond_the_books(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """VTEX can be made to ask for more than was captured, in one moment and with other ids."""
    payment_id = vtex.settled("30.00")["payment_id"]
    vtex.call_refunds(payment_id, "20.00", times=3)
    bodies = provider.asked("settleId")
    assert len({body["requestId"] for body in bodies}) == 3
    assert sum(body["value"] for body in bodies) == 60
    assert vtex.payment(payment_id)["left"] == "-30.00"


def test_its_own_books_refuse_more_than_was_captured(vtex: RemoteVtex) -> None:
    """A return of more than is left never reaches the provider."""
    bought = vtex.returnable("30.00")
    order_id = bought["order_ids"][0]
    vtex.press(order_id, "return", "20.00")
    said = vtex.refused(f"/orders/{order_id}", {"action": "return", "amount": "20.00"})
    assert said == "the value is more than what was settled and not refunded yet"
    assert len(vtex.calls("refunds")) == 1


def test_two_equal_returns_in_one_second_share_a_dated_id(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """The dated form of a request's id is the same for two equal refunds of one second."""
    vtex.moods(request_ids="dated")
    bought = vtex.returnable()
    vtex.press(bought["order_ids"][0], "return", "20.00", times=2)
    first, second = provider.asked("settleId")
    assert first["requestId"] == second["requestId"]
    assert first["requestId"].endswith("-2000")
    assert len(vtex.refunds(bought["payment_id"])) == 2


def test_an_earlier_refund_is_sent_again_in_place_of_a_later(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Known issue 1351358: the later return is never sent, the earlier one comes again."""
    bought = vtex.returnable()
    order_id = bought["order_ids"][0]
    vtex.press(order_id, "return", "20.00")
    vtex.moods(repeat_earlier_refund=1)
    vtex.press(order_id, "return", "30.00")
    first, second = provider.asked("settleId")
    assert first == second
    assert [ask["ended"] for ask in vtex.refunds(bought["payment_id"])] == ["online", "never-sent"]


def test_a_refund_can_get_lost_at_vtex(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Known issue 1154224: the return is invoiced, and the provider never hears of it."""
    bought = vtex.returnable()
    vtex.moods(drop_refunds=1)
    shown = vtex.press(bought["order_ids"][0], "return", "20.00")
    assert provider.asked("settleId") == []
    assert shown["packages"][-1]["refund"] == "20.00"


def test_refund_manually_in_a_settlement_refunds_twice(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Known issue 615050: that code with a null settleId doubles every later refund."""
    provider.changes["settlements"] = {"settleId": None, "code": "refund-manually"}
    bought = vtex.settled()
    provider.changes.clear()
    vtex.retry()
    vtex.press(bought["order_ids"][0], "invoice")
    vtex.press(bought["order_ids"][0], "return", "20.00")
    first, second = provider.asked("settleId")
    assert first["requestId"] != second["requestId"]
    assert first["value"] == second["value"]


def test_the_old_way_of_saying_manually_is_read_where_it_is_allowed(
    provider: TinyProvider,
) -> None:
    """Unless it is strict, the gateway takes a 200 with refund-manually for what it means."""
    told = {"refundId": None, "value": 0, "code": "refund-manually"}
    with vtex_running(provider.url, strict=False) as vtex:
        bought = vtex.returnable()
        provider.changes["refunds"] = told
        vtex.press(bought["order_ids"][0], "return", "20.00")
        assert actions(vtex, bought["payment_id"]) == [("email-notification", "20.00")]
        assert vtex.calls("refunds")[0]["faults"] != []


def test_what_was_refunded_may_be_less(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A smaller value in the answer is what VTEX paints."""
    bought = vtex.returnable()
    provider.changes["refunds"] = {"value": 15}
    vtex.press(bought["order_ids"][0], "return", "20.00")
    assert actions(vtex, bought["payment_id"]) == [("online", "15.00")]
