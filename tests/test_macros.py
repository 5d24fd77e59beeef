"""Macros, against what a live Grafana 9.4 made of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from driftdeck.preflight.sql.macros import MacroError, Range, expand

RECORDED = json.loads((Path(__file__).parent / "cases" / "macros.json").read_text(encoding="utf-8"))
ASKED_ON = datetime(2026, 11, 23, tzinfo=UTC)
"""When the server was asked: it counts the months and years of a group from its own clock."""
TAIL = " nonsense"
"""Stands behind each recorded query, so that the server showed its text instead of running it."""


def span(interval_ms: int) -> Range:
    """The time range of the recording."""
    ends = (datetime.fromtimestamp(RECORDED[key] / 1000, UTC) for key in ("from_ms", "to_ms"))
    return Range(*ends, interval_ms / 1000)


@pytest.mark.parametrize("answer", RECORDED["answers"], ids=lambda one: one["sql"])
def test_macros_expand_as_the_server_expands_them(answer: dict[str, Any]) -> None:
    """The same SQL, or the same refusal."""
    least_ms = 30_000  # the server's own, for 100 points in this range
    asked = max(least_ms, answer.get("interval_ms", RECORDED["interval_ms"]))

    if answer["executed"] is None:
        with pytest.raises(MacroError) as refused:
            expand(answer["sql"], span(asked), ASKED_ON)
        assert answer["error"] == f"interpolation failed: {refused.value}"
    else:
        assert expand(answer["sql"], span(asked), ASKED_ON) == answer["executed"]


def test_every_macro_was_recorded() -> None:
    """The recording holds each macro of the documentation."""
    text = " ".join(answer["sql"] for answer in RECORDED["answers"])
    for name in (
        "time", "timeEpoch", "timeFilter", "timeFrom", "timeTo", "timeGroup", "timeGroupAlias",
        "unixEpochFilter", "unixEpochFrom", "unixEpochTo", "unixEpochNanoFilter",
        "unixEpochNanoFrom", "unixEpochNanoTo", "unixEpochGroup", "unixEpochGroupAlias",
        "interval", "interval_ms",
    ):  # fmt: skip
        assert f"$__{name}" in text
