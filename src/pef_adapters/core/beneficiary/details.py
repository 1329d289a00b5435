"""A beneficiary: holder, document and destination, read from a form and shown masked.

Owns which fields there are. `as_secrets` is the only way to the whole numbers in one
piece, and its one use is sealed storage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, TypeVar

from pef_adapters.core.beneficiary.accounts import Method, account, masked_account
from pef_adapters.core.beneficiary.documents import DocumentType, document, masked_document
from pef_adapters.core.beneficiary.names import holder_name, masked_name
from pef_adapters.core.errors import BeneficiaryInvalid, Problem

_Found = TypeVar("_Found")
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, repr=False)
class Beneficiary:
    """Who gets the money, and where; every number in its one written form.

    `account` is a CCI of 20 digits, or a mobile number of 9 for Yape and Plin.
    """

    name: str = field(repr=False)
    document_type: DocumentType
    document_number: str = field(repr=False)
    method: Method
    account: str = field(repr=False)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.masked().items())
        return f"Beneficiary({shown})"

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str]) -> Self:
        """What `as_secrets` gave; it was checked when it was typed, and is not again.

        Raises:
            BeneficiaryInvalid: a field is not there, or of no kind that is known.
        """
        try:
            return cls(
                name=secrets["name"],
                document_type=DocumentType(secrets["document_type"]),
                document_number=secrets["document_number"],
                method=Method(secrets["method"]),
                account=secrets["account"],
            )
        except (KeyError, ValueError):
            raise BeneficiaryInvalid("The stored details of who is paid are incomplete.") from None

    def as_secrets(self) -> dict[str, str]:
        """Every field whole, to be sealed before it is stored."""
        return {
            "name": self.name,
            "document_type": self.document_type.value,
            "document_number": self.document_number,
            "method": self.method.value,
            "account": self.account,
        }

    def masked(self) -> dict[str, str]:
        """What people may see: `name` "Ana Q.", `document` "DNI ····5678", `account`."""
        return {
            "name": masked_name(self.name),
            "document": masked_document(self.document_type, self.document_number),
            "account": masked_account(self.method, self.account),
        }

    @property
    def account_key(self) -> str:
        """The destination as one text, "cci:…" or "phone:…"; secret like the account.

        Yape and Plin of one number are one destination.
        """
        return f"{'cci' if self.method is Method.CCI else 'phone'}:{self.account}"


def read_details(fields: Mapping[str, str], *, check_digits: bool = True) -> Beneficiary:
    """Read a form's `name, document_type, document_number, method, account`.

    `check_digits` refuses a CCI whose check digits don't fit.

    Raises:
        BeneficiaryInvalid: with the problems of all fields.
    """
    problems: list[Problem] = []
    name = _tried(problems, lambda: holder_name(fields.get("name", "")))
    identity = _tried(problems, lambda: _identity(fields))
    destination = _tried(problems, lambda: _destination(fields, check_digits=check_digits))
    if name is None or identity is None or destination is None:
        raise BeneficiaryInvalid(problems=problems)
    return Beneficiary(name, *identity, *destination)


def _tried(problems: list[Problem], read: Callable[[], _Found]) -> _Found | None:
    """What `read` finds; what it refuses goes to `problems`."""
    try:
        return read()
    except BeneficiaryInvalid as refusal:
        problems.extend(refusal.problems)
        return None


def _identity(fields: Mapping[str, str]) -> tuple[DocumentType, str]:
    kind = _chosen(DocumentType, fields, "document_type", "document_number")
    return kind, document(kind, fields.get("document_number", ""))


def _destination(fields: Mapping[str, str], *, check_digits: bool) -> tuple[Method, str]:
    method = _chosen(Method, fields, "method", "account")
    return method, account(method, fields.get("account", ""), check_digits=check_digits)


def _chosen(choice: type[_Choice], fields: Mapping[str, str], name: str, belonging: str) -> _Choice:
    """What was chosen in `name`; where nothing was, a missing `belonging` is told as well."""
    try:
        return choice(fields.get(name, ""))
    except ValueError:
        problems = [Problem(name, f"{name.upper()}_UNKNOWN")]
        if not fields.get(belonging, "").strip():
            problems.append(Problem(belonging, f"{belonging.upper()}_MISSING"))
        raise BeneficiaryInvalid(problems=problems) from None
