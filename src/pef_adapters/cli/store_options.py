"""What every `pef store add` asks alike: account, mode, language and the store's policy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pef_adapters.cli import policy_file
from pef_adapters.core.policy import Mode

AccountName = Annotated[str, typer.Option(help="The merchant account that pays.")]
NotesLanguage = Annotated[
    str, typer.Option(help="Language of the order's notes: es_PE, en or zh_Hans.")
]
StoreMode = Annotated[
    Mode | None, typer.Option(help="Live or sandbox; the account's, if not given.")
]
OriginalRouteDays = Annotated[
    int, typer.Option(min=0, help="Days after payment in which money goes back by itself.")
]
PayoutDays = Annotated[
    int, typer.Option(min=0, help="Days after payment in which a person may pay out.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(help="The store's refund policy; with it, the two windows above don't count."),
]


def policy_of(policy: Path | None, original_route_days: int, payout_days: int) -> Mapping[str, Any]:
    """What the store's policy is to be: a whole one from a file, or the two windows.

    Raises:
        NotThere: there is no such file.
        PolicyUnreadable: it holds no policy, or one that has to be mended first.
    """
    if policy is None:
        return {"original_route_days": original_route_days, "payout_days": payout_days}
    return policy_file.fit_for_use(policy).as_written()
