"""Who is paid by hand: what is read from a form, what is refused, and what people see."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from pef_adapters.core import texts
from pef_adapters.core.beneficiary import (
    Beneficiary,
    BeneficiaryInvalid,
    DocumentType,
    Method,
    Problem,
    document,
    read_details,
)
from pef_adapters.core.beneficiary.accounts import BANKS

CCI = "00219310000000000117"
GOOD = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": CCI,
}
# Fact sheet 6.1: computed ones, then a published sample.
FACT_SHEET_CCIS = (
    *(CCI, "00320000300000001731", "01181400020000000917", "00917000000012345626"),
    *("01800000400000012306", "01136600010003254221"),
)
DNI_WITH_CHECK = "101174102"
RUC_10, RUC_15, RUC_16 = "10101174102", "15000000008", "16000000012"
RUC_17, RUC_20 = "17000000027", "20512333797"

GOOD_NAMES = [
    ("Ana Quispe", "Ana Quispe"),
    ("  Ana   Quispe  ", "Ana Quispe"),
    ("Ana\u00a0Quispe", "Ana Quispe"),
    ("Jose\u0301 Nu\u0301n\u0303ez", "José Núñez"),
    ("María D\u2019Angelo", "María D'Angelo"),
    ("Ma. Luisa Díaz\u2013Canseco", "Ma. Luisa Díaz-Canseco"),
    ("王 小明", "王 小明"),
    ("Анна Иванова", "Анна Иванова"),
    ("आशा शर्मा", "आशा शर्मा"),
    ("Al O", "Al O"),
    ("A" * 49 + " " + "B" * 50, "A" * 49 + " " + "B" * 50),
]
GOOD_DOCUMENTS = [
    ("DNI", "12345678", "12345678"),
    ("DNI", "00012345", "00012345"),
    ("DNI", "10.117.410 - 2", "10117410"),
    ("DNI", "10117410\u20132", "10117410"),
    ("DNI", DNI_WITH_CHECK, "10117410"),
    ("DNI", "10117410g", "10117410"),
    ("RUC", "20-512333797", RUC_20),
    *(("RUC", number, number) for number in (RUC_10, RUC_15, RUC_16, RUC_17, RUC_20)),
    ("CE", "001234567", "001234567"),
    ("CE", " 00123456 ", "00123456"),
    ("CE", "n01234567890", "N01234567890"),
    ("PAS", "ab-123456", "AB123456"),
    ("PAS", "1234567", "1234567"),
]
GOOD_ACCOUNTS = [
    ("cci", "002-193-100000000001-17", CCI),
    ("cci", "002 193 1000 0000 0001 17", CCI),
    *(("cci", number, number) for number in FACT_SHEET_CCIS),
    ("yape", "987654320", "987654320"),
    ("yape", "+51 987 654 320", "987654320"),
    ("plin", "(51) 987-654-320", "987654320"),
]
BAD: list[tuple[Mapping[str, str], list[Problem]]] = [
    ({"name": " "}, [Problem("name", "NAME_MISSING")]),
    *(
        ({"name": name}, [Problem("name", "NAME_CHARACTERS")])
        for name in (
            *("Ana Quispe 2", "Ana\nQuispe", "Ana\tQuispe", "Ana <b>Quispe</b>", "Ana; Quispe"),
            *("Ana Quispe\u202eRojas", "Ana Quispe\u0000", "Ana Quispe \ufffd", "Ana & Quispe"),
        )
    ),
    ({"name": "A"}, [Problem("name", "NAME_LENGTH")]),
    ({"name": "A" * 50 + " " + "B" * 50}, [Problem("name", "NAME_LENGTH")]),
    ({"name": "Quispe"}, [Problem("name", "NAME_ONE_WORD")]),
    ({"name": "Quispe - ."}, [Problem("name", "NAME_ONE_WORD")]),
    ({"document_type": "LE"}, [Problem("document_type", "DOCUMENT_TYPE_UNKNOWN")]),
    ({"document_type": "dni"}, [Problem("document_type", "DOCUMENT_TYPE_UNKNOWN")]),
    ({"document_number": "-"}, [Problem("document_number", "DOCUMENT_NUMBER_MISSING")]),
    ({"document_number": "00000000"}, [Problem("document_number", "DOCUMENT_PLACEHOLDER")]),
    *(
        ({"document_number": number}, [Problem("document_number", "DNI_FORMAT")])
        for number in ("1234567", "1234567890", "A2345678", "١٢٣٤٥٦٧٨", "1234\u200b5678")
    ),
    ({"document_number": "10117410-3"}, [Problem("document_number", "DNI_CHECK")]),
    ({"document_number": "10117410Z"}, [Problem("document_number", "DNI_CHECK")]),
    *(
        ({"document_type": kind, "document_number": number}, [Problem("document_number", code)])
        for kind, number, code in (
            ("RUC", "2051233379", "RUC_FORMAT"),
            ("RUC", "2051233379A", "RUC_FORMAT"),
            ("RUC", "30512333797", "RUC_PREFIX"),
            ("RUC", "20512333798", "RUC_CHECK"),
            ("RUC", "16000000011", "RUC_CHECK"),
            ("CE", "0012345", "CE_FORMAT"),
            ("CE", "0012345678901", "CE_FORMAT"),
            ("CE", "CARNETDE", "CE_FORMAT"),
            ("CE", "00123ß78", "CE_FORMAT"),
            ("PAS", "AB1234", "PASSPORT_FORMAT"),
            ("PAS", "AB12345678901", "PASSPORT_FORMAT"),
            ("PAS", "PASAPORTE", "PASSPORT_FORMAT"),
            ("PAS", "AB/12345", "PASSPORT_FORMAT"),
        )
    ),
    ({"method": "cash"}, [Problem("method", "METHOD_UNKNOWN")]),
    ({"account": ""}, [Problem("account", "ACCOUNT_MISSING")]),
    *(
        ({"account": number}, [Problem("account", "ACCOUNT_PLACEHOLDER")])
        for number in ("0" * 20, "1" * 20, "00219300000000000010")
    ),
    ({"method": "plin", "account": "9" * 9}, [Problem("account", "ACCOUNT_PLACEHOLDER")]),
    *(
        ({"account": number}, [Problem("account", "CCI_FORMAT")])
        for number in (CCI[:-1], CCI + "0", "0021931000000000011A", "19312345678012")
    ),
    ({"account": CCI[:18] + "27"}, [Problem("account", "CCI_BRANCH_CHECK")]),
    ({"account": CCI[:18] + "18"}, [Problem("account", "CCI_ACCOUNT_CHECK")]),
    (
        {"account": CCI[:18] + "71"},
        [Problem("account", "CCI_BRANCH_CHECK"), Problem("account", "CCI_ACCOUNT_CHECK")],
    ),
    *(
        ({"method": "yape", "account": number}, [Problem("account", "PHONE_FORMAT")])
        for number in ("887654320", "98765432", "9876543201", "+1987654320", CCI)
    ),
]


def ccis() -> st.SearchStrategy[str]:
    """CCIs with right check digits, of any bank, that are no placeholder."""
    branch = st.from_regex(r"[0-9]{6}", fullmatch=True)
    account = st.from_regex(r"[0-9]{12}", fullmatch=True).filter(lambda n: len(set(n)) > 1)
    return st.tuples(branch, account).map(
        lambda parts: "".join((*parts, *(luhn.calc_check_digit(part) for part in parts)))
    )


def refused(fields: Mapping[str, str], *, check_digits: bool = True) -> BeneficiaryInvalid:
    """The error that these fields meet."""
    with pytest.raises(BeneficiaryInvalid) as caught:
        read_details(fields, check_digits=check_digits)
    return caught.value


@pytest.mark.parametrize(("typed", "name"), GOOD_NAMES)
def test_names_are_read_in_any_script(typed: str, name: str) -> None:
    """A name keeps its letters; spaces and signs that phones put in become plain."""
    assert read_details({**GOOD, "name": typed}).name == name


@pytest.mark.parametrize(("kind", "typed", "number"), GOOD_DOCUMENTS)
def test_documents_are_read_as_people_type_them(kind: str, typed: str, number: str) -> None:
    """Every kind of document has one written form, whatever stands between its digits."""
    assert document(DocumentType(kind), typed) == number
    fields = {**GOOD, "document_type": kind, "document_number": typed}
    assert read_details(fields).document_number == number


@pytest.mark.parametrize(("method", "typed", "number"), GOOD_ACCOUNTS)
def test_accounts_are_read_as_people_type_them(method: str, typed: str, number: str) -> None:
    """A CCI becomes 20 digits and a mobile number 9."""
    assert read_details({**GOOD, "method": method, "account": typed}).account == number


@pytest.mark.parametrize(("changed", "problems"), BAD)
def test_what_is_wrong_is_named(changed: Mapping[str, str], problems: list[Problem]) -> None:
    """Each wrong value is refused by the rule it breaks, and no other field is blamed."""
    assert list(refused({**GOOD, **changed}).problems) == problems


@pytest.mark.parametrize(("changed", "problems"), BAD)
def test_an_error_never_repeats_what_was_typed(
    changed: Mapping[str, str], problems: list[Problem]
) -> None:
    """Neither the message nor its parts hold a name or a number that somebody typed."""
    error = refused({**GOOD, **changed})
    said = f"{error} {error!r} {error.problems}"
    typed = [*changed.values(), GOOD["name"], GOOD["document_number"], CCI]
    assert [value for value in typed if len(value) > 3 and value in said] == []
    assert all(problem.code in str(error) for problem in problems)


def test_every_problem_has_its_text_and_its_case() -> None:
    """Each rule that can be broken is tried above and explained, and no text is spare."""
    tried = {problem.text_key for _, problems in BAD for problem in problems}
    assert tried == {key for key in texts.keys("en") if key.startswith("beneficiary.")}
    assert all(texts.advise(key, language) for key in tried for language in texts.LANGUAGES)


def test_all_problems_are_told_at_once() -> None:
    """An empty form is told all that is missing, so that a buyer loses one try, not five."""
    assert [(each.field, each.code) for each in refused({}).problems] == [
        ("name", "NAME_MISSING"),
        ("document_type", "DOCUMENT_TYPE_UNKNOWN"),
        ("document_number", "DOCUMENT_NUMBER_MISSING"),
        ("method", "METHOD_UNKNOWN"),
        ("account", "ACCOUNT_MISSING"),
    ]
    changed = {"name": "Ana", "document_number": "1", "method": "yape", "account": "1"}
    fields = [each.field for each in refused({**GOOD, **changed}).problems]
    assert fields == ["name", "document_number", "account"]


@given(ccis())
def test_a_right_cci_of_any_bank_is_taken(cci: str) -> None:
    """A bank code that nobody listed is no reason to refuse an account."""
    assert read_details({**GOOD, "account": cci}).account == cci


@given(ccis(), st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_in_a_cci_is_noticed(cci: str, place: int, off: int) -> None:
    """Whichever digit is mistyped, the account is refused."""
    wrong = str((int(cci[place]) + off) % 10)
    codes = {
        p.code
        for p in refused({**GOOD, "account": cci[:place] + wrong + cci[place + 1 :]}).problems
    }
    assert codes <= {"CCI_BRANCH_CHECK", "CCI_ACCOUNT_CHECK", "ACCOUNT_PLACEHOLDER"}


def test_check_digits_can_be_switched_off() -> None:
    """Without check digits the form of a CCI still counts, and so do placeholders."""
    wrong = CCI[:18] + "71"
    assert read_details({**GOOD, "account": wrong}, check_digits=False).account == wrong
    for still in ("1" * 20, CCI[:-1]):
        assert refused({**GOOD, "account": still}, check_digits=False).problems


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, {"name": "Ana Q.", "document": "DNI ····5678", "account": "BCP ····0117"}),
        ({"name": "Ma. - D'Angelo"}, {"name": "Ma. D."}),
        ({"account": "81300000000000001784"}, {"account": "CCI ····1784"}),
        ({"method": "yape", "account": "987654123"}, {"account": "Yape ····123"}),
        ({"method": "plin", "account": "987654123"}, {"account": "Plin ····123"}),
        ({"document_type": "PAS", "document_number": "AB12345"}, {"document": "PAS ····2345"}),
    ],
)
def test_people_see_masked_details(changed: dict[str, str], shown: dict[str, str]) -> None:
    """A mask says enough to recognise an account, and not enough to use it."""
    who = read_details({**GOOD, **changed}, check_digits=False)
    assert shown.items() <= who.masked().items()
    assert repr(
        who
    ) == "Beneficiary(name={name!r}, document={document!r}, account={account!r})".format(
        **who.masked()
    )


@given(ccis(), st.from_regex(r"[1-9][0-9]{7}", fullmatch=True), st.sampled_from([*Method]))
def test_no_mask_shows_more_than_four_digits(cci: str, dni: str, method: Method) -> None:
    """However a beneficiary is printed, at most the last four digits of a number are seen."""
    number = cci if method is Method.CCI else "9" + dni
    who = Beneficiary("Ana Quispe", DocumentType.DNI, dni, method, number)
    for said in (repr(who), str(who), f"{who}", *who.masked().values()):
        assert re.search(r"[0-9]{5}", said) is None
        assert "Quispe" not in said


def test_each_known_bank_is_named() -> None:
    """The list of banks has the codes that the fact sheet gives (6.1), each with a name."""
    codes = ["002", "003", "007", "009", "011", "018", "023", "035", "038", "043", "049"]
    assert list(BANKS) == [*codes, "053", "054", "056"]
    assert all(BANKS.values())


def test_one_destination_has_one_key() -> None:
    """The same account is the same key, and Yape and Plin of one number are one place."""
    yape = read_details({**GOOD, "method": "yape", "account": "+51 987654320"})
    plin = read_details({**GOOD, "method": "plin", "account": "987 654 320"})
    assert yape.account_key == plin.account_key == "phone:987654320"
    assert read_details(GOOD).account_key == f"cci:{CCI}"


@pytest.mark.parametrize("method", Method)
def test_sealed_details_come_back_whole(method: Method) -> None:
    """What is stored is what was given, whatever rules have become since."""
    account = CCI[:18] + "71" if method is Method.CCI else "987654320"
    who = Beneficiary("Ana Quispe", DocumentType.CE, "001234567", method, account)
    secrets = who.as_secrets()
    assert all(type(value) is str for value in secrets.values())
    assert Beneficiary.from_secrets(secrets) == who


@pytest.mark.parametrize("broken", [{}, {**GOOD, "method": "cash"}, {**GOOD, "document_type": ""}])
def test_broken_storage_is_an_error_without_details(broken: dict[str, str]) -> None:
    """Details that can't be understood any more are refused, without showing them."""
    with pytest.raises(BeneficiaryInvalid) as caught:
        Beneficiary.from_secrets(broken)
    assert str(caught.value) == "The stored details of who is paid are incomplete."
    assert caught.value.__suppress_context__
