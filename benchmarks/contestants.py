"""Each way of measuring the drift of 20 columns, run in a process and an environment of its own.

python contestants.py NAME FOLDER REPEATS prints JSON: seconds of fitting the reference and of each
measurement, and what was measured by column; with 0 repeats, the memory that both take beyond the
frames.
"""

import atexit
import json
import os
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"
os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402 (after what turns reporting off)
import pandas as pd  # noqa: E402 (the same)

Values = dict[str, float | None]
Measure = Callable[[pd.DataFrame], Values]


def ours(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """The index, from raw frames: their coercion is part of each measurement."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from driftdeck import declare as d
    from driftdeck.collectors.engines.drift_index import Index
    from driftdeck.collectors.engines.drift_index.cache import use_cached_indexes
    from driftdeck.collectors.frames.coerced import CoercedRows

    monitor = d.Monitor(
        name="bench",
        title="Bench",
        description="A benchmark.",
        owner="bench",
        source=d.Parquet("bench", time="at"),
        starts="2024-01-01",
        reference=d.Between("2024-01-01", "2024-01-31"),
        columns=(*map(d.number, numbers), *map(d.category, categories)),
        prediction=None,
        metrics=(d.drift(warn=0.1, alert=0.2),),
        late_after=d.Hours(24),
        min_rows=50,
    )
    base, series = CoercedRows(monitor, reference), list(monitor.series())
    # As the collectors do it: a large reference's index lies on disk, and is mapped.
    folder = tempfile.TemporaryDirectory()
    use_cached_indexes(Path(folder.name), "bench", base, monitor.all_columns())

    def measure(window: pd.DataFrame) -> Values:
        measurements = Index(monitor, CoercedRows(monitor, window), base).measure(series)
        return {s.key[1]: m.value for s, m in zip(series, measurements, strict=True)}

    measure(reference.head(100))  # makes the index
    atexit.register(folder.cleanup)
    return measure


def floor(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """What an exact answer cannot do without: a sort, a search, and counting; no distance."""
    ordered = {name: np.sort(reference[name].to_numpy()) for name in numbers}

    def measure(window: pd.DataFrame) -> Values:
        for name in numbers:
            ordered[name].searchsorted(np.sort(window[name].to_numpy()))
        for name in categories:
            window[name].value_counts()
        return {}

    return measure


def evidently_preset(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """DataDriftPreset with our methods; it draws, too."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    base = Dataset.from_pandas(reference, data_definition=definition)
    preset = DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")

    def measure(window: pd.DataFrame) -> Values:
        current = Dataset.from_pandas(window, data_definition=definition)
        return _evidently(Report([preset]).run(current, base).dict())

    return measure


def evidently_valuedrift(
    reference: pd.DataFrame, numbers: list[str], categories: list[str]
) -> Measure:
    """A ValueDrift a column, in one report."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    base = Dataset.from_pandas(reference, data_definition=definition)
    metrics = [ValueDrift(column=name, method="wasserstein") for name in numbers]
    metrics += [ValueDrift(column=name, method="jensenshannon") for name in categories]

    def measure(window: pd.DataFrame) -> Values:
        current = Dataset.from_pandas(window, data_definition=definition)
        return _evidently(Report(metrics).run(current, base).dict())

    return measure


def _evidently(snapshot: dict[str, Any]) -> Values:
    return {
        metric["config"]["column"]: float(metric["value"])
        for metric in snapshot["metrics"]
        if "ValueDrift" in metric["config"]["type"]
    }


def nannyml(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """UnivariateDriftCalculator, one chunk a window."""
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
    import nannyml as nml

    calculator = nml.UnivariateDriftCalculator(
        column_names=[*numbers, *categories],
        treat_as_categorical=categories,
        continuous_methods=["wasserstein"],
        categorical_methods=["jensen_shannon"],
        chunk_number=1,
    )
    calculator.fit(reference)

    def measure(window: pd.DataFrame) -> Values:
        table = calculator.calculate(window).to_df()
        last = table.iloc[-1]
        return {
            name: float(last[name, "wasserstein" if name in numbers else "jensen_shannon", "value"])
            for name in (*numbers, *categories)
        }

    return measure


def whylogs(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """Sketches: a profile a window, scored against the reference's."""
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    base = why.log(reference).view()

    def measure(window: pd.DataFrame) -> Values:
        view = why.log(window).view()
        scores = calculate_drift_scores(
            target_view=view, reference_view=base, with_thresholds=False
        )
        return {
            name: float(score["pvalue"] if "pvalue" in score else score["statistic"])
            for name, score in scores.items()
            if score
        }

    return measure


def frouros(reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> Measure:
    """EMD of the numbers alone; it has no such distance of words."""
    from frouros.detectors.data_drift import EMD

    detectors = {name: EMD() for name in numbers}
    for name, detector in detectors.items():
        detector.fit(X=reference[name].to_numpy())

    def measure(window: pd.DataFrame) -> Values:
        return {
            name: float(detector.compare(X=window[name].to_numpy())[0].distance)
            for name, detector in detectors.items()
        }

    return measure


CONTESTANTS = {
    contestant.__name__: contestant
    for contestant in (
        ours,
        floor,
        evidently_preset,
        evidently_valuedrift,
        nannyml,
        whylogs,
        frouros,
    )
}


class Memory:
    """Samples this process's own memory while something runs; pages of files are not its own."""

    def __enter__(self) -> "Memory":
        self._before = self.highest = self._now()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def mib(self) -> float:
        """The most that was taken beyond what was there before."""
        return (self.highest - self._before) / 1024

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            self.highest = max(self.highest, self._now())

    @staticmethod
    def _now() -> int:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def main() -> None:
    """Read the frames, warm up on small ones, fit and measure; or see what memory that takes."""
    name, folder, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    window, reference = (pd.read_parquet(folder / f"{n}.parquet") for n in ("window", "reference"))
    numbers = [str(c) for c in reference if str(c).startswith("n")]
    categories = [str(c) for c in reference if str(c).startswith("c")]
    CONTESTANTS[name](reference.head(2000), numbers, categories)(window.head(1000))
    if repeats == 0:
        with Memory() as memory:
            CONTESTANTS[name](reference, numbers, categories)(window)
        print(json.dumps({"mib": memory.mib}))
        return
    began = time.perf_counter()
    measure = CONTESTANTS[name](reference, numbers, categories)
    fitted = time.perf_counter() - began
    seconds = []
    values: Values = {}
    for _ in range(repeats):
        began = time.perf_counter()
        values = measure(window)
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"fit": fitted, "seconds": seconds, "values": values}))


if __name__ == "__main__":
    main()
