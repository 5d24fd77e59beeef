"""The classifier: will this flight land more than 15 minutes late?"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from examples.errors import ExampleError

NUMBERS = (
    "departure_delay",
    "distance",
    "hour",
    "temperature",
    "wind_speed",
    "visibility",
    "pressure",
    "humidity",
    "precipitation",
)
CATEGORIES = {
    "carrier": [
        "9E",
        "AA",
        "AS",
        "B6",
        "DL",
        "EV",
        "F9",
        "FL",
        "HA",
        "MQ",
        "OO",
        "UA",
        "US",
        "VX",
        "WN",
        "YV",
    ],
    "origin": ["EWR", "JFK", "LGA"],
}
FEATURES = (*NUMBERS, *CATEGORIES)
FOLDS = 5
ONE_THREAD = {"limits": 1, "user_api": "openmp"}
"""On shared cores OpenMP's threads wait ten times longer than they work.

Also, a fitted model keeps their number: one thread gives the same file on every machine.
"""


@dataclass(frozen=True)
class Facts:
    """Where a model comes from: days are YYYY-MM-DD, both included."""

    version: str
    trained_from: str
    trained_to: str
    rows: int
    features: tuple[str, ...]
    scikit_learn: str


@dataclass(frozen=True)
class Model:
    """A fitted classifier with its version."""

    facts: Facts
    classifier: HistGradientBoostingClassifier

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of a late arrival, one a row, in [0, 1]; NaN in features is allowed."""
        with threadpool_limits(**ONE_THREAD):
            probabilities: np.ndarray = self.classifier.predict_proba(features_of(frame))
        return probabilities[:, 1].round(6)

    def save(self, folder: Path) -> Path:
        """Write VERSION.joblib and VERSION.json into a folder; return the former's path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.facts.version}.joblib"
        joblib.dump(self.classifier, path)
        text = json.dumps(asdict(self.facts), indent=2, sort_keys=True) + "\n"
        path.with_suffix(".json").write_text(text, encoding="utf-8")
        return path


def load(folder: Path, version: str) -> Model:
    """A saved model. Raises ExampleError."""
    facts = json.loads((folder / f"{version}.json").read_text(encoding="utf-8"))
    facts["features"] = tuple(facts["features"])
    return Model(Facts(**facts), joblib.load(folder / f"{version}.joblib"))


def train(frame: pd.DataFrame, version: str) -> Model:
    """Fit on the labelled rows of a frame with FEATURES, `late` and `day` (YYYY-MM-DD).

    Raises ExampleError where no row has a label.
    """
    rows = frame[frame["late"].notna()]
    if rows.empty:
        raise ExampleError(f"model {version}: no label in {len(frame)} flights; widen the days")
    with threadpool_limits(**ONE_THREAD):
        classifier = _classifier().fit(features_of(rows), rows["late"].astype(int))
    facts = Facts(
        version, rows["day"].min(), rows["day"].max(), len(rows), FEATURES, sklearn.__version__
    )
    return Model(facts, classifier)


def predict_out_of_fold(frame: pd.DataFrame) -> np.ndarray:
    """Predictions for training rows, each by a model that never saw the row's day.

    A model flatters itself on its own training rows, and a reference must not be flattered:
    log loss of January and February is 0.276 here, 0.210 where the model has seen them.
    frame: as for `train`, of FOLDS days or more. Returns one probability a row, in [0, 1].
    """
    predicted = np.full(len(frame), np.nan)

    def predict_fold(fold: tuple[np.ndarray, np.ndarray]) -> None:
        known, unseen = fold
        predicted[unseen] = train(frame.iloc[known], "fold").predict(frame.iloc[unseen])

    folds = GroupKFold(FOLDS).split(frame, groups=frame["day"])
    with side_by_side() as pool:
        list(pool.map(predict_fold, folds))
    return predicted


@contextmanager
def side_by_side() -> Iterator[Executor]:
    """Models that are fitted at once, each by one thread."""
    with threadpool_limits(**ONE_THREAD), ThreadPoolExecutor(os.cpu_count()) as pool:
        yield pool


def features_of(frame: pd.DataFrame) -> pd.DataFrame:
    """FEATURES of a frame, typed as scikit-learn's trees take them."""
    columns: dict[str, object] = {name: frame[name].astype(float) for name in NUMBERS}
    for name, known in CATEGORIES.items():
        columns[name] = pd.Categorical(frame[name], categories=known)
    return pd.DataFrame(columns, index=frame.index)


def _classifier() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        categorical_features=list(CATEGORIES), max_iter=120, learning_rate=0.1, random_state=0
    )
