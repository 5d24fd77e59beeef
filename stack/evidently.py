"""python -m stack.evidently: the Evidently UI over its own database, on the settings' port.

Evidently's file workspace is unusable after a few hundred reports, so its SQL storage it is. The
configuration is made here, not in a file: it holds a password.
"""

import os

os.environ["DO_NOT_TRACK"] = "1"  # before the import: the UI reports usage otherwise

# Imported for its effect: it makes the sections `database` and `storage: sql` known.
import evidently.ui.service.storage.sql.components  # noqa: F401
from evidently.ui.service.app import run
from evidently.ui.service.config import load_config
from evidently.ui.service.local_service import LocalConfig

from database import Role, uri
from settings import Settings, load_settings


def configuration(settings: Settings, host: str) -> LocalConfig:
    """The UI's configuration for the settings' database and port."""
    sections = {"storage": {"type": "sql"}, "database": {"url": uri(settings, Role.EVIDENTLY)}}
    config = load_config(LocalConfig, sections)
    config.service.host = host
    config.service.port = settings.evidently_port
    return config


if __name__ == "__main__":
    run(configuration(load_settings(), os.environ.get("EVIDENTLY_HOST", "127.0.0.1")))
