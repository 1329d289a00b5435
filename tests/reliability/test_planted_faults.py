"""Each planted mistake is seen by the simulation: its known seed is played, and no other."""

import pytest

from planted_faults import known_seeds, wrong_in, wrongs_without
from planted_kit import MISTAKES

LEAST = 28


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_planted_mistake_is_seen(name: str) -> None:
    """The simulation's known seed for this mistake shows a violation while it is planted."""
    assert wrong_in(MISTAKES[name], known_seeds()[name])


def test_the_product_itself_shows_none() -> None:
    """The seed that sees the most mistakes sees nothing in the product as it is."""
    seeds = list(known_seeds().values())
    assert not wrongs_without(max(seeds, key=seeds.count))


def test_the_table_of_seeds_is_whole() -> None:
    """There is a seed for each planted mistake and for no other, and there are enough of them."""
    assert known_seeds().keys() == MISTAKES.keys()
    assert len(MISTAKES) >= LEAST
