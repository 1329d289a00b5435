"""The example file of costs, as the guide shows it, and changes of it."""

import re
from pathlib import Path

from pef_adapters.core.costs import CostSettings, read_costs

GUIDE = Path(__file__).parents[1] / "docs" / "how-to" / "know-what-refunds-cost.md"


def example_file() -> str:
    """The one YAML file in the guide."""
    (text,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


def example_costs(borne_by: str = "merchant") -> CostSettings:
    """What the example file says, with the difference of rates borne by either side."""
    return read_costs(example_file().replace("borne_by: merchant", f"borne_by: {borne_by}"))
