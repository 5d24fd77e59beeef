"""A project: the folder that holds somebody's monitors and dashboards, and what it has committed.

The nearest folder, from the current one upwards, with a `driftdeck.toml` or with a table
`[tool.driftdeck]` in its `pyproject.toml`. What artefacts depend on is read from there alone, so
that they are the same on every machine.
"""

import difflib
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from driftdeck import schema_name
from driftdeck.errors import DriftdeckError, ExitCode

S = TypeVar("S", bound=BaseSettings)
FILE = "driftdeck.toml"
STACK = ".stack"
"""The folder in the project's for what runs there; nothing of it is committed."""
EVIDENTLY_PORT = 8000
"""Of Evidently's UI on this machine, where nothing else is said."""
READER = "grafana_reader"
"""The role that Grafana reads as where a project names no other."""
VARIABLE = "DRIFTDECK_PROJECT"
"""The environment variable that names a project's folder; `driftdeck -C DIR` sets it."""


class SettingsError(DriftdeckError, ValueError):
    """A setting that cannot be used: names the variable or the key, and the mend."""

    exit_code = ExitCode.WRONG_USE


def find_root(start: Path | None = None) -> Path:
    """The folder of the nearest project, from `start` (the current folder) upwards.

    Raises SettingsError where there is none.
    """
    if start is None and (chosen := os.environ.get(VARIABLE)):
        start = Path(chosen)
        if not start.is_dir():
            raise SettingsError(f"{VARIABLE} names {chosen}, which is no folder")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file() or _table_of(folder / "pyproject.toml") is not None:
            return folder
    raise SettingsError(
        f"no project in {here} or above it: none has {FILE}, or [tool.driftdeck] in pyproject.toml",
        mend="make one with `driftdeck init DIR`, or name its folder with -C",
    )


def _table_of(path: Path) -> dict[str, Any] | None:
    """The project's table in a pyproject.toml; None where it has none."""
    if not path.is_file():
        return None
    table = _parse(path).get("tool", {}).get("driftdeck")
    return dict(table) if table is not None else None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error


