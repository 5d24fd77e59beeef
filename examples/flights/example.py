"""What the flights bring: a year of them, and the model's answers."""

from driftdeck.settings import Settings
from examples.example import Example


def _prepare(settings: Settings) -> None:
    from examples.flights.prepare import prepare

    print("flights: reading a year, training on January and February ...", flush=True)
    made = prepare(settings.data)
    print(f"flights: {'written to' if made else 'already in'} {settings.data}")


def _prepare_classes(settings: Settings) -> None:
    from examples.flights.classes import prepare

    print("flight_classes: training on three classes of delay ...", flush=True)
    made = prepare(settings.data)
    print(f"flight_classes: {'written to' if made else 'already in'} {settings.data}")


EXAMPLES = (
    Example("flights", _prepare),
    Example("flight_classes", _prepare_classes),
)
