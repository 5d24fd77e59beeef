"""Some kills of `python -m soak.kills`, which makes as many as one asks for."""

from collections.abc import Iterator

import pytest

from soak.kills.house import House
from soak.kills.run import COMMANDS, DAYS, STEPS, WAYS, Kill, Soak, differences, sample_kills


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """A house of its own."""
    house = House(tmp_path_factory.mktemp("soak"))
    house.begin()
    try:
        yield Soak(house)
    finally:
        house.end()


@pytest.mark.parametrize(
    "kill",
    [
        Kill("backfill", "parent", "promoting 5", DAYS[0], 0.0),
        Kill("backfill by two", "tree", "called", DAYS[1], 0.1),
        Kill("backfill", "server", "training", DAYS[0], 0.1),
    ],
    ids=str,
)
def test_the_next_run_comes_to_what_an_undisturbed_one_does(soak: Soak, kill: Kill) -> None:
    """The model is trained for the same window, its windows have its reference, row for row; of the
    run that was killed nothing is left."""
    assert soak.run(kill) == []


def test_kills_are_spread() -> None:
    """Twenty-five meet every way, every command, and nearly every step, on either day."""
    kills = sample_kills(25, 0)

    assert kills == sample_kills(25, 0) != sample_kills(25, 1)
    assert {kill.way for kill in kills} == set(WAYS)
    assert {kill.command for kill in kills} == set(COMMANDS)
    assert len({(kill.step, kill.day) for kill in kills}) == len(STEPS) * len(DAYS)


def test_a_difference_is_seen() -> None:
    """Of the table that has it."""
    whole = {"log": [("a", 1)], "retraining": [("b",)]}

    assert differences(whole, whole) == []
    assert differences(whole, {**whole, "log": [("a", 2)]}) == ["log: 2 rows differ"]
