"""What a file of settings only refers to, as whoever reads it hands it in."""

from typing import Protocol

from pef_adapters.engine.records import Account
from pef_adapters.engine.settings_as_code.file import Reference


class Sources(Protocol):
    """The environment and the files around `stores.yaml`, and what the rail demands."""

    def secret(self, reference: Reference) -> str:
        """The secret at this place.

        Raises:
            NotThere, InvalidInput: there is none, or it is empty.
        """
        ...

    def text(self, path: str) -> str:
        """The text of a file; its path is relative to `stores.yaml`.

        Raises:
            NotThere, InvalidInput: it can't be read.
        """
        ...

    def check_account(self, account: Account) -> None:
        """Let pass an account that its rail can work with.

        Raises:
            SettingInvalid, KeysMixed: it can't.
        """
        ...
