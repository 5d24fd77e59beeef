"""The secrets that contact points name: from the environment or `.env`, never from a file."""

from driftdeck.load import load_contacts
from driftdeck.project import SettingsError
from driftdeck.settings import Settings


def contact_variables(settings: Settings) -> dict[str, str]:
    """Every variable that a contact names, with its value.

    Raises SettingsError for one that is not set: Grafana would take it as empty, without a word.
    """
    values = {}
    for contact in load_contacts(*settings.monitor_folders):
        for name in contact.receiver.variables():
            value = settings.variable(name)
            if not value:
                raise SettingsError(
                    f"contacts.py: contact {contact.name!r} names ${name}, which is not set;"
                    " put it into .env or the environment"
                )
            values[name] = value
    return values
