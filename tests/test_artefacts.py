"""The built files: fresh, the same everywhere, whole, and of one number."""

import dataclasses
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml

from conftest import small_monitor
from driftdeck import dashboards_src
from driftdeck import declare as d
from driftdeck.dashboards.page import period
from driftdeck.dashboards.style import SERIES, STATES
from driftdeck.declare.contacts import KINDS
from driftdeck.declare.metrics import DRIFTS, Scope
from driftdeck.facts import Json
from driftdeck.firing import breached_query
from driftdeck.generator import yamltext
from driftdeck.generator.artefacts import (
    COMPOSE,
    BuildError,
    Place,
    artefacts,
    datasource_type,
    pages,
    site,
)
from driftdeck.generator.files import present, stale, write
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.load import RESERVED, load
from driftdeck.settings import IsolatedSettings
from repository import MONITORS, ROOT, small_project

SETTINGS = IsolatedSettings()
BUILT = artefacts(SETTINGS)
SMALL = small_project()
SMALL_BUILT = artefacts(SMALL)


def dashboards_of(built: dict[str, str]) -> list[Json]:
    """Every dashboard of what is built."""
    return [json.loads(text) for name, text in built.items() if name.endswith(".json")]


def rules_of(built: dict[str, str]) -> list[Json]:
    """Every rule of what is built."""
    return [
        rule
        for name, text in built.items()
        if name.startswith("alerting/rules-")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    ]


DASHBOARDS = [*dashboards_of(BUILT), *dashboards_of(SMALL_BUILT)]
RULES = [*rules_of(BUILT), *rules_of(SMALL_BUILT)]


def panels() -> Iterator[tuple[Json, Json]]:
    """Each dashboard with each of its panels that is no heading."""
    for dashboard in DASHBOARDS:
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield dashboard, panel


