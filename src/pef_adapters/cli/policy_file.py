"""A policy from a file: read with clear errors, and refused for use while lint finds errors."""

from pathlib import Path

from pef_adapters.cli import files
from pef_adapters.core.errors import PolicyUnreadable
from pef_adapters.core.policy import Policy, lint, read_policy
from pef_adapters.core.policy.lint import Severity


def read(file: Path) -> Policy:
    """The policy in `file`.

    Raises:
        NotThere: there is no such file.
        PolicyUnreadable: it holds no policy.
    """
    return read_policy(files.text(file, PolicyUnreadable))


def fit_for_use(file: Path) -> Policy:
    """The policy in `file`, free of errors.

    Raises:
        NotThere: there is no such file.
        PolicyUnreadable: it holds no policy, or one that has to be mended first.
    """
    policy = read(file)
    errors = [found for found in lint(policy) if found.severity is Severity.ERROR]
    if errors:
        said = " ".join(found.explanation("en") for found in errors)
        raise PolicyUnreadable(f"run `pef policy check {file}` and mend it first: {said}")
    return policy
