"""Every setting of a process, read from the environment and `.env` in this one place."""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
)

from driftdeck import events
from driftdeck.project import (
    EVIDENTLY_PORT,
    PROJECT_KEYS,
    STACK,
    VARIABLE,
    Project,
    SettingsError,
    checked,
    committed,
    root_of,
)

SECRETS = (
    "postgres_password",
    "collector_password",
    "grafana_reader_password",
    "evidently_password",
)
"""The passwords of the database's roles; `up` makes those that nobody has chosen."""
NEVER_HANDED_ON = frozenset({*SECRETS, "database_url", "grafana_admin_password", "grafana_token"})
"""Every process reads these for itself, or has no use for them."""


class KeptPasswords(PydanticBaseSettingsSource):
    """The passwords that `up` has made: files named as the settings, in `secrets` of its folder."""

    def __init__(self, settings_cls: type[BaseSettings], root: Path) -> None:
        super().__init__(settings_cls)
        self._root = root

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """A kept password, None where there is none that this user may read."""
        folder = self._root / (self.current_state.get("stack_dir") or STACK) / "secrets"
        try:
            return (folder / field_name).read_text(encoding="utf-8") or None, field_name, False
        except OSError:
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Those that are kept, by setting."""
        fields = self.settings_cls.model_fields
        kept = {name: self.get_field_value(fields[name], name)[0] for name in SECRETS}
        return {name: password for name, password in kept.items() if password is not None}


class Settings(Project):
    """What a process runs with: its project, and the environment with its secrets.

    Each field is the environment variable of the same name in capitals.

    Secrets may hold any character but a blank: PostgreSQL's drivers inside Grafana cannot pass
    one on. In `.env`, put a secret into single quotes, so that `$` stays `$`.
    """

    monitors: Annotated[tuple[str, ...], NoDecode] = Project.model_fields["monitors"].default
    dashboards: Annotated[tuple[str, ...], NoDecode] = Project.model_fields["dashboards"].default

    runtime: Literal["auto", "docker", "grafana", "embedded"] = "auto"
    stack_dir: Path = Path(STACK)

    database_url: str = ""
    """A PostgreSQL of one's own: a libpq URI, `key=value ...` or `service=NAME`. Where it is set,
    every connection uses it, POSTGRES_* and the roles' passwords are not read, no role is made."""
    postgres_host: str = "127.0.0.1"
    postgres_port: int = Field(default=5433, ge=1, le=65535)
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
    evidently_port: int = Field(default=EVIDENTLY_PORT, ge=1, le=65535)
    allowed_hosts: str = ""
    """Names, by commas, under which the Evidently UI and the previews are called, too."""
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    log_format: events.Form = ""
    """Of what a program that runs for long logs: text (`key=value`) or json, a line each event;
    set, what collects once logs so, too."""
    reports_keep: int = Field(default=400, ge=1)
    reports_keep_days: int = Field(default=730, ge=1)
    check_every: int = Field(default=50, ge=0)
    """One in so many windows of the index is measured by Evidently too, and must agree."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given here, environment, `.env`, the project's file, and what `up` has kept."""
        root = root_of(init_settings)
        return (
            init_settings,
            *(
                InitSettingsSource(settings_cls, _without_own(source()))
                for source in (
                    env_settings,
                    DotEnvSettingsSource(settings_cls, env_file=root / ".env"),
                )
            ),
            committed(settings_cls, init_settings),
            KeptPasswords(settings_cls, root),
        )

    @field_validator("monitors", "dashboards", mode="before")
    @classmethod
    def _patterns(cls, value: Any) -> Any:
        """Folders in a variable, as PATH has them."""
        return tuple(value.split(os.pathsep)) if isinstance(value, str) else value

    @field_validator("stack_dir", mode="after")
    @classmethod
    def _in_project(cls, value: Path, info: ValidationInfo) -> Path:
        root: Path = info.data["root"]
        return root / value

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

    @field_validator("database_url", mode="after")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            _parameters(value)
        return value

    @property
    def database(self) -> str:
        """Host and port of the monitoring database, or its service, for people."""
        if not self.database_url:
            return f"{self.postgres_host}:{self.postgres_port}"
        parameters = _parameters(self.database_url)
        place = f"{parameters.get('host', 'localhost')}:{parameters.get('port', 5432)}"
        return f"service {parameters['service']}" if "service" in parameters else place

    @property
    def reports_schema(self) -> str:
        """With DATABASE_URL, the schema that Evidently's reports lie in."""
        return f"{self.postgres_schema[:55]}_reports"

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
        return os.environ.get(name) or dotenv_values(self.root / ".env").get(name) or ""

    def variables(self, *, secrets: bool = False) -> dict[str, str]:
        """The environment that makes these settings of another process's; secrets: with those."""
        hidden = {"root", *(() if secrets else NEVER_HANDED_ON)}
        fields = self.model_dump(exclude_none=True, exclude=hidden)
        for name in ("monitors", "dashboards"):
            fields[name] = os.pathsep.join(fields[name])
        values = {name.upper(): str(value) for name, value in fields.items()}
        return {**values, VARIABLE: str(self.root)}

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
        path = self.root / ".env"
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
        project = Project(root=self.root)
        return self.model_copy(update={name: getattr(project, name) for name in PROJECT_KEYS})


class IsolatedSettings(Settings):
    """Settings that the environment and `.env` do not reach, of a database beside the stack's."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given here, or committed."""
        return init_settings, committed(settings_cls, init_settings)


def _parameters(address: str) -> dict[str, Any]:
    """The parameters of a libpq address. Raises ValueError, without the address: it has secrets."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise ValueError(
            "is no address that libpq reads; write postgresql://user:password@host:port/database,"
            " with %25 for a % in it, or service=NAME"
        ) from None


def _without_own(values: dict[str, Any]) -> dict[str, Any]:
    """What is no variable: others use the names ROOT and PREPARE for theirs."""
    return {
        name: value
        for name, value in values.items()
        if name not in ("root", "prepare", "after_migrate")
    }


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming each wrong variable."""
    if "MONITORS_DIR" in os.environ:
        raise SettingsError("MONITORS_DIR is set, which nothing reads", mend="call it MONITORS")
    return checked(Settings)
