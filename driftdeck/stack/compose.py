"""The stack in Docker: `docker compose up`, watched through the docker SDK."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache

import docker
import docker.errors
from docker.models.containers import Container

from driftdeck.database import passwords
from driftdeck.database.embedded import port_taken
from driftdeck.generator.artefacts import artefacts
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.grafana.contacts import contact_variables
from driftdeck.project import Project
from driftdeck.settings import SECRETS, Settings
from driftdeck.stack import steps
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import attend
from driftdeck.verify.logs import BEGINS, complaining

WAIT_SECONDS = 1800.0
RESTARTS = 2
"""So many during one wait, and the container will not come up by itself."""


def engine_reachable() -> bool:
    """Whether a Docker Engine answers and some compose is there."""
    return not engine_problem()


@cache
def engine_problem() -> str:
    """Why Docker cannot be used, '' where it can."""
    try:
        client = _client(timeout=5)
        client.ping()
        client.close()
    except (docker.errors.DockerException, OSError) as error:
        return f"no Docker Engine answers ({error})"
    return "" if compose_command() else "there is neither `docker compose` nor `docker-compose`"


@cache
def _host() -> str | None:
    """Where the current context's engine listens: the SDK only knows DOCKER_HOST."""
    if os.environ.get("DOCKER_HOST") or not shutil.which("docker"):
        return None
    command = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _client(timeout: int = 60) -> docker.DockerClient:
    host = _host()
    if host is None:
        return docker.from_env(timeout=timeout)
    return docker.DockerClient(base_url=host, timeout=timeout)


