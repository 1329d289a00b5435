"""Options that several commands share, so that they read and mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.texts import LANGUAGES


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise typer.BadParameter(f"{language!r} is not one of {', '.join(LANGUAGES)}")
    return language


Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Language = Annotated[str, typer.Option(help="es_PE, en or zh_Hans.", callback=_known)]
By = Annotated[str, typer.Option("--by", help="Who decides this; kept with the refund.")]
Publisher = Annotated[str, typer.Option("--by", help="Who decides this; kept with the policy.")]
RefundId = Annotated[str, typer.Argument(help="The refund's id, as in `pef refund list`.")]
BatchId = Annotated[str, typer.Argument(help="The batch, as in `pef payout batches`.")]
Account = Annotated[str, typer.Option(help="The merchant account, as in `pef account list`.")]
StoreOption = Annotated[str | None, typer.Option(help="The store, as in `pef store list`.")]
AgencyOption = Annotated[
    str | None, typer.Option(help="The agency whose stores inherit this policy.")
]
NewFile = Annotated[
    Path, typer.Option("--out", help="The file to write; one that is there is left alone.")
]


def check_one(**given: object) -> None:
    """Let pass exactly one of several options; each is named as it is typed, without dashes.

    Raises:
        InvalidInput: none was given, or more than one.
    """
    if sum(bool(value) for value in given.values()) != 1:
        raise InvalidInput(f"give one of {', '.join(f'--{name}' for name in given)}")
