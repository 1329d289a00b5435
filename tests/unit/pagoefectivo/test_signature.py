"""The two signatures, on the vectors of the fact sheet (section 2)."""

import pytest

from pef_adapters.core.errors import SignatureInvalid, SignatureMissing
from pef_adapters.pagoefectivo.signature import compact, hash_string, sign, verify

KEY = "test-secret-key"
BODY = (
    b'{"eventType":"cip.paid","operationNumber":"1253",'
    b'"data":{"cip":"11546901","currency":"PEN","amount":22.05}}'
)
SIGNATURE = "1333008912de796ba5c1cc496a725ff71e6d1ff6fc0c04d2b7df4466311dfcc5"
INDENTED = BODY.replace(b",", b",\n\t  ").replace(b":", b" : ")


def test_the_hash_string_fits_the_vector() -> None:
    """Service id, access key, secret and moment, joined with dots, give the known hash."""
    hashed = hash_string("9999", "TESTACCESSKEY0000001", KEY, "2026-11-22T10:00:00-05:00")
    assert hashed == "e5c3d4839eb50e0317e52af2dda754e81bf96b7f274b91802104c6978ac6fb1b"


def test_the_body_signature_fits_the_vector() -> None:
    """The compact cip.paid body gives the known signature."""
    assert sign(BODY, KEY) == SIGNATURE


@pytest.mark.parametrize("name", ["PE-Signature", "Pe-Signature", "pe-signature"])
def test_header_names_are_case_blind(name: str) -> None:
    """A receiver may see the header in any case."""
    verify(BODY, {name: SIGNATURE}, KEY)


def test_an_indented_body_with_a_compact_signature_is_accepted() -> None:
    """Blanks between tokens don't matter, as one production receiver found."""
    verify(INDENTED, {"PE-Signature": SIGNATURE}, KEY)


def test_blanks_inside_strings_survive_the_compact_form() -> None:
    """Only blanks between tokens go; an escaped quote does not end a string."""
    body = b'{ "a" : "x  y\\" z" ,\r\n "b" : [ 1 , 2 ] }'
    assert compact(body) == b'{"a":"x  y\\" z","b":[1,2]}'
    verify(body, {"pe-signature": sign(b'{"a":"x  y\\" z","b":[1,2]}', KEY)}, KEY)


def test_a_changed_blank_inside_a_string_is_refused() -> None:
    """A blind removal of blanks would let this body through."""
    signature = sign(b'{"a":"xy"}', KEY)
    with pytest.raises(SignatureInvalid):
        verify(b'{"a":"x y"}', {"pe-signature": signature}, KEY)


@pytest.mark.parametrize("headers", [{}, {"pe-signature": ""}, {"x-signature": SIGNATURE}])
def test_no_signature_is_refused(headers: dict[str, str]) -> None:
    """A delivery without the header is not PagoEfectivo's."""
    with pytest.raises(SignatureMissing):
        verify(BODY, headers, KEY)


def test_an_empty_secret_verifies_nothing() -> None:
    """Whoever has no secret can't accept a delivery, even one signed with none."""
    with pytest.raises(SignatureMissing):
        verify(BODY, {"pe-signature": sign(BODY, "")}, "")


@pytest.mark.parametrize(
    "given",
    [SIGNATURE.upper(), SIGNATURE[:-1], f"{SIGNATURE}0", "é" * 64, "0" * 64, f" {SIGNATURE}"],
)
def test_an_odd_signature_is_refused(given: str) -> None:
    """Only the exact 64 lower-case hex digits will do."""
    with pytest.raises(SignatureInvalid):
        verify(BODY, {"pe-signature": given}, KEY)


def test_two_different_signature_headers_are_refused() -> None:
    """Nobody may choose between two signatures."""
    with pytest.raises(SignatureInvalid):
        verify(BODY, {"PE-Signature": SIGNATURE, "pe-signature": "0" * 64}, KEY)
