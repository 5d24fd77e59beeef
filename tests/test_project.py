"""A project is found from any folder in it, and what it has committed is read from it alone."""

from pathlib import Path

import pytest

from driftdeck.dashboards.load import own_pages
from driftdeck.declare import DeclarationError
from driftdeck.generator.artefacts import site
from driftdeck.project import FILE, VARIABLE, Project, SettingsError, find_root
from driftdeck.settings import Settings, load_settings
from repository import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project's file, from which every command is run."""
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "monitors").mkdir()
    (tmp_path / FILE).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_nearest_project_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder inside, by a variable; one inside another is nearer."""
    inner = project / "a" / "b"
    inner.mkdir(parents=True)

    assert find_root(inner) == project
    (project / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_root(inner) == project
    (project / "a" / "pyproject.toml").write_text("[tool.driftdeck]\n")
    assert find_root(inner) == project / "a"
    monkeypatch.setenv(VARIABLE, str(project / "a"))
    assert find_root() == project / "a"
    assert load_settings().root == project / "a"


def test_no_project_is_an_error_with_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of another folder is taken for it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match=r"no project in .*; make one with `driftdeck init"):
        Project.find()
    monkeypatch.setenv(VARIABLE, "nowhere")
    with pytest.raises(SettingsError, match="DRIFTDECK_PROJECT names nowhere, which is no folder"):
        Project.find()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("dashboard_foldr = 'x'", r"driftdeck\.toml: dashboard_foldr is no setting; is dashboard_"),
        ("grafana_port = 3000", r"driftdeck\.toml: grafana_port is no setting"),
        ("poll_seconds = 'often'", "POLL_SECONDS: .*integer"),
        ("x = ", r"driftdeck\.toml is no TOML: "),
    ],
)
def test_a_wrong_file_is_refused(project: Path, text: str, error: str) -> None:
    """A key that nobody reads would be a setting that silently does not hold."""
    (project / FILE).write_text(text)

    with pytest.raises(SettingsError, match=error):
        Project.find()


def test_artefacts_do_not_depend_on_the_machine(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed is read from the project alone; a process may be told otherwise."""
    (project / FILE).write_text("uid_prefix = 'team-'\n")
    (project / ".env").write_text("UID_PREFIX=machine-\n")

    assert Project.find().uid_prefix == "team-"
    assert Settings().uid_prefix == "machine-"
    monkeypatch.setenv("UID_PREFIX", "shell-")
    assert Project.find().uid_prefix == "team-"
    assert Settings().uid_prefix == "shell-"
    assert Settings().as_committed().uid_prefix == "team-"


def test_folders_are_relative_to_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever folder a command runs in; patterns give those that are there, a name must be."""
    for name in ("teams/a/monitors", "teams/b/monitors"):
        (project / name).mkdir(parents=True)
    (project / FILE).write_text('monitors = ["monitors", "teams/*/monitors", "none/*"]\n')
    monkeypatch.chdir(project / "teams")
    found = Project.find()

    folders = [path.relative_to(project).as_posix() for path in found.monitor_folders]
    assert folders == ["monitors", "teams/a/monitors", "teams/b/monitors"]
    assert found.provisioning_dir == project / "provisioning"
    assert Settings().stack_dir == project / ".stack"
    monkeypatch.setenv("MONITORS", "gone")
    with pytest.raises(SettingsError, match=r"monitors: there is no folder .*gone"):
        _ = Settings().monitor_folders


def test_other_programs_variables_are_theirs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ROOT and PREPARE are names that anybody may use; an old name of ours is not passed over."""
    monkeypatch.setenv("ROOT", "/elsewhere")
    monkeypatch.setenv("PREPARE", "rm -r .")

    assert (load_settings().root, load_settings().prepare) == (project, "")
    monkeypatch.setenv("MONITORS_DIR", "monitors")
    with pytest.raises(SettingsError, match=r"MONITORS_DIR is set.*call it MONITORS"):
        load_settings()


def test_settings_reach_another_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process was told, the ones it starts are told, but for the secrets."""
    (project / "more").mkdir()
    monkeypatch.setenv("MONITORS", "monitors:more")
    monkeypatch.setenv("GRAFANA_TOKEN", "secret")
    variables = Settings().variables()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")

    assert "secret" not in variables.values()
    assert Settings() == Settings(root=project, monitors=("monitors", "more"))


def test_kept_passwords_lie_in_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever folder a command runs in, as everything else of the stack."""
    secrets = project / "other" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "collector_password").write_text("kept")
    (project / "below").mkdir()
    monkeypatch.delenv("COLLECTOR_PASSWORD", raising=False)
    monkeypatch.setenv("STACK_DIR", "other")
    monkeypatch.chdir(project / "below")

    assert (Settings().stack_dir, Settings().collector_password) == (project / "other", "kept")


def test_a_dashboard_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    """As a declaration is: by its file, with the mend."""
    (tmp_path / "bad.py").write_text("1 / 0\n")
    (tmp_path / "old.py").write_text("from dashboards_src import panels_of_old\n")

    with pytest.raises(DeclarationError, match=r"bad\.py: ZeroDivisionError: .*must run by itself"):
        own_pages([tmp_path], site(Project.find(ROOT)), ())
    (tmp_path / "bad.py").unlink()
    with pytest.raises(DeclarationError, match=r"old\.py: .*write `from driftdeck\.dashboards"):
        own_pages([tmp_path], site(Project.find(ROOT)), ())
