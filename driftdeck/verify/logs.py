"""What the logs of programs complain of, without what they say of no consequence."""

import re

from driftdeck.verify.offline import offline

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
    found: dict[str, list[str]] = {}
    for line in log.splitlines():
        harmless = any(one in line for one in HARMLESS) or offline(line)
        if any(mark in line for mark in COMPLAIN) and not harmless:
            found.setdefault(re.sub(r"\d+", "#", line), []).append(line[:300])
    return [
        same[-1] if len(same) == 1 else f"{len(same)} times, the newest: {same[-1]}"
        for same in found.values()
    ]


BEGINS = "starting to provision alerting"
"""Grafana logs it at every start and reload."""


def provisioning_complaints(log: str) -> list[str]:
    """What a Grafana server said against the files that it read last, each line once.

    That it has no internet is said against nothing.
    """
    lines = log[max(0, log.rfind(BEGINS)) :].splitlines()
    about = [line for line in lines if "logger=provisioning" in line or "logger=plugin" in line]
    bad = [line for line in about if re.search(r"level=(error|warn)|lvl=(eror|warn)", line)]
    bad = [line for line in bad if not offline(line)]
    return list(dict.fromkeys(re.sub(r"^.*?(msg=)", r"\1", line)[:300] for line in bad))