class Project(BaseSettings):
    """What a project has committed, and every artefact depends on: no secret, no machine.

    Each field is a key of the project's table. Paths are relative to the project's folder.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, validate_default=True)

    root: Path = Field(default_factory=find_root)
    """The project's folder."""
    monitors: tuple[str, ...] = ("monitors",)
    """Folders of declarations, as glob patterns; new ones and contacts.py go to the first."""
    dashboards: tuple[str, ...] = ("dashboards",)
    """Folders of dashboards of one's own, as glob patterns; pulled ones go to the first."""
    edits_dir: Path = Path("dashboards/edits")
    """Where `driftdeck pull` keeps what was changed in Grafana."""
    provisioning_dir: Path = Path("provisioning")
    """What Grafana reads at its start."""
    objects_dir: Path = Path("objects")
    """Where `driftdeck build --format v2` writes dashboards, for Git Sync."""
    data_dir: Path | None = None
    """Where relative sources lie; by default `.stack/data`."""
    prepare: str = ""
    """A command that makes or fetches the data before a collection, as a shell would split it; the
    names of the monitors follow."""
    after_migrate: str = ""
    """A command that makes tables of the project's own, run as the database's owner."""

    grafana_release: str = "13.3"
    dashboard_folder: str = "Model monitoring"
    alert_folder: str = "Model alerts"
    uid_prefix: str = "driftdeck-"
    datasource: Literal["built", "existing"] = "built"
    """existing: somebody else has made the datasource of `datasource_uid`; panels only use it."""
    datasource_name: str = "monitoring"
    datasource_uid: str = "monitoring"
    datasource_host: str = ""
    """host:port of PostgreSQL as Grafana reaches it; '' for the one that `driftdeck up` starts."""
    datasource_sslmode: Literal["disable", "require", "verify-ca", "verify-full"] = "disable"
    datasource_root_cert: str = ""
    """The CA that signed the server's certificate: a file of the project, whose text goes into the
    datasource, or an absolute path on Grafana's machine."""
    notification_policies: Literal["whole", "routes", "none"] = "none"
    """What `apply` does to the notification policies of GRAFANA_URL: nothing but print our routes,
    keep our routes as one branch of the tree that others own, or replace the whole tree."""
    rule_interval: str = "10s"
    poll_seconds: int = Field(default=10, ge=1)
    ui_edits: bool = True
    """Whether a dashboard can be saved in Grafana; `plan` names such a change, `pull` keeps it."""
    postgres_db: str = "driftdeck"
    """The name of the database."""
    postgres_schema: str = schema_name.SCHEMA
    """The schema of that database that everything of driftdeck's lies in."""
    collector_role: str = ""
    """With DATABASE_URL, an existing role that may write metrics; '' for DATABASE_URL's alone."""
    reader_role: str = ""
    """The role that Grafana reads as; '' for grafana_reader, which exists or is made where roles
    are. With DATABASE_URL, name the existing one that shall get the rights."""
    evidently_url: str = ""
    """Where people open Evidently's UI; '' for this machine's."""
    reference_url: str = ""
    """Of docs/reference.md where people read it, for runbook links; '' for beside the reports."""

    @classmethod
    def find(cls, start: Path | None = None) -> Self:
        """The nearest project, from `start` (the current folder) upwards. Raises SettingsError."""
        return checked(cls, root=find_root(start))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given here, or committed: neither the environment nor `.env`."""
        return init_settings, committed(settings_cls, init_settings)

    @field_validator("postgres_schema")
    @classmethod
    def _usable_name(cls, value: str) -> str:
        if problem := schema_name.problem(value):
            raise ValueError(problem)
        return value

    @field_validator("edits_dir", "provisioning_dir", "objects_dir", "data_dir", mode="after")
    @classmethod
    def _below_root(cls, value: Path | None, info: Any) -> Path | None:
        root: Path = info.data["root"]
        return value if value is None else root / value

    @property
    def file(self) -> str:
        """Where these settings stand, for messages."""
        return _name_file(self.root)

    @property
    def evidently(self) -> str:
        """The base URL of Evidently's UI, as a person's browser reaches it."""
        return (self.evidently_url or f"http://127.0.0.1:{EVIDENTLY_PORT}").rstrip("/")

    @property
    def datasource_user(self) -> str:
        """The role that Grafana logs in as."""
        return self.reader_role or READER

    @property
    def monitor_folders(self) -> tuple[Path, ...]:
        """The folders that hold declarations, the first first. Raises SettingsError."""
        return self._folders("monitors", self.monitors)

    @property
    def dashboard_folders(self) -> tuple[Path, ...]:
        """The folders that hold dashboards of one's own."""
        return self._folders("dashboards", self.dashboards)

    @property
    def monitors_dir(self) -> Path:
        """The folder of declarations that new ones, and contacts.py, go to."""
        return self.root / self.monitors[0]

    @property
    def dashboards_dir(self) -> Path:
        """The folder of dashboards that pulled ones go to."""
        return self.root / self.dashboards[0]

    def _folders(self, key: str, patterns: tuple[str, ...]) -> tuple[Path, ...]:
        folders: list[Path] = []
        for pattern in patterns:
            if any(mark in pattern for mark in "*?["):
                folders += sorted(path for path in self.root.glob(pattern) if path.is_dir())
            elif not (folder := self.root / pattern).exists() and key == "monitors":
                raise SettingsError(f"{key}: there is no folder {folder}; make it, or name another")
            else:
                folders.append(folder)
        return tuple(dict.fromkeys(folders))


PROJECT_KEYS = tuple(name for name in Project.model_fields if name != "root")


def committed(
    settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource
) -> PydanticBaseSettingsSource:
    """What the project's file says. Raises SettingsError naming a key that there is not."""
    return InitSettingsSource(settings_cls, dict(_table(root_of(init_settings))))


def root_of(init_settings: PydanticBaseSettingsSource) -> Path:
    """The project's folder: given, or found."""
    chosen = init_settings().get("root")
    return Path(chosen) if chosen else find_root()


def _name_file(root: Path) -> str:
    return FILE if (root / FILE).is_file() else "pyproject.toml [tool.driftdeck]"


@cache
def _table(root: Path) -> dict[str, Any]:
    own = root / FILE
    table = _parse(own) if own.is_file() else _table_of(root / "pyproject.toml") or {}
    where = _name_file(root)
    for key in table:
        if key not in PROJECT_KEYS:
            near = difflib.get_close_matches(key, PROJECT_KEYS, n=1)
            hint = f"; is {near[0]} meant?" if near else f"; there are {', '.join(PROJECT_KEYS)}"
            raise SettingsError(f"{where}: {key} is no setting{hint}")
    return table


def checked(kind: type[S], **values: Any) -> S:
    """Settings of a kind. Raises SettingsError naming each wrong one."""
    try:
        return kind(**values)
    except ValidationError as error:
        lines = [
            f"{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from error
