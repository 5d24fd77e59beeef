"""The pre-flight against what a live Grafana 9.4 and a live 12.4 did, case by case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftdeck.facts import Json
from driftdeck.preflight import rules as register
from driftdeck.preflight.check import check
from driftdeck.preflight.findings import FORMATS, Finding, Place, Report, Severity
from driftdeck.preflight.read.documents import json_line, read_json
from driftdeck.preflight.read.interpolation import expand
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import Release

CASES = Path(__file__).parent / "cases"
RELEASES = ("9.4", "12.4")
"""Those of which a live server was asked."""


def recorded(name: str) -> Json:
    """A file of cases."""
    found: Json = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return found


SAMPLES = {release: recorded(f"sample-{release}") for release in RELEASES}
MEASURED = {release: recorded(f"measured-{release}") for release in RELEASES}
BASELINE: Json = SAMPLES["9.4"]["baseline"]
SOCKET = "/run/postgresql"
PLUGINS = ("postgres", "grafana-postgresql-datasource")
"""What PostgreSQL's plugin is called, up to 10.2 and since."""
LEAST = {"accepted": 0, "degraded": 1, "lost": 2, "fatal": 3}
"""The severity that each measured outcome calls for, at least."""
NOISY = {"da-upper-suffix"}
"""Grafana leaves drift.JSON out; the observer counted *.json files only."""
MISSED = {"da-v2-resource", "pr-list-v0"}
"""12.4 has the dashboard of the one, whose uid the observer looked for at the top of the file; of
the other, which he noted as on 9.4, it panics (a nil pointer, at every start)."""


def measured() -> Iterator[Any]:
    """Every measured case with its release; those beside a sample hold edits of its baseline."""
    for release in RELEASES:
        base = SAMPLES[release]["baseline"]
        for case in SAMPLES[release]["cases"]:
            if release == "9.4" or case["id"] not in MISSED:
                tree = {**base, **case["files"]}
                yield named(release, case, tree, case.get("env") or {"PGPW": "reader"})
        for case in MEASURED[release]["cases"]:
            yield named(release, case, {**base, **edited(case, base)}, {"PGPW": "reader"})


def named(release: str, case: Json, *parts: Json) -> Any:
    """A case under a name of its own."""
    return pytest.param(release, case, *parts, id=f"{release}-{case['id']}")


def measured_changes() -> Iterator[Any]:
    """Every measured change; those beside a sample edit what stood before."""
    for release in RELEASES:
        base = SAMPLES[release]["baseline"]
        for case in SAMPLES[release]["changes"]:
            before = {**base, **(case["before"] or {})}
            yield named(release, case, before, {**before, **(case["change"] or {})})
        for case in MEASURED[release]["changes"]:
            before = {**base, **edited(case["before"], base)}
            yield named(release, case, before, {**before, **edited(case, before)})


def edited(case: Json, base: Json) -> Json:
    """A case's files: those that are whole, and the others with its edits."""
    files = dict(case.get("files", {}))
    for name, pairs in case.get("edits", {}).items():
        text = files.get(name) or base[name]
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        files[name] = text
    return files


def lay(folder: Path, files: Json) -> Path:
    """Write a case's files; the provisioning tree."""
    for name, text in files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            filled = text.replace("@DASH@", str(folder / "dashboards")).replace("@PGHOST@", SOCKET)
            path.write_text(filled, encoding="utf-8", newline="")
    (folder / "dashboards").mkdir(exist_ok=True)
    return folder / "provisioning"


def reading(environment: Json | None = None, release: str = "9.4") -> Reading:
    """A reading for the release on which the cases were measured."""
    return Reading(Report(), Release.of(release), environment or {"PGPW": "reader"})


def said(findings: list[Finding]) -> str:
    """The findings as a person reads them."""
    return FORMATS["text"](findings)


@pytest.mark.parametrize(("release", "case", "files", "env"), measured())
def test_each_measured_outcome_is_foretold(
    release: str, case: Json, files: Json, env: Json, tmp_path: Path
) -> None:
    """Fatal and lost are told exactly, degraded is at least doubtful, accepted is not refused."""
    found = check(lay(tmp_path, files), reading(env, release))
    worst = max((one.severity for one in found), default=0)

    if case["outcome"] == "accepted":
        quiet = case.get("browser_only") or case["id"] in NOISY
        assert worst <= (Severity.DOUBTFUL if quiet else 0), said(found)
    elif case["outcome"] == "degraded":
        assert Severity.DOUBTFUL <= worst < Severity.FATAL, said(found)
    else:
        assert worst == LEAST[case["outcome"]], said(found)
    for one in found:
        assert one.severity <= register.RULES[one.rule].worst, one


