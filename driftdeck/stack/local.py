"""The stack without Docker: embedded PostgreSQL, a native Grafana where there is one, Evidently."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from driftdeck.database import passwords
from driftdeck.database.embedded import Embedded, port_taken
from driftdeck.generator.artefacts import Place, artefacts
from driftdeck.generator.files import write
from driftdeck.grafana.client import Grafana
from driftdeck.grafana.contacts import contact_variables
from driftdeck.settings import Settings
from driftdeck.stack import steps
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import Program, wait_until
from driftdeck.verify.logs import complaining

WAIT_SECONDS = 120.0


def grafana_binary(settings: Settings) -> str:
    """The grafana program to run, '' where there is none. Raises StackError for a wrong one."""
    if settings.grafana_bin:
        binary = shutil.which(settings.grafana_bin)
        if binary is None:
            raise StackError(f"GRAFANA_BIN={settings.grafana_bin} is no program")
        return binary
    return shutil.which("grafana") or ""


def release(binary: str) -> str:
    """The release of a grafana program, as "major.minor"."""
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+\.\d+)\.\d+", answer.stdout + answer.stderr)
    if match is None:
        raise StackError(f"{binary} --version says no release: {answer.stdout}{answer.stderr}")
    return match[1]


class Local:
    """Embedded PostgreSQL, and Grafana unless `grafana` is False."""

    def __init__(self, settings: Settings, *, grafana: bool) -> None:
        binary = grafana_binary(settings) if grafana else ""
        built_for = {"grafana_release": release(binary)} if binary else {}
        self._folder = settings.stack_dir.resolve()
        self.folder = self._folder / "provisioning"
        self.settings = settings.model_copy(update=built_for)
        self._binary = binary
        self._database = Embedded(self._folder / "postgres", settings.postgres_port)
        self._grafana = Program("grafana", self._folder)
        self._preview = Program("preview", self._folder)
        self._evidently = Program("evidently", self._folder)
        self._programs = (self._grafana, self._preview, self._evidently)

    @property
    def name(self) -> str:
        """Which of the runtimes this is."""
        if not self._binary:
            return "embedded (PostgreSQL, and previews of the dashboards: no Grafana found)"
        return f"grafana ({self._binary} {self.settings.grafana_release}, embedded PostgreSQL)"

    def artefacts(self) -> dict[str, str]:
        """What this Grafana's release and this place need."""
        place = Place(str(self.folder / "dashboards"), f"127.0.0.1:{self.settings.postgres_port}")
        return artefacts(self.settings, place)

    def up(self) -> None:
        """Start everything, fill the database, build for this place. Raises StackError."""
        contact_variables(self.settings)
        self._check_ports()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._choose_passwords()
        self.start_database()
        steps.migrate_schema(self.settings)
        self._start_evidently()
        with ThreadPoolExecutor(1) as beside:  # neither needs the data that is being collected
            shown = beside.submit(self._build_and_show)
            steps.fill(self.settings)
            shown.result()
        self._wait_for_evidently()

    def _build_and_show(self) -> None:
        self._build()
        if self._binary:
            self._start_grafana()
        else:
            self._start_preview()

    def start_database(self) -> None:
        """Start PostgreSQL if it does not run. Raises EmbeddedError, PasswordError."""
        settings = self.settings
        user, password = settings.postgres_user, settings.postgres_password
        self._database.serve(user, password)
        default = Settings.model_fields["postgres_password"].default
        kept = passwords.kept(settings, "postgres_password")
        passwords.adopt(settings, [kept or default, default])
        # Also one of the environment, which the next `up` may not have.
        passwords.keep(settings, "postgres_password", password)
        self._database.create(user, password, settings.postgres_db)
        steps.say(f"PostgreSQL listens on 127.0.0.1:{settings.postgres_port}")

    def _choose_passwords(self) -> None:
        """Those that nobody has chosen; programs that were started with others end."""
        settings = passwords.chosen(self.settings)
        if settings != self.settings:
            self.settings = settings
            for program in self._programs:
                program.stop()

    def down(self) -> None:
        """Stop everything, keep the data."""
        for program in self._programs:
            if program.stop():
                steps.say(f"{program.name} stopped")
        if self._database.running():
            self._database.stop()
            steps.say("PostgreSQL stopped")

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command in the project's folder with these settings; its exit status."""
        return steps.run_here(self.settings, arguments)

    def status(self) -> list[tuple[str, bool, str]]:
        """(part, runs, address) for each part."""
        settings = self.settings
        parts = [("PostgreSQL", self._database.running(), f"127.0.0.1:{settings.postgres_port}")]
        program, name = self._shows()
        parts.append((name, program.running(), settings.grafana))
        parts.append(("Evidently UI", self._evidently.running(), settings.evidently))
        return parts

    def complaints(self) -> list[str]:
        """Lines of the programs' logs that complain."""
        programs = (self._shows()[0], self._evidently)
        return [f"{p.name}: {line}" for p in programs for line in complaining(p.tail(20_000))]

    def grafana_log(self) -> str | None:
        """The server's log, None without a server."""
        return self._grafana.tail(1_000_000) if self._binary else None

    def reset_password(self) -> None:
        """Set the administrator's password to the setting's."""
        if not self._binary:
            raise StackError("there is no Grafana here, so no password to set")
        command = [self._binary, "cli", "--homepath", self._home(), "admin", "reset-admin-password"]
        done = subprocess.run(
            [*command, "--password-from-stdin"],
            input=self.settings.grafana_admin_password,
            env={**steps.environment(self.settings), **self._grafana_environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"grafana cli: {done.stdout[-400:]}{done.stderr[-400:]}")

    def _check_ports(self) -> None:
        (self._preview if self._binary else self._grafana).stop()  # the other one had the port
        ports = [
            (self._evidently, "EVIDENTLY_PORT", self.settings.evidently_port),
            (self._shows()[0], "GRAFANA_PORT", self.settings.grafana_port),
        ]
        for program, variable, port in ports:
            if not program.running() and port_taken(port):
                raise StackError(
                    f"port {port} is taken; stop what listens there, or set {variable}"
                )

    def _build(self) -> None:
        changed = write(self.folder, self.artefacts())
        steps.say(f"artefacts: {len(changed)} files written for {self.settings.grafana_release}")

    def _shows(self) -> tuple[Program, str]:
        """What shows the dashboards, and its name for people."""
        return (self._grafana, "Grafana") if self._binary else (self._preview, "previews")

    def _home(self) -> str:
        return self.settings.grafana_home or str(Path(self._binary).resolve().parent.parent)

    def _grafana_environment(self) -> dict[str, str]:
        settings = self.settings
        return {
            "GF_PATHS_DATA": str(self._folder / "grafana"),
            "GF_PATHS_LOGS": str(self._folder / "grafana" / "log"),
            "GF_PATHS_PROVISIONING": str(self.folder),
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": str(settings.grafana_port),
            "GF_SERVER_ROOT_URL": f"{settings.grafana}/",
            "GF_SECURITY_ADMIN_USER": settings.grafana_admin_user,
            "GF_SECURITY_ADMIN_PASSWORD": settings.grafana_admin_password,
            "GF_DASHBOARDS_MIN_REFRESH_INTERVAL": "5s",
            "GRAFANA_READER_PASSWORD": settings.grafana_reader_password,
            **contact_variables(settings),
            **QUIET,
        }

    def _start_grafana(self) -> None:
        grafana = Grafana(self.settings)
        if self._grafana.running():
            grafana.reload()
            steps.say("Grafana was running: provisioning reloaded")
            return
        command = [self._binary, "server", "--homepath", self._home()]
        self._grafana.start(command, self._grafana_environment())
        wait_until(lambda: grafana.health() is not None, WAIT_SECONDS, self._grafana, "Grafana")
        steps.say(f"Grafana answers at {self.settings.grafana}")

    def _start_preview(self) -> None:
        """Serve the dashboards where Grafana would be, with the drawing code of now."""
        self._preview.stop()
        port = self.settings.grafana_port
        command = steps.command("preview", "--serve", "--port", str(port))
        self._preview.start(command, steps.environment(self.settings))
        wait_until(lambda: port_taken(port), WAIT_SECONDS, self._preview, "the previews")
        steps.say(f"dashboards are drawn at {self.settings.grafana}")

    def _start_evidently(self) -> None:
        """Start the UI if it does not run; it comes up while the data is collected."""
        if not self._evidently.running():
            command = steps.command("evidently")
            self._evidently.start(command, steps.environment(self.settings))

    def _wait_for_evidently(self) -> None:
        port = self.settings.evidently_port
        wait_until(lambda: port_taken(port), WAIT_SECONDS, self._evidently, "the Evidently UI")
        steps.say(f"Evidently UI answers at {self.settings.evidently}")


QUIET = {
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
}
"""No phoning home; and since 13.2 the preinstaller can unload the bundled PostgreSQL plugin."""