@cache
def compose_command() -> tuple[str, ...]:
    """`docker compose` where the plugin is installed, else `docker-compose`, else nothing."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return ("docker", "compose")
    return ("docker-compose",) if shutil.which("docker-compose") else ()


class Compose:
    """The services of docker-compose.yml."""

    def __init__(self, settings: Settings) -> None:
        self.settings = as_compose_reads(settings).as_committed()
        self.folder = self.settings.provisioning_dir

    @property
    def name(self) -> str:
        """Which of the runtimes this is."""
        return f"docker ({' '.join(compose_command())})"

    def artefacts(self) -> dict[str, str]:
        """The committed ones."""
        return artefacts(Project(root=self.settings.root))

    def up(self) -> None:
        """Start every service and wait until all are healthy or done. Raises StackError."""
        contact_variables(self.settings)
        self._check_ports()
        committed = Project(root=self.settings.root).evidently
        if committed != self.settings.evidently:
            steps.say(
                f"the built links to reports lead to {committed}; for {self.settings.evidently} set"
                f" evidently_url in {self.settings.file} and `make build`"
            )
        for container in self._containers():
            if container.status == "restarting":
                container.stop()  # else it waits up to a minute before it tries what was mended
        ran = self._started("grafana")
        try:
            self._choose_passwords()
            self._compose("up", "--detach", "--build")
        except (StackError, passwords.PasswordError) as error:
            raise StackError("\n".join([str(error), *self._ended({})])) from error
        self._wait()
        if ran and ran == self._started("grafana"):
            self._reload()

    def _choose_passwords(self) -> None:
        """Random ones into `.env`, where compose reads them; a volume that is older gets them.

        One that has another superuser's password leaves `.env` as it was. Raises PasswordError.
        """
        generated = [name for name in SECRETS if not self.settings.variable(name.upper())]
        env = self.settings.root / ".env"
        before = env.read_bytes() if env.exists() else None
        for name in generated:
            self.settings.keep_variable(name.upper(), passwords.new_password())
        self.settings = as_compose_reads(self.settings)
        try:
            self._compose("up", "--detach", "postgres")
            default = Settings.model_fields["postgres_password"].default
            passwords.adopt(self.settings, [default])
        except passwords.PasswordError:
            if before is not None:
                env.write_bytes(before)
            elif generated:
                env.unlink()
            raise
        if generated:
            steps.say("passwords of the database: random ones, kept in .env")

    def down(self) -> None:
        """Stop and remove the containers, keep the volumes."""
        self._compose("down")

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command in the collectors' container; its exit status."""
        terminal = [] if sys.stdin.isatty() else ["-T"]
        inside = [*compose_command(), "exec", *terminal, "collectors", *arguments]
        return attend(inside, cwd=self.settings.root)

    def status(self) -> list[tuple[str, bool, str]]:
        """Each service with its health."""
        parts = []
        for container in self._containers():
            state = _state(container)
            good = state in ("healthy", "running", "done")
            parts.append((_service(container), good, state))
        return parts or [("containers", False, "none; run `make up`")]

    def complaints(self) -> list[str]:
        """What the services' logs complain of."""
        lines = []
        for container in self._containers():
            log = bytes(container.logs(tail=400)).decode(errors="replace")
            lines += [f"{_service(container)}: {line}" for line in complaining(log)]
        return lines

    def grafana_log(self) -> str | None:
        """What the server has logged since its start."""
        for container in self._containers():
            if _service(container) == "grafana":
                return bytes(container.logs(tail=20_000)).decode(errors="replace")
        return None

    def _reload(self) -> None:
        try:
            Grafana(self.settings).reload()
        except GrafanaError as error:
            log = self.grafana_log() or ""
            complaints = complaining(log[max(0, log.rfind(BEGINS)) :])
            raise StackError("\n".join([str(error), *complaints[:3]])) from error
        steps.say("Grafana was running: provisioning reloaded")

    def _started(self, service: str) -> str:
        """When a running service was started, '' if it does not run."""
        for container in self._containers():
            if _service(container) == service and container.status == "running":
                return str(container.attrs["State"]["StartedAt"])
        return ""

    def reset_password(self) -> None:
        """Set the administrator's password to the setting's."""
        password = self.settings.grafana_admin_password
        command = [*compose_command(), "exec", "-T", "grafana", "grafana", "cli", "admin"]
        command += ["reset-admin-password", "--password-from-stdin"]
        done = subprocess.run(
            command,
            cwd=self.settings.root,
            input=password,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"grafana cli: {done.stdout[-400:]}{done.stderr[-400:]}")

    def _containers(self) -> list[Container]:
        # By folder: how a project's name is made of it differs between composes.
        labels = [
            f"com.docker.compose.project.working_dir={self.settings.root}",
            "com.docker.compose.oneoff=False",
        ]
        containers = _client().containers.list(
            all=True, filters={"label": labels}, ignore_removed=True
        )
        return sorted(containers, key=_service)

    def _compose(self, *arguments: str) -> None:
        command = [*compose_command(), *arguments]
        if subprocess.run(command, cwd=self.settings.root, check=False).returncode:
            raise StackError(f"`{' '.join(command)}` failed, see above")

    def _check_ports(self) -> None:
        ours = {
            binding["HostPort"]
            for container in self._containers()
            for bindings in container.ports.values()
            for binding in bindings or []
        }
        for variable in ("grafana_port", "postgres_port", "evidently_port"):
            port = getattr(self.settings, variable)
            if str(port) not in ours and port_taken(port):
                raise StackError(
                    f"port {port} is taken; stop what listens there, or set {variable.upper()}"
                )

    def _wait(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        before = {container.id: container.attrs["RestartCount"] for container in self._containers()}
        last = ""
        while True:
            ended = self._ended(before)
            if ended:
                raise StackError("\n".join(ended))
            parts = self.status()
            waiting = [name for name, good, _ in parts if not good]
            busy = [name for name, good, state in parts if name == "init" and state == "running"]
            if not waiting and not busy:
                return
            if time.monotonic() > deadline:
                raise StackError(f"not healthy after {WAIT_SECONDS:g} s: {', '.join(waiting)}")
            now = f"waiting for {', '.join(waiting or busy)}" + self._progress(waiting)
            if now != last:
                steps.say(now)
                last = now
            time.sleep(1)

    def _progress(self, waiting: list[str]) -> str:
        """What the collectors said last, where one waits for them: a year takes minutes."""
        for container in self._containers() if waiting == ["collectors"] else ():
            if _service(container) == "collectors":
                line = _end(container, 1).strip()
                return f" ({re.sub('^time=[^ ]* level=[^ ]* ', '', line)})"
        return ""

    def _ended(self, before: Mapping[str | None, int]) -> list[str]:
        """The end of the log of each container that will not come up. before: restarts by id."""
        ends = []
        for container in self._containers():
            state = _state(container)
            restarts = container.attrs["RestartCount"] - before.get(container.id, 0)
            failed = state == "starting" and steps.FAILED in _end(container, 1)
            loops = restarts >= RESTARTS and state not in ("healthy", "running")
            if failed or loops or state in ("exited", "dead", "unhealthy"):
                what = f"ends again and again ({restarts} times)" if loops else f"is {state}"
                what = "cannot collect" if failed else what
                end = f"the end of its log:\n{_end(container)}"
                ends.append(f"{_service(container)} {what}; {end}")
        return ends


def as_compose_reads(settings: Settings) -> Settings:
    """The settings with this machine's port and with the passwords that compose has: of the
    environment or `.env`, else the defaults of the compose file, not those of another runtime."""
    fields = Settings.model_fields
    update = {name: settings.variable(name.upper()) or fields[name].default for name in SECRETS}
    return settings.model_copy(update={**update, "postgres_host": "127.0.0.1"})


def _end(container: Container, lines: int = 8) -> str:
    log = bytes(container.logs(tail=lines)).decode(errors="replace")
    return "\n".join(f"  {line[:300]}" for line in log.splitlines())


def _service(container: Container) -> str:
    return str(container.labels.get("com.docker.compose.service", container.name))


def _state(container: Container) -> str:
    """Its health while it runs, else what became of it: a dead one still has its last health."""
    state = container.attrs["State"]
    if state["Status"] == "exited" and state["ExitCode"] == 0:
        return "done" if _service(container) == "init" else "stopped"
    if state["Status"] != "running":
        return str(state["Status"])
    return str(state.get("Health", {}).get("Status", "running"))
