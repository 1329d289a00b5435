"""What is kept of a body shows no secret and no whole number, field by field."""

import json

import pytest

from pef_adapters.pagoefectivo.masking import masked, masked_text


@pytest.mark.parametrize(
    "name",
    [
        "accessKey",
        "hashString",
        "secretKey",
        "token",
        "Authorization",
        "email",
        "userEmail",
        "adminEmail",
        "userPhone",
        "access_key",
        "admin_email",
    ],
)
def test_a_secret_or_an_address_is_masked_by_its_name(name: str) -> None:
    """Whole, however deep it lies."""
    body = json.dumps({"data": [{name: "hush", "kept": 1}]}).encode()
    assert json.loads(masked(body)) == {"data": [{name: "***", "kept": 1}]}


@pytest.mark.parametrize("name", ["cci", "CCI", "documentNumber", "userDocumentNumber"])
def test_a_number_of_a_person_keeps_its_last_four(name: str) -> None:
    """Enough to recognise it, for whoever knows it."""
    assert json.loads(masked(json.dumps({name: "AB45671234"}).encode())) == {name: "***1234"}


def test_a_number_of_twenty_digits_is_taken_for_an_account() -> None:
    """One digit more or less is something else."""
    assert masked_text("1" * 16 + "2345") == "***2345"
    for other in ("1" * 19, "1" * 21):
        assert masked_text(other) == other


def test_a_body_too_deep_to_be_masked_by_name_is_masked_by_shape() -> None:
    """It can be read, but not gone through: it is kept as it came."""
    body = b"[" * 600 + b'"00219100123456789012"' + b"]" * 600
    assert masked(body, ("hush",)) == "[" * 600 + '"***9012"' + "]" * 600


def test_a_body_is_cut_after_twenty_thousand_letters() -> None:
    """Evidence stays small, whatever the rail answers."""
    assert masked(b"x" * 20_001) == "x" * 20_000
