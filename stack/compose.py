"""The stack in Docker: `docker compose up`, watched through the docker SDK."""

import json
import shutil
import subprocess
import time
from functools import cache

import docker
import docker.errors
from docker.models.containers import Container

from database.embedded import port_taken
from generator.artefacts import artefacts
from settings import ROOT, CommittedSettings, Settings
from stack import steps
from stack.contacts import contact_variables
from stack.grafana import Grafana
from stack.processes import complaining

WAIT_SECONDS = 1800.0


@cache
def engine_reachable() -> bool:
    """Whether a Docker Engine answers and some compose is there."""
    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except (docker.errors.DockerException, OSError):
        return False
    return bool(compose_command())


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
        local = settings.model_copy(update={"postgres_host": "127.0.0.1"})
        self.settings = local.as_committed()
        self.folder = self.settings.provisioning_dir

    @property
    def name(self) -> str:
        """Which of the runtimes this is."""
        return f"docker ({' '.join(compose_command())})"

    def artefacts(self) -> dict[str, str]:
        """The committed ones."""
        return artefacts(CommittedSettings())

    def up(self) -> None:
        """Start every service and wait until all are healthy or done. Raises RuntimeError."""
        contact_variables(self.settings)
        if not self._containers():
            self._check_ports()
        ran = self._started("grafana")
        self._compose("up", "--detach", "--build")
        self._wait()
        if ran and ran == self._started("grafana"):
            Grafana(self.settings).reload()
            steps.say("Grafana was running: provisioning reloaded")

    def down(self) -> None:
        """Stop and remove the containers, keep the volumes."""
        self._compose("down")

    def status(self) -> list[tuple[str, bool, str]]:
        """Each service with its health."""
        parts = []
        for container in self._containers():
            state = container.attrs["State"]
            health = state.get("Health", {}).get("Status", state["Status"])
            good = health in ("healthy", "running") or _done(state)
            parts.append((_service(container), good, health))
        return parts or [("containers", False, "none; run `make up`")]

    def complaints(self) -> list[str]:
        """What the services' logs complain of."""
        found = []
        for container in self._containers():
            log = bytes(container.logs(tail=400)).decode(errors="replace")
            found += [f"{_service(container)}: {line}" for line in complaining(log)]
        return found

    def grafana_log(self) -> str | None:
        """What the server has logged since its start."""
        for container in self._containers():
            if _service(container) == "grafana":
                return bytes(container.logs(tail=20_000)).decode(errors="replace")
        return None

    def _started(self, service: str) -> str:
        """When a running service was started, '' if it does not run."""
        for container in self._containers():
            if _service(container) == service and container.status == "running":
                return str(container.attrs["State"]["StartedAt"])
        return ""

    def reset_password(self) -> None:
        """Set the administrator's password to the setting's."""
        password = self.settings.grafana_admin_password
        command = ["grafana", "cli", "admin", "reset-admin-password", password]
        for container in self._containers():
            if _service(container) == "grafana":
                code, output = container.exec_run(command)
                if code:
                    said = output.decode(errors="replace") if isinstance(output, bytes) else ""
                    raise RuntimeError(f"grafana cli: {said[-400:]}")
                return
        raise RuntimeError("no grafana container runs; run `make up`")

    def _containers(self) -> list[Container]:
        client = docker.from_env()
        label: dict[str, str | list[str] | bool] = {
            "label": f"com.docker.compose.project={self._project()}"
        }
        return sorted(client.containers.list(all=True, filters=label), key=_service)

    def _project(self) -> str:
        done = self._compose("config", "--format", "json", quiet=True, check=False)
        try:
            return str(json.loads(done.stdout)["name"])
        except (json.JSONDecodeError, KeyError):
            return ROOT.name.lower()  # docker-compose 1.29 knows no JSON

    def _compose(
        self, *arguments: str, quiet: bool = False, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [*compose_command(), *arguments],
            cwd=ROOT,
            capture_output=quiet,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"`{' '.join((*compose_command(), *arguments))}` failed, see above")
        return done

    def _check_ports(self) -> None:
        settings = self.settings
        for variable in ("grafana_port", "postgres_port", "evidently_port"):
            port = getattr(settings, variable)
            if port_taken(port):
                raise RuntimeError(
                    f"port {port} is taken; stop what listens there, or set {variable.upper()}"
                )

    def _wait(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        said = ""
        while time.monotonic() < deadline:
            parts = self.status()
            dead = [name for name, good, state in parts if state in ("exited", "dead") and not good]
            if dead:
                raise RuntimeError(f"{', '.join(dead)} ended: " + "\n".join(self.complaints()[-5:]))
            waiting = [name for name, good, _ in parts if not good]
            busy = [name for name, good, state in parts if name == "init" and state == "running"]
            if not waiting and not busy:
                return
            now = f"waiting for {', '.join(waiting or busy)}"
            if now != said:
                steps.say(now)
                said = now
            time.sleep(1)
        raise RuntimeError(f"not healthy after {WAIT_SECONDS:g} s: {', '.join(waiting)}")


def _service(container: Container) -> str:
    return str(container.labels.get("com.docker.compose.service", container.name))


def _done(state: dict[str, object]) -> bool:
    return state["Status"] == "exited" and state["ExitCode"] == 0
