"""What goes wrong with a day in a table: the table, its times, one column, the labels."""

from collections.abc import Callable

from soak.days.scene import ANY, TABLES, Damage, Scene

NUMBERS = ("x", "n", "p")


def _sql(text: str) -> Callable[[Scene], None]:
    return lambda scene: scene.sql(text)


def _view(expression: str) -> Callable[[Scene], None]:
    """A view with an expression for a column, which only fails as it is read."""

    def apply(scene: Scene) -> None:
        others = ", ".join(name for name in map(str, scene.frame) if name != scene.column)
        scene.sql(
            "drop view $v; create view $v as select "
            f"{others}, {expression.format(c=scene.column)} as {scene.column} from $t"
        )
        scene.house.grant()

    return apply


def _typed(kind: str, value: str) -> Callable[[Scene], None]:
    return _sql(f"alter table $t alter $c type {kind} using {value}")


IN_TABLES = [
    Damage("no table", _sql("drop table $t cascade"), TABLES),
    Damage("no right", _sql("revoke all on $v from collector"), TABLES),
    Damage("no rows", _sql("delete from $t where $day"), TABLES),
    Damage("another name of the time", _sql("alter table $t rename at to moment"), ["table"]),
    Damage("a time that is text", _sql("alter table $t alter at type text"), ["table"]),
    Damage("times without a zone", _sql("alter table $t alter at type timestamp"), ["table"]),
    Damage("endless times", _sql("update $t set at = 'infinity' where $day"), TABLES,
           leaves_out=True),
    Damage("times missing", _sql("update $t set at = null where $day"), TABLES, leaves_out=True),
    Damage("column gone", _sql("alter table $t drop $c"), ["table"], ANY),
    *(Damage(f"a time: {value}", _typed("timestamptz", f"timestamptz '{value}'"), ["table"], ANY)
      for value in ("infinity", "-infinity", "4000-01-01 BC", "9999-12-31", "200000-01-01")),
    Damage("NaN", _typed("numeric", "'NaN'"), ["table"], NUMBERS),
    Damage("400 digits", _typed("numeric", "('1' || repeat('0', 400))::numeric"), ["table"],
           NUMBERS),
    Damage("infinity", _typed("float8", "'infinity'"), ["table"], NUMBERS),
    Damage("an array", _typed("int[]", "array[1, null]"), ["table"], ANY),
    Damage("JSON", _typed("jsonb", "'{\"a\": 1}'"), ["table"], ANY),
    Damage("bytes", _typed("bytea", "'\\x00ff'"), ["table"], ANY),
    Damage("an interval", _typed("interval", "'1 day'"), ["table"], ANY),
    Damage("nothing in it", _sql("update $t set $c = null"), TABLES, ANY),
    Damage("a division", _view("1 / (n - n)"), ["view"], ANY),
    Damage("a cast", _view("(g || 'x')::int"), ["view"], ANY),
    Damage("a time of a view", _view("timestamptz 'infinity'"), ["view"], ANY),
    Damage("a cast, at times", _view("case when $c::text > '4' then 'z'::text::int end"),
           ["view"], ("n",)),
    Damage("no target", _sql("alter table $t drop y"), ["table"], of_labels=True),
    Damage("no id", _sql("alter table $t drop id"), ["table"], of_labels=True),
    Damage("no time", _sql("alter table $t drop known"), ["table"], of_labels=True),
    Damage("ids of a number", _sql("alter table $t alter id type int using 7"), ["table"],
           of_labels=True),
    Damage("ids of others", _sql("update $t set id = id || 'x'"), ["table"], of_labels=True),
    Damage("no table", _sql("drop table $t"), ["table"], of_labels=True),
]  # fmt: skip