def crossed() -> Iterator[Any]:
    """Every case that was given to the other server, too: with that one's name of the plugin."""
    for release, other in (("9.4", "12.4"), ("12.4", "9.4")):
        base, (old, new) = SAMPLES[release]["baseline"], PLUGINS[:: 1 if other == "12.4" else -1]
        renamed = [(form.format(old), form.format(new)) for form in ('"type": "{}"', "type: {}\n")]
        for case in MEASURED[release]["cases"]:
            if outcome := case.get(f"on {other}"):
                files = {**base, **edited(case, base)}.items()
                tree = {name: text and replaced(text, renamed) for name, text in files}
                yield pytest.param(other, outcome, tree, id=f"{other}-{case['id']}")


@pytest.mark.parametrize(("release", "outcome", "files"), crossed())
def test_the_sets_of_one_release_end_the_other_or_do_not(
    release: str, outcome: str, files: Json, tmp_path: Path
) -> None:
    """Whether a server starts is foretold of either."""
    found = check(lay(tmp_path, files), reading(release=release))

    fatal = any(one.severity is Severity.FATAL for one in found)
    assert fatal == (outcome == "fatal"), said(found)


def replaced(text: str, pairs: list[tuple[str, str]]) -> str:
    """A text with each of several texts replaced by another."""
    for old, new in pairs:
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(("release", "case", "before", "after"), measured_changes())
def test_each_measured_change_is_foretold(
    release: str, case: Json, before: Json, after: Json, tmp_path: Path
) -> None:
    """A change that ended a running server is fatal, another is not."""
    old, new = lay(tmp_path / "old", before), lay(tmp_path / "new", after)

    found = check(new, reading(release=release), old)

    fatal = any(one.severity is Severity.FATAL for one in found)
    assert fatal == (case["outcome"] == "fatal"), said(found)


RULES = "provisioning/alerting/rules.yaml"
NOTIFY = "provisioning/alerting/notify.yaml"
SOURCE = "provisioning/datasources/ds.yaml"
PROVIDER = "provisioning/dashboards/provider.yaml"
BOARD = "dashboards/drift.json"
CHANGES: list[tuple[str, str, str, str, str]] = [
    (
        RULES,
        "uid: drift-high",
        "uid: other",
        "duplicate-title",
        "deleteRules: [{orgId: 1, uid: drift-high}]",
    ),
    (SOURCE, "name: monitoring", "name: renamed", "duplicate-uid", "deleteDatasources"),
    (BOARD, '"uid": "drift"', '"uid": "other"', "uid-changed", "refuses it for ever"),
    (PROVIDER, "name: monitoring", "name: renamed", "provider-gone", "comes back with a new id"),
    (RULES, "folder: Drift alerts", "folder: Drift overview", "folder-is-title", "rename"),
    (NOTIFY, "uid: oncall-hook", "uid: new-hook", "receiver-uid-changed", "sent twice"),
]


@pytest.mark.parametrize(("file", "old", "new", "rule", "words"), CHANGES)
def test_a_change_is_named_with_its_mend(
    file: str, old: str, new: str, rule: str, words: str, tmp_path: Path
) -> None:
    """What is fine on a fresh server, and not on one that has read the old files."""
    before = lay(tmp_path / "old", BASELINE)
    changed = lay(tmp_path / "new", {**BASELINE, file: BASELINE[file].replace(old, new, 1)})

    fresh = {one.rule for one in check(changed, reading())}
    found = check(changed, reading(), before)

    assert rule not in fresh
    [finding] = [one for one in found if one.rule == rule]
    assert words in finding.message


@pytest.mark.parametrize(
    ("version", "release", "lost"),
    [
        ("v2beta1", "12.3", True), ("v2beta1", "12.4", False), ("v2beta1", "13.3", True),
        ("v1beta1", "13.3", False), ("v2", "12.4", True),
    ],
)  # fmt: skip
def test_releases_read_objects_of_their_versions(
    version: str, release: str, lost: bool, tmp_path: Path
) -> None:
    """12.4 reads v2 from a file; 13 wants it over its API."""
    spec = {"title": "Tabs", "tags": []}
    content = {"apiVersion": f"dashboard.grafana.app/{version}", "kind": "Dashboard"}
    text = json.dumps({**content, "metadata": {"name": "tabs"}, "spec": spec})
    tree = lay(tmp_path, {**SAMPLES["12.4"]["baseline"], "dashboards/tabs.json": text})

    found = {one.rule for one in check(tree, reading(release=release))}

    assert ("resource-format" in found) == lost


