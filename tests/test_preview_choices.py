"""For which choices of a dashboard's variables a page is drawn: those that there are, and few."""

from driftdeck.preview.choices import ByChoice, Option, Variable, for_each

SEGMENTS = {"carrier": ["AA", "B6", "EV"], "origin": ["EWR", "JFK"]}


def variable(name: str, options: ByChoice[tuple[Option, ...]], current: str) -> Variable:
    """A drop-down of one choice."""
    return Variable(name, name, "query", False, False, options, (current,))


def of(values: list[str]) -> tuple[Option, ...]:
    """Options that are called as their values are."""
    return tuple(Option(value, value) for value in values)


def variables(series: int, chosen: str = "s1") -> list[Variable]:
    """A slice, its segments, and series of theirs."""
    names = [f"s{n}" for n in range(series)]
    segments = {(slice_,): of(values) for slice_, values in SEGMENTS.items()}
    return [
        variable("slice", ByChoice((), {(): of(list(SEGMENTS))}), "origin"),
        variable("segment", ByChoice(("slice",), segments), "JFK"),
        variable("series", ByChoice((), {(): of(names)}), chosen),
    ]


def test_a_segment_is_drawn_with_its_own_slice_only() -> None:
    """A combination that nobody can choose is no page's."""
    drawn = for_each(["$slice = $segment of $series"], variables(2), dict)

    assert set(drawn.contents) == {
        (slice_, segment, series)
        for slice_, segments in SEGMENTS.items()
        for segment in segments
        for series in ("s0", "s1")
    }
    assert drawn.left_out == 0


def test_what_is_chosen_is_drawn_first_however_many_there_are() -> None:
    """Then what one step leads to; the rest is left out, and counted."""
    drawn = for_each(["$slice = $segment of $series"], variables(50, "s49"), dict)
    keys = list(drawn.contents)

    assert keys[0] == ("origin", "JFK", "s49")
    assert len(keys) == 60
    assert drawn.left_out == 5 * 50 - 60
    steps = [sum(a != b for a, b in zip(key, keys[0], strict=True)) for key in keys]
    assert steps == sorted(steps)
    assert steps.count(1) == 50


def test_of_one_variable_more_are_drawn() -> None:
    """It is a page's most frequent case: a column."""
    drawn = for_each(["$series"], variables(600, "s599"), dict)

    assert len(drawn.contents) == 500
    assert next(iter(drawn.contents)) == ("s599",)
