"""What a Grafana of others holds in the way of ours: it is named, and not touched."""

from collections.abc import Iterator, Sequence
from typing import Any

from driftdeck.generator.resources import Resources
from driftdeck.project import SettingsError
from driftdeck.settings import Settings

Json = dict[str, Any]
MARK = "madeBy"
"""A key of a datasource's jsonData that says so of what we have made."""
US = "driftdeck"
COMPARED = ("type", "user", "url")


def datasource(built: Resources, stored: Json, settings: Settings) -> Iterator[str]:
    """Why a datasource with the uid of ours is somebody else's; nothing where it is not."""
    ours = built.get(("datasource", stored["uid"]))
    options = stored.get("jsonData") or {}
    if ours is None or options.get(MARK) == US:
        return
    differing = [k for k in COMPARED if k in ours.content and stored.get(k) != ours.content[k]]
    wanted = ours.content["jsonData"]["database"]
    if wanted not in (options.get("database"), stored.get("database")):
        differing.append("database")
    if differing:
        yield (
            f"the datasource {stored['name']!r} has the uid {stored['uid']!r} and another"
            f" {', '.join(differing)}, so it is not driftdeck's; set datasource_uid to a uid of its"
            ' own, or datasource = "existing" to use that one'
        )


def contact_points(built: Resources, stored: Sequence[Json], prefix: str) -> Iterator[str]:
    """Contact points of others that have a name of ours: Grafana would make both one."""
    names = {resource.name for (kind, _), resource in built.items() if kind == "contact point"}
    for point in stored:
        ours = point["uid"].startswith(prefix) or ("contact point", point["uid"]) in built
        if point["name"] in names and not ours:
            yield (
                f"the contact point {point['name']!r} is there and not driftdeck's; give the"
                " contact another name in contacts.py"
            )


def rules(
    built: Resources, stored: Sequence[Json], folders: dict[str, str], settings: Settings
) -> Iterator[str]:
    """Rules of others in the folder of ours, whose groups and routes would be one."""
    for rule in stored:
        ours = rule["uid"].startswith(settings.uid_prefix) or ("rule", rule["uid"]) in built
        if not ours and folders.get(rule["folderUID"]) == settings.alert_folder:
            yield (
                f"the rule {rule['title']!r} in the folder {settings.alert_folder!r} is not"
                " driftdeck's; set alert_folder to another title"
            )


def refuse(problems: Sequence[str]) -> None:
    """Raise SettingsError with what is in the way, if anything is."""
    if problems:
        raise SettingsError("; ".join(dict.fromkeys(problems)))
