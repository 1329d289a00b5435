"""The edges of bank details: each bound from both sides, and what is shown of them."""

import pytest

from pef_adapters.core.beneficiary import (
    Beneficiary,
    BeneficiaryInvalid,
    DocumentType,
    Method,
    document,
    read_details,
)
from pef_adapters.core.beneficiary.accounts import BANKS, account, masked_account
from pef_adapters.core.beneficiary.documents import masked_document
from pef_adapters.core.beneficiary.names import holder_name, masked_name
from pef_adapters.core.masking import without_long_numbers

FIELDS = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}


def codes(fault: pytest.ExceptionInfo[BeneficiaryInvalid]) -> list[str]:
    """Which rules were broken, field by field."""
    return [f"{problem.field} {problem.code}" for problem in fault.value.problems]


def test_the_banks_are_those_of_the_fact_sheet() -> None:
    """A wrong name beside a right account would be approved by somebody who trusts it."""
    assert dict(BANKS) == {
        "002": "BCP",
        "003": "Interbank",
        "007": "Citibank",
        "009": "Scotiabank",
        "011": "BBVA",
        "018": "Banco de la Nación",
        "023": "Banco de Comercio",
        "035": "Pichincha",
        "038": "BanBif",
        "043": "Crediscotia",
        "049": "Mibanco",
        "053": "GNB",
        "054": "Falabella",
        "056": "Santander",
    }


@pytest.mark.parametrize(
    ("method", "number", "shown"),
    [
        (Method.CCI, "00219310000000000117", "BCP ····0117"),
        (Method.CCI, "80219310000000000117", "CCI ····0117"),
        (Method.YAPE, "987654321", "Yape ····321"),
        (Method.PLIN, "987654321", "Plin ····321"),
    ],
)
def test_an_account_shows_its_bank_and_its_end(method: Method, number: str, shown: str) -> None:
    """Enough to recognise it, too little to pay to it."""
    assert masked_account(method, number) == shown


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {},
            [
                "name NAME_MISSING",
                "document_type DOCUMENT_TYPE_UNKNOWN",
                "document_number DOCUMENT_NUMBER_MISSING",
                "method METHOD_UNKNOWN",
                "account ACCOUNT_MISSING",
            ],
        ),
        ({**FIELDS, "document_type": "X"}, ["document_type DOCUMENT_TYPE_UNKNOWN"]),
        ({**FIELDS, "document_number": " "}, ["document_number DOCUMENT_NUMBER_MISSING"]),
        ({**FIELDS, "document_number": "00000000"}, ["document_number DOCUMENT_PLACEHOLDER"]),
        ({**FIELDS, "method": ""}, ["method METHOD_UNKNOWN"]),
        (
            {**FIELDS, "method": "", "account": " "},
            ["method METHOD_UNKNOWN", "account ACCOUNT_MISSING"],
        ),
        ({k: v for k, v in FIELDS.items() if k != "account"}, ["account ACCOUNT_MISSING"]),
        ({**FIELDS, "account": "0021931000000000011"}, ["account CCI_FORMAT"]),
        ({**FIELDS, "account": "00219300000000000017"}, ["account ACCOUNT_PLACEHOLDER"]),
        ({**FIELDS, "account": "00219310000000000127"}, ["account CCI_BRANCH_CHECK"]),
        ({**FIELDS, "account": "00219310000000000118"}, ["account CCI_ACCOUNT_CHECK"]),
        (
            {**FIELDS, "account": "00219310000000000128"},
            ["account CCI_BRANCH_CHECK", "account CCI_ACCOUNT_CHECK"],
        ),
        ({**FIELDS, "method": "yape", "account": "887654321"}, ["account PHONE_FORMAT"]),
        ({**FIELDS, "method": "yape", "account": "999999999"}, ["account ACCOUNT_PLACEHOLDER"]),
        (
            {**FIELDS, "document_type": "RUC", "document_number": "30100070970"},
            ["document_number RUC_PREFIX"],
        ),
        (
            {**FIELDS, "document_type": "RUC", "document_number": "20100070971"},
            ["document_number RUC_CHECK"],
        ),
        (
            {**FIELDS, "document_type": "RUC", "document_number": "2010007097"},
            ["document_number RUC_FORMAT"],
        ),
        (
            {**FIELDS, "document_type": "CE", "document_number": "ABCDEFGH"},
            ["document_number CE_FORMAT"],
        ),
        (
            {**FIELDS, "document_type": "CE", "document_number": "1234567"},
            ["document_number CE_FORMAT"],
        ),
        (
            {**FIELDS, "document_type": "PAS", "document_number": "123456"},
            ["document_number PASSPORT_FORMAT"],
        ),
        ({**FIELDS, "document_number": "1234567"}, ["document_number DNI_FORMAT"]),
        ({**FIELDS, "document_number": "123456780"}, ["document_number DNI_CHECK"]),
        ({**FIELDS, "name": "Ana"}, ["name NAME_ONE_WORD"]),
        ({**FIELDS, "name": "A"}, ["name NAME_LENGTH"]),
        ({**FIELDS, "name": "Ana 2 Quispe"}, ["name NAME_CHARACTERS"]),
        ({**FIELDS, "name": f"Ana {'x' * 97}"}, ["name NAME_LENGTH"]),
    ],
)
def test_each_broken_rule_is_named_at_its_field(
    fields: dict[str, str], expected: list[str]
) -> None:
    """The buyer's page says beside each field what to mend."""
    with pytest.raises(BeneficiaryInvalid) as fault:
        read_details(fields)
    assert codes(fault) == expected


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (DocumentType.DNI, "12.345.678", "12345678"),
        (DocumentType.DNI, "12345678-6", None),
        (DocumentType.RUC, "20-10007097-0", "20100070970"),
        (DocumentType.CE, "ce 123456", "CE123456"),
        (DocumentType.CE, "123456789012", "123456789012"),
        (DocumentType.PAS, "a123456", "A123456"),
        (DocumentType.PAS, "A12345678901", "A12345678901"),
    ],
)
def test_a_document_is_kept_in_one_form(kind: DocumentType, typed: str, kept: str | None) -> None:
    """Separators fall away, letters become capitals, and the bounds themselves are taken."""
    if kept is None:
        with pytest.raises(BeneficiaryInvalid):
            document(kind, typed)
    else:
        assert document(kind, typed) == kept
        assert masked_document(kind, kept) == f"{kind} ····{kept[-4:]}"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+51 987-654-321", "987654321"),
        ("51987654321", "987654321"),
        ("(987) 654.321", "987654321"),
    ],
)
def test_a_phone_is_kept_as_nine_digits(typed: str, kept: str) -> None:
    """However people write it."""
    assert account(Method.PLIN, typed) == kept


