"""What long trials judge by."""

import numpy as np
import pytest

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
