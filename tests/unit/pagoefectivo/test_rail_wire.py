"""The wire's uneven places: codes, dates, amounts, empty structures."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.wire import CipRecord, Envelope, FieldProblem, NewCip


@pytest.mark.parametrize("body", ['{"code":"100"}', '{"code":100}'])
def test_a_code_comes_as_text_or_number(body: str) -> None:
    """The official document shows both for the same code."""
    assert Envelope.model_validate(exact_json.read(body)).code == "100"


def test_dates_of_1900_are_absent() -> None:
    """The rail writes 1900-01-01 for "never"."""
    cip = CipRecord.model_validate(
        {
            "cip": 10092759,
            "dateCreation": "2018-08-13T17:18:58-05:00",
            "datePayment": "1900-01-01T00:00:00-05:00",
        }
    )
    assert cip.date_payment is None
    assert cip.date_creation is not None
    assert cip.cip == "10092759"


@pytest.mark.parametrize("empty", [{}, {"cip": None}, {"cip": 0}, {"cip": ""}])
def test_an_unknown_cip_is_an_empty_structure(empty: dict[str, object]) -> None:
    """It stands in the list without being an error."""
    assert not CipRecord.model_validate(empty).known


def test_amounts_are_compared_as_decimals() -> None:
    """1.00 is answered as 1 and is the same amount."""
    cip = CipRecord.model_validate(exact_json.read('{"cip":1,"amount":1}'))
    assert cip.amount == Decimal("1.00")


def test_validation_errors_name_their_fields() -> None:
    """A list of code, message and field."""
    item = {"code": "112", "message": "Requerido.", "field": "amount"}
    assert FieldProblem.model_validate(item).field == "amount"


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "NaN"])
def test_a_cip_needs_a_real_amount(amount: str) -> None:
    """More than two decimals are rejected here, not at the rail."""
    with pytest.raises(ValidationError):
        NewCip.model_validate(
            {"currency": "PEN", "amount": amount, "transactionCode": "1", "userEmail": "a@b.pe"}
        )


@pytest.mark.parametrize("number", ["22.50", "0.10", "9007199254740993.07", "1"])
def test_numbers_keep_their_digits(number: str) -> None:
    """What is read and written again is the same text."""
    assert exact_json.write(exact_json.read(number)) == number.encode()


@pytest.mark.parametrize("number", ["1e99", "1e-99", "1e99999999999999999999", "0e999999"])
def test_numbers_out_of_bounds_are_refused(number: str) -> None:
    """A short text must not become endless digits."""
    with pytest.raises(ValueError, match="out of bounds"):
        exact_json.read(number)


def test_floats_are_never_written() -> None:
    """A float has lost its amount already."""
    with pytest.raises(TypeError):
        exact_json.write({"amount": 0.1})


def test_text_is_written_as_json_wants_it() -> None:
    """Quotes, line breaks and accents survive a round trip."""
    text = 'Devolución "rápida"\nhoy \u2028 \x00'
    assert exact_json.read(exact_json.write({"reason": text})) == {"reason": text}
