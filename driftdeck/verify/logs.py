"""The complaints in logs of programs, without those that are harmless."""

import re

from driftdeck.verify.offline import is_offline

COMPLAIN = ("level=error", "FATAL", "ERROR:", "Error: ", "Traceback")
HARMLESS = (
    # `verify` tries to write, to see it refused.
    "cannot execute DELETE in a read-only transaction",
    # Grafana before 10 looks for folders that nobody needs.
    "/provisioning/plugins: no such file",
    "/provisioning/notifiers: no such file",
)


def complaining(log: str) -> list[str]:
    """The lines of a log that complain, those alike once: the newest, cut to 300 characters."""
    by_pattern: dict[str, list[str]] = {}
    for line in log.splitlines():
        harmless = any(text in line for text in HARMLESS) or is_offline(line)
        if any(mark in line for mark in COMPLAIN) and not harmless:
            by_pattern.setdefault(re.sub(r"\d+", "#", line), []).append(line[:300])
    return [
        same[-1] if len(same) == 1 else f"{len(same)} times, the newest: {same[-1]}"
        for same in by_pattern.values()
    ]


BEGINS = "starting to provision alerting"
"""Grafana logs it at every start and reload."""


def provisioning_complaints(log: str) -> list[str]:
    """A Grafana server's complaints of the files that it read last, each line once.

    Lines that only say that there is no internet are no complaints.
    """
    lines = log[max(0, log.rfind(BEGINS)) :].splitlines()
    relevant = [line for line in lines if "logger=provisioning" in line or "logger=plugin" in line]
    complaints = [
        line for line in relevant if re.search(r"level=(error|warn)|lvl=(eror|warn)", line)
    ]
    complaints = [line for line in complaints if not is_offline(line)]
    return list(dict.fromkeys(re.sub(r"^.*?(msg=)", r"\1", line)[:300] for line in complaints))
