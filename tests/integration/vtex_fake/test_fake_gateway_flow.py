"""The fake gateway drives a payment as VTEX does: authorise, wait, settle, cancel, hear."""

import json
import socket

import httpx
import pytest

from tiny_provider import TinyProvider
from vtex_bench import (
    PARTNER_KEY,
    PARTNER_TOKEN,
    PROVIDER_KEY,
    PROVIDER_TOKEN,
    RemoteVtex,
    vtex_running,
)

PARTNER = {"X-VTEX-API-AppKey": PARTNER_KEY, "X-VTEX-API-AppToken": PARTNER_TOKEN}
MERCHANT = {"X-VTEX-API-AppKey": PROVIDER_KEY, "X-VTEX-API-AppToken": PROVIDER_TOKEN}


def call_back(provider: TinyProvider, status: str, **changes: object) -> httpx.Response:
    """Tell the end of the last payment, as the provider would."""
    asked = provider.asked("callbackUrl")[-1]
    url = changes.pop("url", asked["callbackUrl"])
    headers = changes.pop("headers", PARTNER)
    said = provider.said(asked["paymentId"], status) | changes
    said = {name: value for name, value in said.items() if value != "left out"}
    assert isinstance(headers, dict)
    return httpx.post(str(url), json=said, headers=headers)


