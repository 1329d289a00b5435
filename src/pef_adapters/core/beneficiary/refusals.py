"""How a rule of this package refuses a field: by its codes, never by what was typed."""

from pef_adapters.core.errors import BeneficiaryInvalid, Problem


def refused(field: str, *codes: str) -> BeneficiaryInvalid:
    """The error that says which rules `field` breaks; the caller raises it."""
    return BeneficiaryInvalid(problems=(Problem(field, code) for code in codes))
