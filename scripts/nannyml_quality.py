"""Records what NannyML's calculators of data quality say of small frames, for the tests without it.

It has an environment of its own, which `make bench-peers` makes:
NML_DISABLE_USAGE_LOGGING=1 .stack/bench/nannyml/bin/python scripts/nannyml_quality.py
"""

import json
import logging
import os
import warnings
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import nannyml as nml  # noqa: E402 (after what turns reporting off)
import numpy as np  # noqa: E402 (the same)
import pandas as pd  # noqa: E402 (the same)

FILE = Path(__file__).parents[1] / "tests" / "cases" / "nannyml-quality.json"
SHAPES = ("plain", "constant", "beyond", "missing", "missing on both sides")
SIZES = ((40, 1), (1, 30), (25, 25), (60, 17))
WORDS = np.array(["a", "b", "é", " a", "A", "1", "1.0", "d", "e"], dtype=object)


def words(shape: str, n: int, is_reference: bool, random: np.random.Generator) -> list[str | None]:
    """A category; the window has words that the reference lacks."""
    known = WORDS[:1] if shape == "constant" else WORDS[:5]
    values = random.choice(known if is_reference else WORDS[: 5 if shape == "constant" else 9], n)
    return with_gaps(values, shape, is_reference, random)


def numbers(
    shape: str, n: int, is_reference: bool, random: np.random.Generator
) -> list[float | None]:
    """A number; the window's may lie beyond the reference's, or on its ends."""
    values = random.integers(0, 9, n) / 4 if shape == "plain" else random.normal(size=n)
    if shape == "constant":
        values = np.full(n, 1.5) if is_reference else random.choice([1.5, 1.5, 2.0], n)
    elif shape == "beyond" and not is_reference:
        values = values + 10
    return with_gaps(np.round(values, 6), shape, is_reference, random)


def with_gaps(
    values: np.ndarray, shape: str, is_reference: bool, random: np.random.Generator
) -> list[Any]:
    """The values, some of them missing where the shape has it so; the first never is."""
    is_gap = random.random(len(values)) < 0.3
    has_gaps = shape == "missing on both sides" or (shape == "missing" and not is_reference)
    rest = zip(values.tolist(), is_gap, strict=True)
    return [None if has_gaps and gap and at else value for at, (value, gap) in enumerate(rest)]


def ask(calculator: type, reference: list[Any], window: list[Any], kind: str) -> float:
    """The share that a calculator gives of a window, as one chunk."""
    then, now = (pd.DataFrame({"x": pd.Series(side, dtype=kind)}) for side in (reference, window))
    fitted = calculator(column_names=["x"], chunk_number=1).fit(then)
    table = fitted.calculate(now).filter(period="analysis").to_df()
    return float(table["x", "value"].iloc[0])


def main() -> None:
    """Write the file."""
    random = np.random.default_rng(20261127)
    calculators = {
        "unseen": (nml.UnseenValuesCalculator, words, "object"),
        "range": (nml.NumericalRangeCalculator, numbers, "float64"),
    }
    answers = []
    for name, (calculator, make, kind) in calculators.items():
        for shape in SHAPES:
            for rows in SIZES:
                then, now = (make(shape, n, at == 0, random) for at, n in enumerate(rows))
                answers.append(
                    {
                        "metric": name,
                        "shape": shape,
                        "reference": then,
                        "window": now,
                        "share": ask(calculator, then, now, kind),
                    }
                )
    lines = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
    head = json.dumps({"nannyml": nml.__version__})[:-1]
    FILE.write_text(f'{head}, "answers": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