def test_check_digits_can_be_left_out() -> None:
    """The rule was derived from examples; an owner may switch it off, placeholders stay out."""
    assert account(Method.CCI, "00219310000000000118", check_digits=False)
    assert read_details({**FIELDS, "account": "00219310000000000118"}, check_digits=False)
    with pytest.raises(BeneficiaryInvalid):
        account(Method.CCI, "00219300000000000017", check_digits=False)


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("  Ana   Quispe ", "Ana Quispe", "Ana Q."),
        ("José O\u2019Higgins", "José O'Higgins", "José O."),
        ("Ana\u00a0María\u2010Luz", "Ana María-Luz", "Ana M."),
        ("Li Wu", "Li Wu", "Li W."),
        ("Ana - Quispe", "Ana - Quispe", "Ana Q."),
        (f"Ana {'x' * 96}", f"Ana {'x' * 96}", "Ana x."),
    ],
)
def test_a_name_is_kept_plain_and_shown_short(typed: str, kept: str, shown: str) -> None:
    """Phones' own quotes and dashes are the plain ones; people see one word and an initial."""
    assert holder_name(typed) == kept
    assert masked_name(kept) == shown


@pytest.mark.parametrize(("name", "shown"), [("Ana", "A."), ("", "."), ("- Ana", "A.")])
def test_a_single_word_is_not_shown_whole(name: str, shown: str) -> None:
    """Older rows may hold one word; it could be a whole name."""
    assert masked_name(name) == shown


def test_the_shortest_name_has_three_letters() -> None:
    """Two words with one letter each and the blank between them."""
    assert holder_name("A B") == "A B"


def test_details_are_never_written_whole() -> None:
    """In a log a beneficiary is what people may see; sealed, it is everything."""
    kept = read_details(FIELDS)
    assert repr(kept) == (
        "Beneficiary(name='Ana Q.', document='DNI ····5678', account='BCP ····0117')"
    )
    assert kept.as_secrets() == FIELDS
    assert Beneficiary.from_secrets(FIELDS) == kept
    assert kept.account_key == "cci:00219310000000000117"
    for method in ("yape", "plin"):
        other = read_details({**FIELDS, "method": method, "account": "987654321"})
        assert other.account_key == "phone:987654321"


@pytest.mark.parametrize("changes", [{"method": "boat"}, {"document_type": "X"}])
def test_odd_stored_details_are_said_to_be_incomplete(changes: dict[str, str]) -> None:
    """A key that was lost, or a kind nobody knows any more."""
    with pytest.raises(BeneficiaryInvalid, match="incomplete"):
        Beneficiary.from_secrets({**FIELDS, **changes})
    with pytest.raises(BeneficiaryInvalid, match="incomplete"):
        Beneficiary.from_secrets({})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cuenta 12345678", "cuenta ***5678"),
        ("cuenta 1234567", "cuenta 1234567"),
        ("002-193-10000000000117", "***0117"),
    ],
)
def test_long_numbers_lose_all_but_their_end(text: str, left: str) -> None:
    """Eight digits are too many to show, seven are an order number."""
    assert without_long_numbers(text) == left
