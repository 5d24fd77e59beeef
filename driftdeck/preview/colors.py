"""Grafana's names of colours, and its palettes, in the dark theme."""

from collections.abc import Sequence
from typing import Any

TEXT, QUIET, GRID = "#ccccdc", "#8e8e8e", "rgba(240, 250, 255, 0.09)"
SHADES = ("super-light-", "light-", "", "semi-dark-", "dark-")
HUES = {
    "red": "#FFA6B0 #FF7383 #F2495C #E02F44 #C4162A",
    "orange": "#FFCB7D #FFB357 #FF9830 #FF780A #FA6400",
    "yellow": "#FFF899 #FFEE52 #FADE2A #F2CC0C #E0B400",
    "green": "#C8F2C2 #96D98D #73BF69 #56A64B #37872D",
    "blue": "#C0D8FF #8AB8FF #5794F2 #3274D9 #1F60C4",
    "purple": "#DEB6F2 #CA95E5 #B877D9 #A352CC #8F3BB8",
}
NAMED = {
    shade + hue: code
    for hue, codes in HUES.items()
    for shade, code in zip(SHADES, codes.split(), strict=True)
} | {"transparent": "rgba(0, 0, 0, 0)", "text": TEXT, "none": TEXT}
CLASSIC = (
    "green", "semi-dark-yellow", "light-blue", "semi-dark-orange", "red", "blue", "purple",
    "#705DA0", "dark-green", "yellow", "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62",
    "#584477",
)  # fmt: skip
"""For series without a colour of their own, in their order."""
CONTINUOUS = {
    "continuous-GrYlRd": ("green", "yellow", "red"),
    "continuous-RdYlGr": ("red", "yellow", "green"),
    "continuous-BlYlRd": ("dark-blue", "super-light-yellow", "dark-red"),
    "continuous-blues": ("#181b1f", "dark-blue"),
    "continuous-reds": ("#181b1f", "dark-red"),
    "continuous-greens": ("#181b1f", "dark-green"),
}


def to_css(name: str) -> str:
    """The CSS colour of Grafana's name; other names are CSS already."""
    return NAMED.get(name, name)


def palette_color(number: int) -> str:
    """The colour of the series of this number, from 0, in the classic palette."""
    return to_css(CLASSIC[number % len(CLASSIC)])


def threshold_color(steps: Sequence[Any], value: float | None) -> str:
    """The CSS colour of the last threshold that a value reaches, else of the first.

    steps: the thresholds' JSON, from the lowest.
    """
    reached = [
        s for s in steps if value is not None and (s["value"] is None or value >= s["value"])
    ]
    return to_css((reached or list(steps))[-1 if reached else 0]["color"]) if steps else TEXT


def fade(color: str, opacity: float) -> str:
    """A colour with an opacity from 0 to 1; only hexadecimal ones change."""
    if not color.startswith("#"):
        return color
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    red, green, blue = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def mix_colors(colors: Sequence[str], share: float) -> str:
    """The colour at a share, from 0 to 1, of a gradient through several colours."""
    position = min(max(share, 0.0), 1.0) * (len(colors) - 1)
    first = min(int(position), len(colors) - 2)
    ends = [to_css(colors[first + n]).lstrip("#") for n in (0, 1)]
    mixed = (
        round(
            int(ends[0][p : p + 2], 16) * (first + 1 - position)
            + int(ends[1][p : p + 2], 16) * (position - first)
        )
        for p in (0, 2, 4)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
