"""Receivers as Grafana 9.4 and 12.4 took or refused them, each file read by a running server."""

import json

import pytest

from driftdeck.facts import Json
from driftdeck.preflight.alerting.receivers import problems
from driftdeck.preflight.releases import Release
from repository import ROOT

MEASURED: list[Json] = json.loads((ROOT / "tests/cases/receivers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("release", ["9.4", "12.4"])
@pytest.mark.parametrize("case", MEASURED, ids=lambda case: case["id"])
def test_each_measured_receiver_is_foretold(case: Json, release: str) -> None:
    """Refused where the server refused it, by a setting that is there or is missing."""
    found = problems(case["type"], case["settings"], Release.of(release))

    assert (found == []) == (release in case["taken"]), found


def test_a_type_that_comes_later_is_named() -> None:
    """What the release that is built for does not know, others do."""
    [(_, said)] = problems("oncall", {"url": "https://x"}, Release.of("10.1"))

    assert "type 'oncall' is none of" in said
    assert problems("oncall", {"url": "https://x"}, Release.of("10.2")) == []
    assert problems("sns", {}, Release.of("11.1")) != []
