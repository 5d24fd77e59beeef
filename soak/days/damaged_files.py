"""What goes wrong with a day in files: the whole of it, its times, one column, its labels."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from soak.days.scene import ANY, Damage, Scene


def _bytes(content: Callable[[Scene], bytes]) -> Callable[[Scene], None]:
    return lambda scene: void(scene.path.write_bytes(content(scene)))


def void(_: object) -> None:
    """Nothing."""


def _truncated(scene: Scene) -> bytes:
    whole = scene.path.read_bytes()
    return whole[: scene.random.randrange(1, len(whole) - 1)]


def _instead(make: Callable[[Path], object]) -> Callable[[Scene], None]:
    def apply(scene: Scene) -> None:
        scene.path.unlink()
        make(scene.path)

    return apply


def _renamed(scene: Scene) -> None:
    name = os.fsencode(scene.path.with_suffix("")) + b"\xe9" + os.fsencode(scene.path.suffix)
    os.rename(os.fsencode(scene.path), name)


def _text(change: Callable[[str], str]) -> Callable[[Scene], None]:
    return lambda scene: void(
        scene.path.write_text(change(scene.path.read_text()), errors="surrogatepass")
    )


def _html(_: Scene) -> bytes:
    return b"<html>\n<body>503 Service Unavailable</body>\n</html>\n"


WHOLE = [
    Damage("zero bytes", _bytes(lambda s: b"")),
    Damage("truncated", _bytes(_truncated), ["parquet"]),
    Damage("garbage", _bytes(lambda s: s.random.randbytes(s.random.randrange(1, 3000)))),
    Damage("HTML", _bytes(_html)),
    Damage("JSON", _bytes(lambda s: b'{"error": "not found"}\n{"rows": []}\n')),
    Damage("one word", _bytes(lambda s: b"unavailable")),
    Damage("NULs", _bytes(lambda s: bytes(s.random.randrange(1, 9000)))),
    Damage("a folder", _instead(Path.mkdir)),
    Damage("a link to nothing", _instead(lambda p: p.symlink_to("/nowhere"))),
    Damage("a queue", _instead(os.mkfifo)),
    Damage("gone", _instead(void)),
    Damage("a name that is no UTF-8", _renamed),
    Damage("UTF-16", _bytes(lambda s: s.path.read_text().encode("utf-16-le")), ["csv"]),
    Damage("UTF-16 with its mark", _bytes(lambda s: s.path.read_text().encode("utf-16")), ["csv"]),
    Damage("semicolons", _text(lambda t: t.replace(",", ";")), ["csv"]),
    Damage("tabs", _text(lambda t: t.replace(",", "\t")), ["csv"]),
    Damage("no header", _text(lambda t: t.partition("\n")[2]), ["csv"]),
    Damage("a header only", _text(lambda t: t.partition("\n")[0] + "\n"), ["csv"]),
    Damage("blank lines", _bytes(lambda s: b"\n\n\n"), ["csv"]),
    Damage("CRLF", _text(lambda t: t.replace("\n", "\r\n")), ["csv"]),
    Damage("a field more", _text(lambda t: t.rstrip("\n") + ",1\n"), ["csv"]),
    Damage("a quote that stays open", _text(lambda t: t.replace(",a,", ',"a,', 1)), ["csv"]),
    Damage("no rows", lambda s: s.write(s.frame.iloc[:0])),
]


def _column(scene: Scene, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    scene.write(change(scene.frame))


def _twice(column: Callable[[Scene], str]) -> Callable[[Scene], None]:
    def apply(scene: Scene) -> None:
        name = column(scene)
        if scene.kind.form == "csv":
            frame = pd.concat([scene.frame, scene.frame[[name]]], axis=1)
            scene.write(frame)
            return
        table = pa.Table.from_pandas(scene.frame, preserve_index=False)
        scene.store(table.append_column(name, table.column(name)))

    return apply


Change = Callable[["pd.Series[Any]"], Any]


def _times(change: Change) -> Callable[[Scene], None]:
    """A day with other times."""
    return lambda scene: scene.replaced(change(scene.frame[scene.time]), scene.time)


TIMES: dict[str, Change] = {
    "missing": lambda t: pd.Series(pd.NaT, t.index, "datetime64[ns, UTC]"),
    "words": lambda t: ["noon"] * len(t),
    "without a zone": lambda t: t.dt.tz_localize(None),
    "numbers": lambda t: t.astype("int64") // 10**9,
}
MOVED: dict[str, Change] = {
    "years ahead": lambda t: t + pd.Timedelta("4000D"),
    "of 1750": lambda t: t - pd.Timedelta("100000D"),
    "of another day": lambda t: t - pd.Timedelta("1D"),
    "some ahead": lambda t: t.where(t.index % 30 > 0, t + pd.Timedelta("300D")),
}
TIME = [
    Damage("no time", lambda s: _column(s, lambda f: f.drop(columns=s.time))),
    Damage("the time twice", _twice(lambda s: s.time)),
    *(Damage(f"times: {name}", _times(change)) for name, change in TIMES.items()),
    Damage("times: some missing", _times(lambda t: t.where(t.index % 7 > 0)), leaves_out=True),
    *(Damage(f"times: {name}", _times(change), leaves_out=True, moves=True)
      for name, change in MOVED.items()),
]  # fmt: skip

NUMBERS, WORDS = ("x", "n", "p"), ("c", "g")


def _some(scene: Scene, value: Any, count: int = 3) -> "pd.Series[Any]":
    """A column with a value here and there."""
    values = scene.frame[scene.column].astype(object)
    values.iloc[scene.random.sample(range(len(values)), count)] = value
    return values


def _no_text(value: bytes) -> Callable[[Scene], None]:
    """A column of texts of which one is bytes that are none."""

    def apply(scene: Scene) -> None:
        values = [str(v).encode() for v in scene.frame[scene.column]]
        values[scene.random.randrange(len(values))] = value
        offsets = np.cumsum([0, *map(len, values)]).astype(np.int32)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
        scene.array(pa.Array.from_buffers(pa.string(), len(values), buffers))

    return apply


def _dates(scene: Scene, first: int) -> pa.Array:
    days = pa.array(range(first, first + len(scene.frame)), pa.int32())
    return days.cast(pa.date32())


COLUMN = [
    Damage("column gone", lambda s: _column(s, lambda f: f.drop(columns=s.column)), columns=ANY),
    Damage("column twice", _twice(lambda s: s.column), columns=ANY),
    Damage("nothing in it", lambda s: s.replaced(None), columns=ANY),
    Damage("words for numbers", lambda s: s.replaced("many"), columns=NUMBERS),
    Damage("infinite", lambda s: s.replaced(np.inf), columns=("x", "p")),
    Damage("huge", lambda s: s.replaced(1.7e308), columns=("x",)),
    Damage("400 digits", lambda s: s.replaced(_some(s, "9" * 400)), ["csv"], NUMBERS),
    Damage("a million signs", lambda s: s.replaced(_some(s, "é" * 10**6, 1)), columns=WORDS),
    Damage("NUL", lambda s: s.replaced(_some(s, "a\0b")), columns=WORDS),
    Damage("NUL", lambda s: s.replaced(_some(s, "v\0", 60), "version"), columns=("version",)),
    *(Damage(f"bytes {value!r}", _no_text(value), ["parquet"], (*WORDS, "version"))
      for value in (b"\xff", b"\xed\xa0\x80", b"a\xc3")),
    Damage("lists", lambda s: s.array(pa.array([[1, 2]] * len(s.frame))), ["parquet"], ANY),
    Damage("structs", lambda s: s.array(pa.array([{"a": 1}] * len(s.frame))), ["parquet"], ANY),
    Damage("binary", lambda s: s.array(pa.array([b"\xff\0"] * len(s.frame))), ["parquet"], ANY),
    Damage("BC", lambda s: s.array(_dates(s, -2**31 + 9)), ["parquet"], ANY),
    Damage("the far future", lambda s: s.array(_dates(s, 2**31 - 99)), ["parquet"], ANY),
    Damage("beyond int64", lambda s: s.replaced(_some(s, str(2**70))), ["csv"], NUMBERS),
    Damage("Latin", lambda s: void(s.path.write_bytes(
        s.path.read_bytes().replace("ü".encode(), b"\xfc"))), ["csv"], ("c",)),
]  # fmt: skip

KEYS = ("id", "y", "known")
LABELS = [
    Damage("no target", lambda s: _column(s, lambda f: f.drop(columns="y")), of_labels=True),
    Damage("no id", lambda s: _column(s, lambda f: f.drop(columns="id")), of_labels=True),
    Damage("ids of a number", lambda s: s.replaced(range(len(s.frame)), "id"), of_labels=True),
    Damage("ids of others", lambda s: s.replaced(s.frame["id"] + "x", "id"), of_labels=True),
    Damage("two that differ", lambda s: s.write(
        pd.concat([s.frame, s.frame.assign(y=1 - s.frame["y"])])), of_labels=True),
    Damage("a column more", lambda s: s.write(s.frame.assign(z=1)), of_labels=True),
    Damage("no id twice", _twice(lambda s: "id"), of_labels=True),
]  # fmt: skip
