"""The ready policies for the eight situations of spec S11, as an owner may copy them.

Each is a YAML file beside this module. They are drafts: an owner reads one, changes
what is different in the shop, and keeps it under a name of its own.
"""

from functools import cache
from importlib.resources import files

from pef_adapters.core.errors import NotThere
from pef_adapters.core.policy.model import Policy
from pef_adapters.core.policy.reading import read_policy

# In the order of spec S11.
TEMPLATES = (
    "return",
    "cancelled-order",
    "fraud-false-alarm",
    "overcharged",
    "platform-deadline",
    "cross-border",
    "bookkeeping",
    "volume",
)


def template_text(name: str) -> str:
    """The template's YAML, with its comments.

    Raises:
        NotThere: no template has this name.
    """
    if name not in TEMPLATES:
        raise NotThere(f"there is no template {name}; there are {', '.join(TEMPLATES)}")
    folder = files("pef_adapters.core.policy").joinpath("templates")
    return folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


@cache
def template(name: str) -> Policy:
    """The template as a draft policy.

    Raises:
        NotThere: no template has this name.
    """
    return read_policy(template_text(name))