def test_what_no_file_holds_any_more_is_an_orphan(tmp_path: Path) -> None:
    """Rules, receivers, mute times and policies are never deleted by leaving them out."""
    old = lay(tmp_path / "old", BASELINE)
    new = lay(tmp_path / "new", {**BASELINE, RULES: None, NOTIFY: None})

    found = check(new, reading(), old)
    orphans = [one.message.split(" is in no file")[0] for one in found if one.rule == "orphan"]

    assert sorted(orphans[:3]) == [
        "mute-time 'weekends'",
        "receiver 'oncall-hook'",
        "rule 'drift-high'",
    ]
    assert any("resetPolicies: [1]" in one.message for one in found)


def test_a_deletion_that_sorts_first_frees_the_title(tmp_path: Path) -> None:
    """The repair that a finding names makes the finding go."""
    old = lay(tmp_path / "old", BASELINE)
    renamed = BASELINE[RULES].replace("uid: drift-high", "uid: other")
    first = "apiVersion: 1\ndeleteRules: [{orgId: 1, uid: drift-high}]\n"
    deletions = {"provisioning/alerting/00-deletions.yaml": first}
    new = lay(tmp_path / "new", {**BASELINE, RULES: renamed, **deletions})

    assert said(check(new, reading(), old)) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        (RULES, "condition: B", "condition: Z", 10),
        (RULES, "type: gt", "type: above", 27),
        (NOTIFY, "mute_time_intervals: [weekends]", "mute_time_intervals: [never]", 19),
        (SOURCE, "access: proxy", "access: server", 6),
        (BOARD, '"format": "table"', '"format": "tables"', 73),
    ],
)
def test_a_finding_stands_at_its_line(
    file: str, old: str, new: str, line: int, tmp_path: Path
) -> None:
    """The line is that of the value at fault, in YAML and in JSON."""
    text = BASELINE[file].replace(old, new, 1)
    tree = lay(tmp_path, {**BASELINE, file: text})

    [finding] = check(tree, reading())

    assert finding.place == Place(str(tmp_path / file), line)
    assert new.split(":", maxsplit=1)[0].strip('"') in text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [
        (RULES, "        condition: B\n", "groups.rules.condition is missing"),
        (RULES, "        for: 1m\n", "groups.rules.for is missing"),
        (RULES, "    interval: 10s\n", "groups.interval is missing"),
        (RULES, "    folder: Drift alerts\n", "groups.folder is missing"),
        (NOTIFY, "    name: oncall\n", "contactPoints.name is missing"),
    ],
)
def test_what_is_missing_is_named_as_it_is_written(
    file: str, line: str, name: str, tmp_path: Path
) -> None:
    """A key that is left out is told by its name in the file; `for` is needed up to 9.5."""
    tree = lay(tmp_path, {**BASELINE, file: BASELINE[file].replace(line, "", 1)})

    [finding] = check(tree, reading())
    newer = check(tree, reading(release="13.0"))

    assert finding.message.startswith(name)
    assert [one.message for one in newer] == ([] if ".for " in name else [finding.message])


@pytest.mark.parametrize("key", ["[a]", "{a: 1}", "!<str> {a: 1}"])
def test_a_key_that_is_no_scalar_is_told(key: str, tmp_path: Path) -> None:
    """A list or a mapping as a key, whatever tag it bears, is unreadable at its line."""
    tree = lay(tmp_path, {**BASELINE, SOURCE: f"apiVersion: 1\n? {key}\n: 1\n"})

    [finding] = [one for one in check(tree, reading()) if one.rule == "unreadable"]

    assert finding.place.line == 2
    assert "a key that is itself" in finding.message


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r")))
def test_doubled_dollars_are_dollars(text: str) -> None:
    """What is escaped comes back as it was, whatever stands around it."""
    assert expand(text.replace("$", "$$"), {}, Path).value == text


@given(st.text(), st.sampled_from(["$SECRET", "${SECRET}", "$__env{SECRET}"]))
def test_a_secret_without_dollar_survives_every_form(secret: str, form: str) -> None:
    """And one with a `$` survives the bare form."""
    bare = secret.replace("$", "")
    assert expand(form, {"SECRET": bare}, Path).value == bare
    assert expand("$SECRET", {"SECRET": secret}, Path).value == secret


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, 4]), st.data())
def test_lines_in_json_are_where_the_value_begins(
    value: Any, indent: int | None, data: st.DataObject
) -> None:
    """Of any value, however it is written."""
    marked, path, at = value, [], value
    while isinstance(at, dict | list) and at and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        path.append(key)
        at = at[key]
    text = json.dumps(marked, indent=indent)
    line = json_line(text, path)

    expected = 1
    if path:
        holder: Any = read_json(text)
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = "\x00mark"
        root = read_json(text)
        target: Any = root
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = "mark-of-this-test"
        written = json.dumps(root, indent=indent)
        expected = written[: written.index('"mark-of-this-test"')].count("\n") + 1
    assert line == expected
