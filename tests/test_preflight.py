"""The pre-flight against what a live Grafana 9.4 did, case by case."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.__main__ import main
from preflight.check import check
from preflight.documents import json_line, read_json
from preflight.findings import FORMATS, Finding, Place, Report, Severity
from preflight.interpolation import expand
from preflight.reading import Reading
from preflight.releases import Release
from settings import ROOT, CommittedSettings

Json = dict[str, Any]
CASES = Path(__file__).parent / "cases"
SAMPLE = json.loads((CASES / "sample.json").read_text(encoding="utf-8"))
MEASURED = json.loads((CASES / "measured.json").read_text(encoding="utf-8"))
BASELINE: Json = SAMPLE["baseline"]
SOCKET = "/run/postgresql"
LEAST = {"accepted": 0, "degraded": 1, "lost": 2, "fatal": 3}
"""The severity that each measured outcome calls for, at least."""
NOISY = {"da-upper-suffix"}
"""Grafana leaves drift.JSON out; the observer counted *.json files only."""


def measured() -> Iterator[Json]:
    """Every measured case; those beside the sample hold edits of its baseline."""
    yield from SAMPLE["cases"]
    for case in MEASURED["cases"]:
        yield {**case, "files": edited(case), "env": {"PGPW": "reader"}}


def measured_changes() -> Iterator[Json]:
    """Every measured change; those beside the sample edit what stood before."""
    yield from SAMPLE["changes"]
    for case in MEASURED["changes"]:
        before = {**BASELINE, **edited(case["before"])}
        yield {**case, "before": before, "change": edited(case, before)}


def edited(case: Json, base: Json = BASELINE) -> Json:
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


@pytest.mark.parametrize("case", measured(), ids=lambda case: case["id"])
def test_each_measured_outcome_is_foretold(case: Json, tmp_path: Path) -> None:
    """Fatal and lost are told exactly, degraded is at least doubtful, accepted is not refused."""
    tree = lay(tmp_path, {**BASELINE, **case["files"]})

    found = check(tree, reading(case["env"]))
    worst = max((one.severity for one in found), default=0)

    if case["outcome"] == "accepted":
        quiet = case.get("browser_only") or case["id"] in NOISY
        assert worst <= (Severity.DOUBTFUL if quiet else 0), said(found)
    elif case["outcome"] == "degraded":
        assert Severity.DOUBTFUL <= worst < Severity.FATAL, said(found)
    else:
        assert worst == LEAST[case["outcome"]], said(found)


@pytest.mark.parametrize("case", measured_changes(), ids=lambda case: case["id"])
def test_each_measured_change_is_foretold(case: Json, tmp_path: Path) -> None:
    """A change that ended a running server is fatal, another is not."""
    before = {**BASELINE, **(case["before"] or {})}
    old = lay(tmp_path / "old", before)
    new = lay(tmp_path / "new", {**before, **(case["change"] or {})})

    found = check(new, reading(), old)

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


def test_own_artefacts_have_no_finding() -> None:
    """What this project builds passes its own pre-flight, for the target and for 9.4."""
    environment = {"GRAFANA_READER_PASSWORD": "secret"}
    tree = CommittedSettings().provisioning_dir

    assert said(check(tree, reading(environment, "13.3"))) == ""


def test_command_says_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 from lost up, 0 below, 2 where it cannot run; three formats of one content."""
    good = lay(tmp_path / "good", {**BASELINE, SOURCE: BASELINE[SOURCE].replace("$PGPW", "x")})
    broken = BASELINE[RULES].replace("interval: 10s", "interval: 15s")
    bad = lay(tmp_path / "bad", {**BASELINE, RULES: broken})

    assert main(["--tree", str(good), "--grafana", "9.4"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["--tree", str(bad), "--grafana", "9.4", "--format", "json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"file", "line", "severity", "rule", "message"} == set(rows[0])
    assert ("fatal", 6) in {(row["severity"], row["line"]) for row in rows}
    assert main(["--tree", str(bad), "--grafana", "9.4", "--format", "github"]) == 1
    assert f"::error file={bad}/alerting/rules.yaml,line=6," in capsys.readouterr().out
    assert main(["--tree", str(tmp_path)]) == 2
    assert "holds none of datasources/" in capsys.readouterr().err
    assert main(["--tree", str(good), "--grafana", "newest"]) == 2
    assert "is no release" in capsys.readouterr().err
    assert main(["--tree", str(good), "--before", "no-such-revision"]) == 2
    assert "git repository" in capsys.readouterr().err


def test_map_leads_to_the_dashboards(tmp_path: Path) -> None:
    """A provider's path on Grafana's machine is found where the caller says."""
    there = "/var/lib/grafana/dashboards"
    provider = BASELINE[PROVIDER].replace("@DASH@", there)
    source = BASELINE[SOURCE].replace("$PGPW", "x")
    tree = lay(tmp_path, {**BASELINE, PROVIDER: provider, SOURCE: source})
    here = tmp_path / "dashboards"

    assert main(["--tree", str(tree), "--grafana", "9.4"]) == 1
    assert main(["--tree", str(tree), "--grafana", "9.4", "--map", f"{there}={here}"]) == 0


def test_before_is_a_revision_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree as it was committed is what a running Grafana has read."""
    monkeypatch.setenv("PGPW", "reader")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    provider = BASELINE[PROVIDER].replace("@DASH@", "/etc/grafana/provisioning/boards")
    files = {**BASELINE, PROVIDER: provider, BOARD: None}
    tree = lay(tmp_path, {**files, "provisioning/boards/drift.json": BASELINE[BOARD]})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "old"]):
        subprocess.run([*git, *words], check=True)
    rules = tree / "alerting" / "rules.yaml"
    rules.write_text(rules.read_text().replace("uid: drift-high", "uid: other"))

    assert main(["--tree", str(tree), "--grafana", "9.4"]) == 0
    assert main(["--tree", str(tree), "--grafana", "9.4", "--before", "HEAD"]) == 1
    assert "deleteRules: [{orgId: 1, uid: drift-high}]" in capsys.readouterr().out


def test_every_rule_is_documented(tmp_path: Path) -> None:
    """What the cases bring out stands in the table, with no milder severity."""
    text = (ROOT / "docs" / "preflight.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", text, re.MULTILINE)
    table = {rule: Severity[worst.upper()] for rule, worst in rows}
    for number, case in enumerate(measured()):
        tree = lay(tmp_path / str(number), {**BASELINE, **case["files"]})
        for one in check(tree, reading(case["env"])):
            assert one.severity <= table[one.rule], one

    source = "".join(path.read_text() for path in (ROOT / "preflight").glob("*.py"))
    assert [rule for rule in table if f'"{rule}"' not in source] == []


def test_preflight_needs_little() -> None:
    """Another repository's hook installs three libraries, and no more is imported."""
    script = (
        "import sys, preflight.check, preflight.__main__, sqlglot;"
        "heavy = {'pandas', 'numpy', 'evidently', 'grafanalib', 'psycopg', 'jinja2'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