def test_committed_files_are_fresh() -> None:
    """What is committed is what the source builds."""
    assert stale(SETTINGS.provisioning_dir, BUILT) == [], "run `make build`, commit the result"
    assert stale_thresholds(SETTINGS) == []


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_same_bytes_on_every_hash_seed(seed: str) -> None:
    """A build gives the same bytes whatever the hash seed and the machine's settings."""
    script = (
        "import hashlib; from driftdeck.generator.artefacts import artefacts;"
        "from driftdeck.settings import IsolatedSettings;"
        "print(hashlib.sha256(repr(artefacts(IsolatedSettings())).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "POSTGRES_DB": "other", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    import hashlib

    assert hashlib.sha256(repr(BUILT).encode()).hexdigest() == done.stdout.strip(), done.stderr


def test_build_repairs_what_check_reports(tmp_path: Path) -> None:
    """An edited, a missing and an extra file are each stale, and one build mends all three."""
    write(tmp_path, SMALL_BUILT)
    (tmp_path / "alerting/rules-loans.yaml").write_text("edited")
    (tmp_path / "dashboards/overview.json").unlink()
    (tmp_path / "dashboards/extra.json").write_text("{}")
    found = stale(tmp_path, SMALL_BUILT)
    write(tmp_path, SMALL_BUILT)

    assert found == [
        "alerting/rules-loans.yaml",
        "dashboards/extra.json",
        "dashboards/overview.json",
    ]
    assert present(tmp_path) == SMALL_BUILT


@pytest.mark.parametrize("built", [BUILT, SMALL_BUILT], ids=["here", "small"])
def test_ids_and_uids_are_unique(built: dict[str, str]) -> None:
    """No two panels of a dashboard, no two dashboards, no two rules share an id, uid or title."""
    dashboards, rules = dashboards_of(built), rules_of(built)
    for dashboard in dashboards:
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(ids) == len(set(ids)), dashboard["title"]
    for things in (dashboards, rules):
        for key in ("uid", "title"):
            found = [thing[key] for thing in things]
            assert len(found) == len(set(found))
    assert all(len(thing["uid"]) <= 40 for thing in [*dashboards, *rules])


def test_no_two_panels_overlap() -> None:
    """Panels lie inside the 24 columns, side by side or below each other."""
    for dashboard in DASHBOARDS:
        boxes = [panel["gridPos"] for panel in dashboard["panels"]]
        assert all(box["x"] + box["w"] <= 24 for box in boxes)
        for a, b in combinations(boxes, 2):
            apart = (
                a["x"] + a["w"] <= b["x"]
                or b["x"] + b["w"] <= a["x"]
                or a["y"] + a["h"] <= b["y"]
                or b["y"] + b["h"] <= a["y"]
            )
            assert apart, (dashboard["title"], a, b)


def test_every_panel_is_said_in_full() -> None:
    """Each panel has a title, a description that ends in a full stop, and a unit."""
    for dashboard, panel in panels():
        place = f"{dashboard['title']} / {panel['title']}"
        assert panel["title"], place
        assert len(panel["description"]) > 15, place
        assert panel["description"].endswith("."), place
        if panel["type"] in ("timeseries", "barchart", "stat"):
            assert panel["fieldConfig"]["defaults"]["unit"], place


def test_every_query_can_be_read_by_the_browser() -> None:
    """Each query names its datasource, its format and the code editor, and orders its times."""
    for dashboard, panel in panels():
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            place = f"{dashboard['title']} / {panel['title']}"
            assert target["datasource"]["uid"] == SETTINGS.datasource_uid, place
            assert target["editorMode"] == "code", place
            assert target["format"] in ("time_series", "table"), place
            if target["format"] == "time_series":
                assert "AS time" in target["rawSql"], place
                assert "ORDER BY 1" in target["rawSql"], place


def test_dashboards_are_modern_json() -> None:
    """No key of dead panels is left, and no null but the open first step of thresholds."""

    def nulls(value: object, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from nulls(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for n, inner in enumerate(value):
                yield from nulls(inner, f"{path}[{n}]")
        elif value is None and not path.endswith("steps[0].value"):
            yield path

    for dashboard in DASHBOARDS:
        assert dashboard["schemaVersion"] == 42
        assert list(nulls(dashboard, dashboard["title"])) == []


def test_every_rule_points_at_a_panel_that_is_there() -> None:
    """A rule's dashboard and panel exist."""
    there = {(dashboard["uid"], panel["id"]) for dashboard, panel in panels()}
    for rule in RULES:
        notes = rule["annotations"]
        assert (notes["__dashboardUid__"], int(notes["__panelId__"])) in there, rule["title"]


def test_every_rule_compares_strictly_and_guards_against_nan() -> None:
    """The condition is value beyond stored level, and NaN fires nothing."""
    for rule in RULES:
        a, t, c = rule["data"]
        assert (a["refId"], t["refId"], c["refId"]) == ("A", "T", "C")
        assert c["model"]["expression"] in ("!is_nan($A) && $A > $T", "!is_nan($A) && $A < $T")
        assert "$__timeFilter" not in a["model"]["rawSql"] + t["model"]["rawSql"]


@pytest.mark.parametrize(
    "monitor", load(*MONITORS, *SMALL.monitor_folders), ids=lambda monitor: monitor.name
)
def test_alert_line_and_sql_are_one_number(monitor: d.Monitor) -> None:
    """A fixed level is the panel's line; the rule compares with the level that is stored."""
    uid = site(SETTINGS).uid(monitor.name)
    dashboard = next(one for one in DASHBOARDS if one["uid"] == uid)
    for series in monitor.series():
        metric = series.metric
        is_relative = metric.name in DRIFTS and metric.scope is Scope.COLUMNS
        if metric.unjudged or series.thresholds is None or is_relative:
            continue
        uids = {site(SETTINGS).uid(monitor.name, f"{metric.name}_{s}") for s in ("above", "below")}
        rules = [rule for rule in RULES if rule["uid"] in uids]
        named = int(rules[0]["annotations"]["__panelId__"])
        panel = next(p for p in dashboard["panels"] if p["id"] == named)
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        drawn = {step["value"] for step in steps[1:]}

        many = metric.scope in (Scope.COLUMNS, Scope.CLASSES)
        of_all = metric.thresholds if many else series.thresholds
        assert drawn == set(of_all.as_dict().values() if of_all else ()), metric.name
        for side, sign in (("above", ">"), ("below", "<")):
            level = getattr(series.thresholds, f"alert_{side}")
            rule = next(
                (r for r in rules if r["title"].endswith(f"{side} its alert threshold")), None
            )
            assert (level is None) == (rule is None)
            if rule is not None:
                assert f"$A {sign} $T" in rule["data"][2]["model"]["expression"]
                wanted = breached_query(monitor, metric, side, "level")
                assert rule["data"][1]["model"]["rawSql"] == wanted


def test_dollars_are_escaped_where_grafana_expands_them() -> None:
    """Titles and labels are expanded by Grafana, annotations and queries are not."""
    priced = d.Monitor(
        name="priced",
        title="Price in $USD",
        description="A test.",
        owner="$team",
        source=d.Table("t", time="at"),
        columns=(d.number("x"),),
        metrics=(d.missing(warn=0.1, alert=0.2),),
        never_late="a test",
    )
    from driftdeck.dashboards_src import groups
    from driftdeck.generator.artefacts import _escape_group

    rule = _escape_group(groups(site(SETTINGS), (priced,))[0])["rules"][0]
    assert rule["title"] == "Price in $$USD: Missing values above its alert threshold"
    assert rule["labels"]["owner"] == "$$team"
    assert "$$" not in rule["annotations"]["summary"]


def test_no_secret_is_built_in() -> None:
    """The datasource names a variable, bare, and its database where the browser looks."""
    source = yaml.safe_load(BUILT["datasources/postgres.yaml"])["datasources"][0]

    assert source["secureJsonData"] == {"password": "$GRAFANA_READER_PASSWORD"}
    assert source["jsonData"]["database"] == SETTINGS.postgres_db
    assert all(secret not in text for text in BUILT.values() for secret in ("admin", "collector@"))


def test_a_dashboard_opens_on_its_monitors_own_days() -> None:
    """From midnight to midnight where the model works, whatever Greenwich says."""
    small = small_monitor(ends="2024-07-31")
    abroad = dataclasses.replace(small, every=d.Daily(timezone="America/New_York"))

    assert period(small) == ("2024-01-01T00:00:00.000Z", "2024-07-31T23:59:59.999Z")
    assert period(abroad) == ("2024-01-01T05:00:00.000Z", "2024-08-01T03:59:59.999Z")
    assert period(dataclasses.replace(small, ends=None)) == ("now-90d", "now")


def test_old_releases_get_the_old_plugin_name() -> None:
    """Only the datasource's type differs between releases."""
    old = artefacts(SETTINGS.model_copy(update={"grafana_release": "9.4"}))
    differing = [name for name in BUILT if BUILT[name] != old[name]]

    assert differing == ["datasources/postgres.yaml"]
    assert "type: postgres\n" in old["datasources/postgres.yaml"]
    assert datasource_type("10.3") == datasource_type("13.3") == "grafana-postgresql-datasource"


def test_places_differ_in_addresses_only() -> None:
    """A local build differs from the committed one where Grafana reaches things."""
    local = artefacts(SETTINGS, Place("/somewhere/dashboards", "127.0.0.1:5433"))
    differing = [name for name in BUILT if BUILT[name] != local[name]]

    assert differing == ["dashboards/provider.yaml", "datasources/postgres.yaml"]
    assert COMPOSE.postgres == "postgres:5432"


def test_without_monitors_nothing_is_drawn(tmp_path: Path) -> None:
    """A repository that has deleted every example still builds."""
    empty = artefacts(SETTINGS.model_copy(update={"monitors": (str(tmp_path),)}))

    assert [name for name in empty if name.endswith(".json") or "rules" in name] == []


def test_reserved_names_are_those_of_the_other_dashboards() -> None:
    """No monitor can be called as a dashboard of the library is."""
    made = {page.uid for page in dashboards_src.pages(site(SETTINGS), ())}

    assert {uid.removeprefix(SETTINGS.uid_prefix) for uid in made} <= RESERVED
    assert len(RESERVED) == len(dashboards_src.DASHBOARDS) - 1


@pytest.mark.parametrize("uid", ["driftdeck-loans", "loans"])
def test_no_artefact_replaces_another(uid: str) -> None:
    """Two dashboards of one file are an error that names it, whatever they were made of."""
    pulled = [*pages(SMALL), dashboards_src.PulledDashboard(uid, "Mine", (), {})]

    with pytest.raises(BuildError, match=r"dashboards/loans\.json is built twice; .*rename"):
        artefacts(SMALL, every=pulled)


def test_only_runs_and_retrainings_may_be_empty() -> None:
    """A panel that may show nothing is one of two kinds, and says why."""
    for page in pages(SETTINGS):
        titles = {panel.id: panel.title for panel in page.panels()}
        for panel, reason in page.may_be_empty().items():
            assert titles[panel] in (
                "Runs", "Retrainings", "What moved", "What went wrong, newest first",
                    "Windows collected an hour", "Rows and labels that were left out",
                "Judged segments, worst first", "Judged segments of $slice over time",
                "$series by $slice, worst first", "$series of every $slice",
                "$series: $slice = $segment beside the whole", "What each class was taken for",
            )  # fmt: skip
            assert len(reason) > 15


BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.0520)),
    "deutan": ((0.3673, 0.8606, -0.2280), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    "tritan": ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
}
"""Machado, Oliveira, Fernandes 2009, https://doi.org/10.1109/TVCG.2009.113, severity 1."""
TO_XYZ = ((0.4125, 0.3576, 0.1805), (0.2127, 0.7152, 0.0722), (0.0193, 0.1192, 0.9503))
WHITE = np.array([0.9505, 1.0, 1.0888])


def lightness_and_hue(color: str, matrix: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """CIELAB of a colour as a reader with that matrix sees it."""
    channels = np.array([int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    f = np.cbrt(np.array(TO_XYZ) @ seen / WHITE)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_states_are_told_apart_by_every_reader(kind: str) -> None:
    """Quiet, warning and alert lie at least 30 apart in CIELAB (2 is just noticeable)."""
    seen = [lightness_and_hue(color, BLINDNESS[kind]) for _, _, color in STATES]
    distances = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]

    assert min(distances) >= 30


def test_lines_have_no_state_colour() -> None:
    """A line that looks red is in alert: series' own colours lie apart from the states'."""
    matrix = BLINDNESS["none"]
    for one in SERIES:
        for _, _, state in STATES:
            apart = lightness_and_hue(one, matrix) - lightness_and_hue(state, matrix)
            assert np.linalg.norm(apart) >= 20, (one, state)


def test_the_first_lines_are_told_apart() -> None:
    """Five columns are five colours: neighbours lie at least 30 apart."""
    first = [lightness_and_hue(color, BLINDNESS["none"]) for color in SERIES[:5]]

    assert min(np.linalg.norm(a - b) for a, b in combinations(first, 2)) >= 30


def test_a_rule_has_a_kind_that_contacts_can_choose() -> None:
    """What contacts filter by is what rules say of themselves."""
    assert {rule["labels"]["kind"] for rule in RULES} <= set(KINDS)


def test_yaml_is_the_same_where_pyyaml_has_no_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Literal blocks, no anchors, keys in their order: by either of its writers."""
    shared = {
        "sql": "SELECT 1\nFROM x",
        "long": "word " * 40,
        "on": "yes",
        "é": [1, 0.5, None, True],
    }
    document = {"z": shared, "a": shared, "none": [], "nothing": {}}
    wanted = yamltext.text(document)
    with monkeypatch.context() as patch:
        patch.delattr(yaml, "CSafeDumper", raising=False)
        plain = importlib.reload(yamltext)
        assert plain.DUMPER is yaml.SafeDumper
        written = plain.text(document)
    importlib.reload(yamltext)

    assert written == wanted
    assert "&" not in wanted
    assert "sql: |-\n" in wanted
