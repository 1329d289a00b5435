"""Who runs a command: the machine's operator, who may do everything, under his own name.

Whoever can run `pef` on this machine can read its database's keys; the gate keeps nothing
from him, but the audit names him.
"""

import getpass
import os

from pef_adapters.core.access import HOUSE, Actor, ActorKind, Permission, Power


def operator() -> Actor:
    """The actor behind a command, named "operator/" and the user of the operating system."""
    power = Power(HOUSE, frozenset(Permission))
    return Actor(f"operator/{_user()}", ActorKind.PERSON, (power,))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return f"uid-{os.getuid()}"
