"""Who is paid out by hand, and where to: reads what a buyer types, or says what is wrong.

Pure. A number leaves this package whole only where it is stored sealed or paid; `repr`
and `masked` show its last digits, and no error repeats what was typed.
"""

from pef_adapters.core.beneficiary.accounts import Method
from pef_adapters.core.beneficiary.details import Beneficiary, read_details
from pef_adapters.core.beneficiary.documents import DocumentType, document
from pef_adapters.core.errors import BeneficiaryInvalid, Problem

__all__ = [
    "Beneficiary",
    "BeneficiaryInvalid",
    "DocumentType",
    "Method",
    "Problem",
    "document",
    "read_details",
]
