"""python -m stack.evidently: the Evidently UI over its own database, on the settings' port."""

import os
import tempfile

import yaml

from database import Role, uri
from settings import Settings, load_settings


def configuration(settings: Settings, host: str) -> dict[str, object]:
    """What `evidently ui --conf-path` reads. The file workspace is unusable after a few hundred
    reports, so the SQL one it is."""
    return {
        "service": {"host": host, "port": settings.evidently_port},
        "storage": {"type": "sql"},
        "database": {"url": uri(settings, Role.EVIDENTLY)},
        "dataset_storage": {"type": "fsspec", "path": str(settings.stack_dir / "evidently")},
    }


def main() -> None:
    """Replace this process by the UI; its configuration holds a password and is for us only."""
    os.environ["DO_NOT_TRACK"] = "1"
    settings = load_settings()
    host = os.environ.get("EVIDENTLY_HOST", "127.0.0.1")
    handle, path = tempfile.mkstemp(suffix=".yaml")
    with os.fdopen(handle, "w") as file:
        yaml.safe_dump(configuration(settings, host), file)
    from evidently.cli.main import app

    app(["ui", "--host", host, "--port", str(settings.evidently_port), "--conf-path", path])


if __name__ == "__main__":
    main()
