"""The fake homologation suite passes a provider that keeps the protocol, and no other."""

from typing import Any

import pytest

from tiny_provider import TinyProvider
from vtex_bench import RemoteVtex, vtex_running

ALL = [
    "manifest",
    "approved",
    "denied",
    "cancellation",
    "async_approved",
    "async_denied",
    "boleto",
    "redirect",
]


def case_of(report: Any, name: str) -> Any:
    """One case of a report."""
    return next(case for case in report["cases"] if case["name"] == name)


def test_a_provider_that_keeps_the_protocol_passes(
    vtex: RemoteVtex, provider: TinyProvider
) -> None:
    """Cards pick their cases, and each of them passes with its calls in the report."""
    report = vtex.suite(*ALL[:-1])
    assert [case["name"] for case in report["cases"]] == ALL[:-1]
    assert {case["name"]: case["faults"] for case in report["cases"]} == {n: [] for n in ALL[:-1]}
    assert report["passed"] is True
    calls = [call["operation"] for call in case_of(report, "approved")["calls"]]
    assert calls == ["payments", "settlements", "refunds"]
    assert case_of(report, "async_denied")["callback"] == "taken"
    assert all(h["x-vtex-api-is-testsuite"] == "true" for h in provider.headers)


def test_a_redirect_leads_to_a_page_that_opens(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Redirect is passed by an address that opens, and failed by one that does not."""
    provider.status = "undefined"
    assert vtex.suite("redirect")["passed"] is True
    provider.changes["payments"] = {"paymentUrl": f"{provider.url}/nowhere"}
    assert case_of(vtex.suite("redirect"), "redirect")["faults"] == ["the paymentUrl does not open"]
    provider.changes["payments"] = {"paymentUrl": None}
    assert case_of(vtex.suite("redirect"), "redirect")["faults"] == ["no paymentUrl was returned"]


def test_empty_credentials_can_be_sent(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """With its toggle off the suite sends the keys' headers with nothing in them."""
    vtex.suite("denied", credentials=False)
    assert provider.headers[-1]["x-vtex-api-appkey"] == ""
    assert provider.headers[-1]["x-vtex-api-apptoken"] == ""


def test_approved_wants_a_refund_id(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A refund that is not done at once fails the case, whatever the reason."""
    provider.refund_answers = ["open"]
    case = case_of(vtex.suite("approved"), "approved")
    assert case["faults"] == ["no refundId was returned"]


def test_a_missing_callback_fails(provider: TinyProvider) -> None:
    """An asynchronous case waits for its callback only so long."""
    with vtex_running(provider.url, suite_callback_seconds=0.2) as vtex:
        vtex.moods(refuse_callbacks=9)
        case = case_of(vtex.suite("async_approved"), "async_approved")
    assert "no callback arrived in time" in case["faults"]
    assert case["passed"] is False


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"delayToCancel": 60}, "payments: delayToCancel must be from 600 to 2592000 seconds"),
        ({"tid": None}, "payments: tid must be text"),
        ({"authorizationId": None}, "payments: authorizationId is wanted"),
        ({"paymentId": "another"}, "payments: paymentId is not the one that was sent"),
    ],
)
def test_an_answer_outside_the_protocol_fails(
    vtex: RemoteVtex, provider: TinyProvider, changes: dict[str, Any], fault: str
) -> None:
    """The report says in which field an answer leaves the protocol."""
    provider.changes["payments"] = changes
    case = case_of(vtex.suite("approved"), "approved")
    assert case["faults"][0].startswith(fault)


def test_a_manifest_must_offer_the_method(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """A method that the manifest does not name can't be chosen at checkout."""
    provider.changes["manifest"] = {"paymentMethods": [{"name": "Pix", "allowsSplit": "disabled"}]}
    case = case_of(vtex.suite("manifest"), "manifest")
    assert case["faults"] == ["the manifest does not offer Promissories"]


def test_an_unknown_case_is_an_error(vtex: RemoteVtex) -> None:
    """A case that the suite does not have is never passed by silence."""
    with pytest.raises(AssertionError, match="no such case: aproved"):
        vtex.suite("aproved")
