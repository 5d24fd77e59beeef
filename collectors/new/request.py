"""What a person says of data that is to be watched."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of `driftdeck new`; what is empty is looked for in the data.

    name: of the monitor. source: a file, a folder, a postgresql:// URI, or the variable that holds
    one. table: of that database. time: the column of when a row happened, written as time_format
    says. timezone: of the days, and of times that name none. prediction, target: columns, or
    "none". positive: the label that means yes. labels: where the target lies, with the time that a
    label became known in labels_time, and the column `on` that names a row in both. reference: the
    first and the last good day, YYYY-MM-DD. every: what a window is, such as "weekly". category,
    number, leave_out: columns that are watched so, or not. force: write over a declaration that is
    there.
    """

    name: str
    source: str
    table: str = ""
    time: str = ""
    time_format: str = ""
    timezone: str = ""
    prediction: str = ""
    target: str = ""
    positive: str = ""
    labels: str = ""
    labels_time: str = ""
    on: str = ""
    title: str = ""
    owner: str = "you"
    reference: tuple[str, str] | None = None
    every: str = ""
    category: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    force: bool = False
