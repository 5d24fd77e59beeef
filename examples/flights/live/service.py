"""A small web service: answers with the current model, and logs every answer before it gives it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psycopg
from flask import Flask, Response, jsonify, request

from examples.flights import model
from examples.flights.live import tables

CURRENT = "current"
NEEDED = ("flight_id", "scheduled_departure")


class Models:
    """A folder of saved models, one of them the current one; another process may change it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: model.Model | None = None

    def promote(self, version: str) -> None:
        """Make a saved model the current one."""
        beside = self._folder / f".{CURRENT}"
        beside.write_text(version, encoding="utf-8")
        beside.replace(self._folder / CURRENT)

    def current(self) -> model.Model:
        """The current model. Raises FileNotFoundError where none was made current."""
        version = (self._folder / CURRENT).read_text(encoding="utf-8")
        if self._loaded is None or self._loaded.facts.version != version:
            self._loaded = model.load(self._folder, version)
        return self._loaded


def create(models: Models, connect: Callable[[], psycopg.Connection]) -> Flask:
    """The service. POST /predictions takes a list of flights, GET /health says who answers."""
    app = Flask(__name__)

    @app.get("/health")
    def health() -> Response:
        return jsonify(model_version=models.current().facts.version)

    @app.post("/predictions")
    def predictions() -> Response | tuple[Response, int]:
        given = request.get_json(silent=True)
        wrong = problem(given)
        if wrong:
            return jsonify(error=wrong), 400
        current = models.current()
        rows = pd.DataFrame(given).reindex(columns=[*NEEDED, *model.FEATURES])
        rows["late_probability"] = current.predict(rows)
        rows["model_version"] = current.facts.version
        with connect() as connection:
            tables.add(connection, "predictions", tables.LOGGED, rows)
        answered = ["flight_id", "late_probability", "model_version"]
        return jsonify(rows[answered].to_dict("records"))

    return app


def problem(given: object) -> str:
    """What is wrong with a request, '' if nothing is."""
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        return "send a JSON list of flights"
    for number, one in enumerate(given):
        missing = [name for name in NEEDED if not one.get(name)]
        if missing:
            return f"flight {number} has no {' and no '.join(missing)}"
        words = [n for n in model.NUMBERS if not isinstance(one.get(n), int | float | None)]
        if words:
            return f"flight {number}: {words[0]} is {one[words[0]]!r}, not a number"
    return ""
