"""Indexes on disk: the same numbers, made once by content, and never a reason to fail."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.drift_index import Index, cache, number_index
from driftdeck.collectors.frames.coerced import CoercedRows

MONITOR = small_monitor(
    columns=(d.number("x"), d.number("few"), d.number("never"), d.category("c")),
    prediction=None, target=None, model_version="",
    metrics=(d.drift(number=d.PSI, category=d.PSI, warn=0.1, alert=0.2),),
)  # fmt: skip


def rows(count: int, seed: int) -> pd.DataFrame:
    """Numbers with missing ones, few different ones, none at all, and words."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": np.where(random.random(count) < 0.1, np.nan, random.normal(size=count)),
            "few": random.integers(0, 5, count).astype(float),
            "never": np.nan,
            "c": random.choice(["a", "b"], count),
        }
    )


def measured(folder: str) -> list[float | None]:
    """Every score of a window against the remembered reference; also run in other processes."""
    reference = CoercedRows(MONITOR, rows(1000, 1))
    cache.WORTH_ROWS = 500
    cache.use_cached_indexes(Path(folder), "content", reference, MONITOR.all_columns())
    index = Index(MONITOR, CoercedRows(MONITOR, rows(300, 2)), reference)
    return [one.value for one in index.measure(MONITOR.series())]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The scores without a cache."""
    monkeypatch.setattr(cache, "WORTH_ROWS", 500)
    index = Index(MONITOR, CoercedRows(MONITOR, rows(300, 2)), CoercedRows(MONITOR, rows(1000, 1)))
    return [one.value for one in index.measure(MONITOR.series())]


def test_the_cache_changes_no_number(plain: list[float | None], tmp_path: Path) -> None:
    """Made, and read again as a memory map."""
    for _ in range(2):
        assert measured(str(tmp_path)) == plain
    reference = CoercedRows(MONITOR, rows(1000, 1))
    cache.use_cached_indexes(tmp_path, "content", reference, MONITOR.all_columns())
    assert isinstance(number_index(reference, MONITOR.columns[0]).sums.base, np.memmap)


def test_several_processes_make_it_at_once(plain: list[float | None], tmp_path: Path) -> None:
    """Nothing is left lying about, and each has the right numbers."""
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        found = list(pool.map(measured, [str(tmp_path)] * 6))
    assert found == [plain] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["content"]


@pytest.mark.parametrize("harm", ["cut", "gone", "other", "text"])
def test_a_damaged_cache_is_made_anew(harm: str, plain: list[float | None], tmp_path: Path) -> None:
    """Whatever lies there."""
    measured(str(tmp_path))
    file = tmp_path / "content" / "0" / "values.npy"
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:100])
    elif harm == "gone":
        file.unlink()
    elif harm == "other":
        np.save(file, np.arange(3.0))
    else:
        (file.parent / "facts.json").write_text("{}")
    for _ in range(3):
        assert measured(str(tmp_path)) == plain


def test_a_disk_that_is_full_or_locked_costs_the_cache_alone(
    plain: list[float | None], tmp_path: Path
) -> None:
    """A file lies where the folder should be."""
    (tmp_path / "taken").write_text("")
    assert measured(str(tmp_path / "taken")) == plain


def test_only_the_newest_references_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old ones are deleted when another is made."""
    monkeypatch.setattr(cache, "WORTH_ROWS", 500)
    monkeypatch.setattr(cache, "KEPT", 2)
    for n in range(4):
        cache.use_cached_indexes(
            tmp_path, f"{n}", CoercedRows(MONITOR, rows(1000, n)), MONITOR.all_columns()
        )
    assert {path.name for path in tmp_path.iterdir()} == {"2", "3"}