def test_a_purchase_is_approved_and_settled_by_itself(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """An approved payment is captured when the delay that the provider named has passed."""
    bought = vtex.buy("59.90")
    assert bought["status"] == "approved"
    vtex.advance(seconds=119)
    assert provider.asked("requestId") == []
    vtex.advance(seconds=2)
    payment = vtex.payment(bought["payment_id"])
    assert (payment["status"], payment["settled"]) == ("settled", "59.90")
    assert vtex.order(bought["order_ids"][0])["status"] == "ready-for-handling"


def test_amounts_travel_as_exact_decimals(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """An amount is a JSON number in units, written as VTEX writes it."""
    vtex.settled("20.00")
    vtex.settled("59.90")
    values = [raw.partition(b'"value":')[2].split(b",")[0] for raw in provider.raw]
    assert values == [b"20.0", b"20.0", b"59.9", b"59.9"]


@pytest.mark.parametrize(("pair", "name"), [("vtex", "x-vtex-api"), ("provider", "x-provider-api")])
def test_either_pair_of_headers_carries_the_keys(
    provider: TinyProvider, pair: str, name: str
) -> None:
    """The provider's keys stand in the pair of headers that the connector was set up with."""
    with vtex_running(provider.url, header_pair=pair) as vtex:
        vtex.buy()
    headers = provider.headers[-1]
    assert headers[f"{name}-appkey"] == PROVIDER_KEY
    assert headers[f"{name}-apptoken"] == PROVIDER_TOKEN
    assert "x-vtex-api-is-testsuite" not in headers


def test_an_undefined_payment_is_asked_for_again_until_it_is_cancelled(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Waiting for two hours, the gateway asks every hour, and then cancels the payment."""
    provider.status, provider.delay_to_cancel = "undefined", 7200
    bought = vtex.buy()
    assert bought["payment_url"] == f"{provider.url}/pay"
    vtex.advance(hours=1, seconds=5)
    assert len(provider.asked("callbackUrl")) == 2
    vtex.advance(hours=1, seconds=5)
    assert len(provider.asked("callbackUrl")) == 2
    assert [body["value"] for body in provider.asked("requestId")] == [11980]
    assert vtex.payment(bought["payment_id"])["status"] == "cancelled"
    assert vtex.order(bought["order_ids"][0])["status"] == "canceled"


def test_a_callback_approves_a_payment(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """The new state that is posted to the callback's address replaces the first answer."""
    provider.status = "undefined"
    bought = vtex.buy()
    assert call_back(provider, "approved").status_code == 200
    assert vtex.payment(bought["payment_id"])["status"] == "approved"
    assert vtex.order(bought["order_ids"][0])["status"] == "payment-approved"
    assert vtex.seen()["callbacks"][-1]["verdict"] == "taken"


def test_delays_that_a_callback_leaves_out_become_a_day(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Without its settle delays a callback makes VTEX wait for a day before it captures."""
    provider.status = "undefined"
    bought = vtex.buy()
    gone = {"delayToAutoSettle": "left out", "delayToAutoSettleAfterAntifraud": "left out"}
    call_back(provider, "approved", **gone)
    vtex.advance(hours=23)
    assert vtex.payment(bought["payment_id"])["status"] == "approved"
    vtex.advance(hours=1, minutes=1)
    assert vtex.payment(bought["payment_id"])["status"] == "settled"


def test_a_callback_needs_the_exact_address_and_the_partners_keys(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Another signature, a reordered query or the merchant's keys change nothing."""
    provider.status = "undefined"
    bought = vtex.buy()
    url = provider.asked("callbackUrl")[-1]["callbackUrl"]
    place, _, query = url.partition("?")
    reordered = f"{place}?{'&'.join(reversed(query.split('&')))}"
    assert call_back(provider, "approved", url=reordered).status_code == 403
    assert call_back(provider, "approved", url=place).status_code == 403
    assert call_back(provider, "approved", headers=MERCHANT).status_code == 403
    assert call_back(provider, "paid").status_code == 400
    assert vtex.payment(bought["payment_id"])["status"] == "undefined"
    verdicts = {callback["verdict"] for callback in vtex.seen()["callbacks"]}
    assert "not the partner's keys" in verdicts
    assert "not the address exactly as it was given" in verdicts


def test_a_callback_during_a_call_is_overwritten(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """What arrives while the gateway waits for the provider's own answer is lost."""
    provider.status = "undefined"
    provider.meanwhile = lambda: call_back(provider, "approved")
    bought = vtex.buy()
    assert bought["status"] == "undefined"
    assert vtex.seen()["callbacks"][-1]["verdict"].startswith("overwritten")


def test_a_retry_callback_makes_the_gateway_ask_again(provider: TinyProvider) -> None:
    """Where callbacks are bare retries, the gateway asks the provider for the new state."""
    provider.status = "undefined"
    with vtex_running(provider.url, callback="retry") as vtex:
        bought = vtex.buy()
        provider.status = "approved"
        url = provider.asked("callbackUrl")[-1]["callbackUrl"]
        assert "/retry?" in url
        assert httpx.post(url, headers=PARTNER).status_code == 200
        vtex.advance(seconds=1)
        assert vtex.payment(bought["payment_id"])["status"] == "approved"


def test_a_denied_payment_ends_its_order(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Denied means that the order is cancelled, and nothing more is asked."""
    provider.status = "denied"
    bought = vtex.buy()
    assert vtex.order(bought["order_ids"][0])["status"] == "canceled"
    assert vtex.advance(days=8) == 0


def test_a_lost_answer_is_asked_for_again(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """The gateway that loses an answer calls again with the very same body."""
    vtex.moods(lose_answers=2)
    bought = vtex.buy()
    assert bought["status"] == "approved"
    assert len(set(provider.raw)) == 1
    assert [call["lost"] for call in vtex.calls("payments")] == [True, True, False]


def test_simultaneous_calls_for_one_payment(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A purchase can be asked for several times in the same moment, under one id."""
    bought = vtex.buy(times=5)
    assert len(provider.raw) == 5
    assert {body["paymentId"] for body in provider.requests} == {bought["payment_id"]}


def test_a_group_of_orders_has_one_payment(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Two orders of one purchase are paid together, and one that is cancelled settles less."""
    bought = vtex.buy("20.00", "30.00")
    first, second = bought["order_ids"]
    assert first.removesuffix("-01") == second.removesuffix("-02") == bought["group"]
    vtex.press(first, "cancel")
    vtex.advance(minutes=3)
    assert vtex.payment(bought["payment_id"])["settled"] == "30.00"
    assert provider.asked("orderId")[-1]["orderId"] == bought["group"]


def test_no_answer_in_time_is_written_down() -> None:
    """A provider that takes a call and says nothing leaves the payment where it was."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with vtex_running(url, answer_seconds=0.2) as vtex:
            bought = vtex.buy()
            (call,) = vtex.calls("payments")
    assert bought["status"] == "started"
    assert (call["status"], call["faults"]) == (None, ["no answer within 0.2 seconds"])


def test_inbound_calls_are_passed_on_under_both_names(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """What somebody sent to the gateway reaches the provider as text, on either path."""
    payment_id = vtex.buy()["payment_id"]
    for older in (False, True):
        wanted = {"action": "news", "body": '{"a":1}', "older": older}
        call = vtex.do("POST", f"/payments/{payment_id}/inbound", wanted)
        assert call["faults"] == []
        assert json.loads(call["answer"])["responseData"]["content"] == "taken"
    assert provider.requests[-1]["requestData"] == {"body": '{"a":1}'}


def test_a_settlement_that_fails_is_tried_again_for_a_day(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """An answer outside the protocol counts as none, and the settlement is asked for again."""
    provider.changes["settlements"] = {"settleId": None}
    bought = vtex.settled()
    vtex.advance(hours=1)
    assert vtex.payment(bought["payment_id"])["status"] == "approved"
    assert len(vtex.calls("settlements")) > 3
    provider.changes.clear()
    vtex.retry()
    assert vtex.payment(bought["payment_id"])["status"] == "settled"


def test_records_hold_no_secret(provider: TinyProvider) -> None:
    """Calls are shown as they went out, but for keys, merchant settings and the signature."""
    with vtex_running(provider.url, merchant_settings={"Clave": "made-up-setting"}) as vtex:
        vtex.buy()
        shown = json.dumps(vtex.seen())
    asked = provider.requests[-1]
    assert asked["merchantSettings"] == [{"name": "Clave", "value": "made-up-setting"}]
    signature = asked["callbackUrl"].partition("X-VTEX-signature=")[2]
    for secret in (PROVIDER_TOKEN, PROVIDER_KEY, PARTNER_TOKEN, "made-up-setting", signature):
        assert secret not in shown


def test_the_state_survives_a_restart(
    provider: TinyProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An account with a state file goes on where it was."""
    state_file = tmp_path_factory.mktemp("vtex") / "state.json"
    with vtex_running(provider.url, state_file=state_file) as vtex:
        bought = vtex.buy()
    with vtex_running(provider.url, state_file=state_file) as vtex:
        vtex.advance(minutes=3)
        assert vtex.payment(bought["payment_id"])["settled"] == "119.80"
