"""Who calls: the store is named by address or AppKey, and proved by two headers."""

from collections.abc import Mapping

import pytest

from pef_adapters.core.errors import PefError, SignatureInvalid, SignatureMissing, SourceMismatch
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedPayment
from vtex_samples import (
    KEYS,
    STORE,
    SUITE,
    TOKEN,
    call,
    connection,
    payment_body,
    provider,
    suite_store,
)

PROVIDER_PAIR = {"x-provider-api-appkey": STORE, "x-provider-api-apptoken": TOKEN}
OF_THE_APP = {"x-vtex-api-appkey": "vtexappkey-io", "x-vtex-api-apptoken": "another"}


def read(headers: Mapping[str, str], path: str = "/payments", **store: object) -> object:
    """What a call with these headers asks for."""
    return provider().read(call(path, payment_body(), headers=headers), connection(**store))


@pytest.mark.parametrize("headers", [KEYS, PROVIDER_PAIR, PROVIDER_PAIR | OF_THE_APP])
def test_either_pair_of_headers_proves_the_gateway(headers: Mapping[str, str]) -> None:
    """VTEX IO sends a pair of its own beside ours."""
    assert isinstance(read(headers), AskedPayment)
    assert provider().caller(call("/payments", headers=headers)) == STORE


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({}, SignatureMissing),
        ({"x-vtex-api-appkey": STORE}, SignatureMissing),
        (KEYS | {"x-vtex-api-apptoken": "wrong"}, SignatureInvalid),
        (KEYS | {"x-vtex-api-apptoken": "ñandú"}, SignatureInvalid),
        (KEYS | {"x-vtex-api-appkey": "another-store"}, SignatureInvalid),
        ({"x-vtex-api-apptoken": TOKEN}, SignatureInvalid),
        (KEYS | {"x-provider-api-apptoken": "wrong"}, SignatureInvalid),
        (SUITE, SignatureMissing),
    ],
)
def test_any_other_pair_proves_nothing(headers: Mapping[str, str], fault: type[PefError]) -> None:
    """Both halves must be right, and an empty pair is none."""
    with pytest.raises(fault) as raised:
        read(headers)
    assert raised.value.http_status == 401
    assert TOKEN not in str(raised.value)


def test_a_store_is_named_by_its_address_too() -> None:
    """The test suite may send no keys at all."""
    assert provider().caller(call(f"/{STORE}/payments", headers=SUITE)) == STORE
    assert provider().caller(call("/payments", headers={})) is None


def test_address_and_key_must_name_one_store() -> None:
    """A call that names two stores is nobody's."""
    with pytest.raises(SourceMismatch):
        provider().caller(call("/another-store/payments"))


def test_the_suites_empty_pair_is_taken_where_it_is_let_in() -> None:
    """Only a sandbox store with the setting lets it in."""
    asks = call(f"/{STORE}/payments", payment_body(), headers=SUITE)
    assert isinstance(provider().read(asks, suite_store()), AskedPayment)


@pytest.mark.parametrize(
    ("mode", "let_in", "headers"),
    [
        (Mode.LIVE, True, SUITE),
        (Mode.SANDBOX, False, SUITE),
        (Mode.SANDBOX, True, SUITE | {"x-vtex-api-is-testsuite": "false"}),
        (Mode.SANDBOX, True, {}),
    ],
)
def test_nobody_else_comes_in_without_a_pair(
    *, mode: Mode, let_in: bool, headers: Mapping[str, str]
) -> None:
    """Real money never moves for a call that proves nothing."""
    with pytest.raises(SignatureMissing):
        read(headers, f"/{STORE}/payments", mode=mode, settings={"test_suite": let_in})


def test_the_suite_with_wrong_keys_is_refused() -> None:
    """Keys that are sent must be right, whoever sends them."""
    headers = SUITE | {"x-vtex-api-appkey": STORE, "x-vtex-api-apptoken": "wrong"}
    with pytest.raises(SignatureInvalid):
        provider().read(call(f"/{STORE}/payments", payment_body(), headers=headers), suite_store())
