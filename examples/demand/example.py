"""What the demand brings: a year of hourly departures, and their forecasts."""

from driftdeck.settings import Settings
from examples.example import Example


def _prepare(settings: Settings) -> None:
    from examples.demand.prepare import prepare

    made = prepare(settings.data)
    print(f"demand: {'written to' if made else 'already in'} {settings.data}")


EXAMPLES = (Example("demand", _prepare),)
