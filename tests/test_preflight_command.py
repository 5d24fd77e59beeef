"""The pre-flight as a command and a function: what it says, to whom, and of which rules."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_preflight import BASELINE, BOARD, PROVIDER, RULES, SOURCE, lay, reading, said

from driftdeck.cli.preflight import main
from driftdeck.preflight import rules as register
from driftdeck.preflight.check import check
from driftdeck.preflight.read.interpolation import expand
from driftdeck.preflight.rules import table
from driftdeck.settings import IsolatedSettings
from repository import ROOT


def test_own_artefacts_have_no_finding() -> None:
    """What this project builds passes its own pre-flight, for the target and for 9.4."""
    environment = {"GRAFANA_READER_PASSWORD": "secret"}
    tree = IsolatedSettings().provisioning_dir

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


def test_every_rule_is_registered_and_used() -> None:
    """What is reported is in the register, what is registered is reported, the docs say both."""
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "driftdeck" / "preflight").rglob("*.py")
        if path.name != "rules.py"
    )
    assert [rule for rule in register.RULES if f'"{rule}"' not in source] == []
    assert table() in (ROOT / "docs" / "preflight.md").read_text(encoding="utf-8")


BAD = BASELINE[BOARD].replace('"refresh": "1m"', '"refresh": "1s"')


@pytest.mark.parametrize(
    ("words", "configuration", "rules"),
    [
        ([], "", {"access", "refresh"}),
        (["--ignore", "access"], "", {"refresh"}),
        (["--ignore", "access,refresh"], "", set()),
        (["--select", "access"], "", {"access"}),
        ([], 'ignore = ["refresh"]', {"access"}),
        ([], 'select = ["refresh"]', {"refresh"}),
        (["--select", "access"], 'select = ["refresh"]', {"access"}),
        ([], '[per-file-ignores]\n"*/dashboards/*.json" = ["refresh", "access"]', {"access"}),
        ([], '[per-file-ignores]\n"*/other/*" = ["refresh"]', {"access", "refresh"}),
    ],
)
def test_rules_are_chosen(
    words: list[str], configuration: str, rules: set[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """By the command line, and by a configuration that lies where the check runs."""
    source = BASELINE[SOURCE].replace("access: proxy", "access: server")
    tree = lay(tmp_path / "tree", {**BASELINE, BOARD: BAD, SOURCE: source})
    monkeypatch.setenv("PGPW", "reader")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grafana-preflight.toml").write_text(configuration)

    assert main(["--tree", str(tree), "--grafana", "9.4", "--format", "json", *words]) == 0

    assert {one["rule"] for one in json.loads(capsys.readouterr().out)} == rules


@pytest.mark.parametrize(
    ("words", "configuration", "complaint"),
    [
        (["--ignore", "acess"], "", "'acess' is no rule; access is meant?"),
        ([], 'ignore = ["acess"]', "grafana-preflight.toml: ignore: 'acess' is no rule"),
        ([], "ignore = 5", "grafana-preflight.toml: ignore: is no list of rules"),
        ([], "ignored = []", "grafana-preflight.toml: ignored: is none of select, ignore"),
        ([], "[per-file-ignores]\na = [1]", "grafana-preflight.toml: a: is no list of rules"),
        ([], "per-file-ignores = 1", "per-file-ignores: is no table"),
        ([], "ignore = [", "grafana-preflight.toml: is no TOML"),
        (["--config", "nowhere.toml"], "", "nowhere.toml"),
    ],
)
def test_a_choice_that_cannot_be_read_is_told(
    words: list[str], configuration: str, complaint: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """With the file and the place."""
    tree = lay(tmp_path / "tree", BASELINE)
    monkeypatch.chdir(tmp_path)
    if configuration:
        (tmp_path / "grafana-preflight.toml").write_text(configuration)

    assert main(["--tree", str(tree), *words]) == 2
    assert complaint in capsys.readouterr().err


def test_the_rules_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a tree."""
    assert main(["--rules"]) == 0
    assert capsys.readouterr().out == table()


def test_what_is_said_names_no_command_of_this_project() -> None:
    """It is read in other repositories."""
    for path in (ROOT / "driftdeck" / "preflight").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"python -m |\bmake (build|check|up)\b|driftdeck (?!preflight)\w+`", text
        ), path


@pytest.mark.parametrize(
    "form", ["$SECRET", "${SECRET}", "$__env{SECRET}", "$__file{@PROV@/../secret}"]
)
def test_no_message_tells_a_secret(form: str, tmp_path: Path) -> None:
    """Neither a value nor the part of one behind a `$`, which is expanded once more."""
    secret = "hunter2$pass word"
    source = BASELINE[SOURCE].replace('url: "@PGHOST@"', f"url: '{form}'")
    tree = lay(tmp_path, {**BASELINE, SOURCE: source})
    (tmp_path / "secret").write_text(secret)
    text = (tree / "datasources/ds.yaml").read_text()
    (tree / "datasources/ds.yaml").write_text(text.replace("@PROV@", str(tree)))

    found = said(check(tree, reading({"PGPW": "reader", "SECRET": secret})))

    assert "[url]" in found
    assert "hunter2" not in found
    assert "pass" not in found.replace("password", "")
    assert ("[expanded-twice]" in found) == (form != "$SECRET")


def test_a_file_with_a_dollar_is_read_as_grafana_does(tmp_path: Path) -> None:
    """What follows the `$` in it is taken for a variable."""
    (tmp_path / "password").write_text("pa$word\n")
    done = expand(f"$__file{{{tmp_path}/password}}", {"word": "!"}, Path)
    assert done.value == "pa!"
    assert done.unset == []


def test_the_check_is_a_function_of_a_folder(tmp_path: Path) -> None:
    """Without more, the environment is this process's, and the release the newest."""
    found = check(lay(tmp_path, BASELINE))
    assert {one.rule for one in found} <= {"unset-variable", "type"}


def test_preflight_needs_little() -> None:
    """Another repository's hook installs four libraries, and no more is imported."""
    script = (
        "import sys, driftdeck.preflight.command, driftdeck.cli, sqlglot;"
        "heavy = {'pandas', 'numpy', 'evidently', 'grafanalib', 'psycopg', 'jinja2'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
