"""Every setting, read from the environment and `.env` in this one place."""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
)

ROOT = Path(__file__).resolve().parent
SECRETS = (
    "postgres_password",
    "collector_password",
    "grafana_reader_password",
    "evidently_password",
)
"""The passwords of the database's roles; `up` makes those that nobody has chosen."""
NEVER_HANDED_ON = frozenset({*SECRETS, "grafana_admin_password", "grafana_token"})
"""Every process reads these for itself, or has no use for them."""

OF_THE_BUILD = (
    "grafana_release",
    "evidently_url",
    "reference_url",
    "monitors_dir",
    "edits_dir",
    "provisioning_dir",
    "objects_dir",
    "dashboard_folder",
    "alert_folder",
    "uid_prefix",
    "datasource_name",
    "datasource_uid",
    "rule_interval",
    "poll_seconds",
    "ui_edits",
)
"""What the committed artefacts depend on; `.env` does not reach them."""


class SettingsError(ValueError):
    """A setting that cannot be used: names the variable and the mend."""


class KeptPasswords(PydanticBaseSettingsSource):
    """The passwords that `up` has made: files named as the settings, in `secrets` of its folder."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """A kept password, None where there is none that this user may read."""
        default = self.settings_cls.model_fields["stack_dir"].default
        folder = Path(self.current_state.get("stack_dir") or default) / "secrets"
        try:
            return (folder / field_name).read_text(encoding="utf-8") or None, field_name, False
        except OSError:
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Those that are kept, by setting."""
        fields = self.settings_cls.model_fields
        kept = {name: self.get_field_value(fields[name], name)[0] for name in SECRETS}
        return {name: password for name, password in kept.items() if password is not None}


class Settings(BaseSettings):
    """The settings; each field is the environment variable of the same name in capitals.

    Secrets may hold any character but a blank: PostgreSQL's drivers inside Grafana cannot pass
    one on. In `.env`, put a secret into single quotes, so that `$` stays `$`.
    """

    of_project_only: ClassVar[bool] = False
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        extra="ignore",
        frozen=True,
        pyproject_toml_table_header=("tool", "driftdeck"),
    )

    runtime: Literal["auto", "docker", "grafana", "embedded"] = "auto"
    stack_dir: Path = ROOT / ".stack"
    data_dir: Path | None = None

    postgres_host: str = "127.0.0.1"
    postgres_port: int = Field(default=5433, ge=1, le=65535)
    postgres_db: str = "driftdeck"
    postgres_user: str = "postgres"
    postgres_password: str = "driftdeck"
    collector_password: str = "collector"
    grafana_reader_password: str = "grafana_reader"
    evidently_password: str = "evidently"

    grafana_url: str = ""
    grafana_port: int = Field(default=3000, ge=1, le=65535)
    grafana_admin_user: str = "admin"
    grafana_admin_password: str = "admin"
    grafana_token: str = ""
    grafana_bin: str = ""
    grafana_home: str = ""
    grafana_release: str = "13.3"
    evidently_port: int = Field(default=8000, ge=1, le=65535)
    evidently_url: str = ""
    reference_url: str = ""
    """Of docs/reference.md where people read it, for runbook links; '' for beside the reports."""
    allowed_hosts: str = ""
    """Names, by commas, under which the Evidently UI and the previews are called, too."""
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    reports_keep: int = Field(default=400, ge=1)
    reports_keep_days: int = Field(default=730, ge=1)
    check_every: int = Field(default=50, ge=0)
    """One in so many windows of the index is measured by Evidently too, and must agree."""

    monitors_dir: Path = ROOT / "monitors"
    provisioning_dir: Path = ROOT / "provisioning"
    objects_dir: Path = ROOT / "objects"
    """Where `make build FORMAT=v2` writes dashboards, for Git Sync."""
    edits_dir: Path = ROOT / "dashboards_src" / "edits"
    dashboard_folder: str = "Model monitoring"
    alert_folder: str = "Model alerts"
    uid_prefix: str = "driftdeck-"
    datasource_name: str = "monitoring"
    datasource_uid: str = "monitoring"
    rule_interval: str = "10s"
    poll_seconds: int = Field(default=10, ge=1)
    ui_edits: bool = True
    """Whether a dashboard can be saved in Grafana; `make plan` names it, `make pull` keeps it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given here, environment, `.env`, [tool.driftdeck] of pyproject, what `up` has kept."""
        project = PyprojectTomlConfigSettingsSource(settings_cls, ROOT / "pyproject.toml")
        if cls.of_project_only:
            return init_settings, project
        return init_settings, env_settings, dotenv_settings, project, KeptPasswords(settings_cls)

    @field_validator(*SECRETS, "grafana_admin_password", mode="after")
    @classmethod
    def _no_blank(cls, value: str) -> str:
        if not value or re.search(r"\s", value):
            raise ValueError("is empty or holds a blank, which never connects; choose another")
        return value

    @property
    def secrets(self) -> Path:
        """The folder of the passwords that `up` has made, which only this user may enter."""
        return self.stack_dir / "secrets"

    @property
    def database(self) -> str:
        """Host and port of the monitoring database."""
        return f"{self.postgres_host}:{self.postgres_port}"

    @property
    def data(self) -> Path:
        """The folder that relative Parquet sources lie in."""
        return self.data_dir or self.stack_dir / "data"

    @cached_property
    def grafana(self) -> str:
        """The base URL of Grafana, without a slash at its end."""
        return (self.grafana_url or f"http://127.0.0.1:{self.grafana_port}").rstrip("/")

    @property
    def evidently(self) -> str:
        """The base URL of the Evidently UI, as a person's browser reaches it."""
        return (self.evidently_url or f"http://127.0.0.1:{self.evidently_port}").rstrip("/")

    def variable(self, name: str) -> str:
        """A variable that a declaration names, from the environment or `.env`; '' if unset."""
        return os.environ.get(name) or dotenv_values(ROOT / ".env").get(name) or ""

    def keep_variable(self, name: str, value: str) -> bool:
        """Write a variable into `.env`, which only this user may read; False if it is there so.

        Raises SettingsError where another value is set, or where the value would end its quotes.
        """
        there = self.variable(name)
        if there == value:
            return False
        if there:
            raise SettingsError(f"{name} is set to another value; take it from .env, or choose it")
        if re.search(r"['\\\s]", value):
            raise SettingsError(f"{name}: write ', \\ and blanks percent-encoded: %27, %5C, %20")
        path = ROOT / ".env"
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(
            f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}"
            f"{name}='{value}'\n",
            encoding="utf-8",
        )
        return True

    def source_uri(self, variable: str) -> str:
        """The URI in a variable that a Table names. Raises SettingsError."""
        value = self.variable(variable)
        if not value:
            raise SettingsError(f"{variable} is not set; a monitor reads its table from there")
        return value

    def as_committed(self) -> "Settings":
        """These settings, with those of the build as the project has committed them."""
        project = CommittedSettings()
        return self.model_copy(update={name: getattr(project, name) for name in OF_THE_BUILD})


class CommittedSettings(Settings):
    """The settings of the committed artefacts: of the project, never of one machine."""

    of_project_only: ClassVar[bool] = True


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from error
