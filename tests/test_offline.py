"""A Grafana without internet is no Grafana that fails: by lines that an offline 12.4 logged."""

from pathlib import Path

import pytest

from driftdeck.verify.logs import BEGINS, complaining, provisioning_complaints
from driftdeck.verify.offline import is_offline

LOGGED = Path(__file__).parent / "recorded" / "offline-12.4.log"
LINES = LOGGED.read_text(encoding="utf-8").splitlines()
"""Everything that it said of grafana.com, with all that asks there switched on."""


def line(part: str) -> str:
    """The first recorded line that holds a text."""
    return next(one for one in LINES if part in one)


def test_an_offline_server_is_not_complained_of() -> None:
    """Neither by `verify` nor by `status`."""
    assert provisioning_complaints("\n".join([f'msg="{BEGINS}"', *LINES])) == []
    assert complaining("\n".join(LINES)) == []


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("key_retriever", "dial tcp: lookup grafana.com on 192.0.2.53:53: no such host", "EOF"),
        ("key_retriever", 'error="Get', 'error="unexpected status code: 403" was="Get'),
        ("key_retriever", "https://grafana.com/", "https://plugins.example.org/"),
        ("detectors", "Error while updating detectors", "Error while loading plugin"),
        ("backgroundinstaller", "grafana-pyroscope-app ", "grafana-postgresql-datasource "),
        ("backgroundinstaller", "plugin.backgroundinstaller", "plugin.loader"),
    ],
)
def test_another_failure_is_told(part: str, old: str, new: str) -> None:
    """An answer that says no, another address, another message, a plugin that panels need."""
    text = "\n".join(one.replace(old, new) for one in LINES if part in one)

    assert is_offline(line(part))
    assert provisioning_complaints(f'msg="{BEGINS}"\n{text}') != []
