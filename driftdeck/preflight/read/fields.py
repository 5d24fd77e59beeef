"""Field types of Grafana's provisioning files, for the models of datasources, rules and the rest.

Each reads what documents.py made, as Grafana's own type does (pkg/services/provisioning/values):
a wrong value is an error of the model, which becomes a fatal finding; null leaves the default.
"""

import math
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import core_schema

from driftdeck.preflight.findings import Place, Severity
from driftdeck.preflight.read.documents import Items, Record, Scalar, line_of, plain
from driftdeck.preflight.read.reading import Reading, Source
from driftdeck.preflight.releases import Release

NAMES: dict[type, str] = {Record: "a mapping", Items: "a list"}
TRUE = ("1", "t", "T", "TRUE", "true", "True")
FALSE = ("0", "f", "F", "FALSE", "false", "False")


def _scalar(value: Any, wanted: str) -> Scalar:
    if isinstance(value, Scalar):
        return value
    if value is None:
        raise ValueError("is missing")
    raise ValueError(f"is {NAMES.get(type(value), 'something')} where {wanted} belongs")


def source_of(info: ValidationInfo) -> Source:
    """The file and reading of a validator."""
    assert isinstance(info.context, Source)
    return info.context


def _text(value: Any, info: ValidationInfo) -> str:
    return value if type(value) is str else _expanded(value, source_of(info))  # or the default


def _expanded(value: Any, source: Source) -> str:
    scalar = _scalar(value, "a text")
    return "" if scalar.kind == "null" else source.expanded(scalar)


def _whole(value: Any, info: ValidationInfo) -> int:
    text = _text(value, info)
    if text and not re.fullmatch(r"[-+]?[0-9]+", text):
        raise ValueError(f"{text!r} is no whole number")
    if not -(2**63) <= int(text or 0) < 2**63:
        raise ValueError(f"{text!r} is too large a number")
    return int(text or 0)


def _flag(value: Any, info: ValidationInfo) -> bool:
    if isinstance(value, Scalar) and value.kind == "null":
        return False
    text = _text(value, info)
    if text not in TRUE + FALSE:
        raise ValueError(f"{text!r} is neither true nor false")
    return text in TRUE


def _free(value: Any, info: ValidationInfo) -> dict[str, Any]:
    """A free-form mapping, its texts expanded."""
    return {key: _deep(inner, source_of(info)) for key, inner in _members(value)}


def _options(value: Any, info: ValidationInfo) -> dict[str, Any]:
    """A free-form mapping that never becomes JSON, so that any number will do."""
    source = source_of(info)
    return {key: _deep(inner, source, finite=False) for key, inner in _members(value)}


def _deep(value: Any, source: Source, finite: bool = True, kept: bool = False) -> Any:
    """A free-form value, expanded, or kept as written where it could have been.

    Grafana panics on a mapping below the first level whose keys are not all texts.
    """
    if isinstance(value, Record):
        _once(value)
        if value.odd:
            raise ValueError(
                f"the key {value.odd[0]} of a nested mapping is no text; put it into quotes"
            )
        return {key: _deep(inner, source, finite, kept) for key, inner in value.items()}
    if isinstance(value, Items):
        return [_deep(inner, source, finite, kept) for inner in value]
    done = plain(value)
    if finite and isinstance(done, float) and not math.isfinite(done):
        raise ValueError(f"{value} is no number that JSON knows")
    if not isinstance(done, str):
        return done
    if kept:
        source.tried(value)
        return done
    return source.expanded(value)


def _once(value: Record) -> None:
    if value.twice:
        raise ValueError(value.twice)


def _raw(value: Any, info: ValidationInfo) -> dict[str, Any]:
    """A free-form mapping kept as written; expanding it must still be possible."""
    source = source_of(info)
    return {key: _deep(inner, source, kept=True) for key, inner in _members(value)}


def _texts(value: Any, info: ValidationInfo) -> dict[str, str]:
    """A mapping of texts, expanded."""
    return {key: _text(inner, info) for key, inner in _members(value)}


def _raw_texts(value: Any, info: ValidationInfo) -> dict[str, str]:
    """A mapping of texts kept as written; expanding it must still be possible."""
    source, texts = source_of(info), {}
    for key, inner in _members(value):
        scalar = _scalar(inner, "a text")
        texts[key] = "" if scalar.kind == "null" else str(scalar)
        if scalar.kind != "null":
            source.tried(scalar)
    return texts


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Scalar) and value.kind == "null":
        return []
    if not isinstance(value, Record):
        raise ValueError(f"is {NAMES.get(type(value), 'a text')} where a mapping belongs")
    _once(value)
    return list(value.items())


def is_null(value: Any) -> bool:
    """Whether a value is not there or written as null."""
    return value is None or (isinstance(value, Scalar) and value.kind == "null")


def _none_is_empty(value: Any) -> Any:
    return [] if is_null(value) else value


def _without_nulls(value: Any) -> Any:
    """Go leaves a null out of a list of texts or mappings."""
    if not isinstance(value, Items):
        return _none_is_empty(value)
    kept = Items(item for item in value if not is_null(item))
    kept.line = value.line
    return kept


def _panics_on_null(value: Any) -> Any:
    if isinstance(value, Items) and any(is_null(item) for item in value):
        raise ValueError("has an item of nothing, on which Grafana panics; remove it")
    return _none_is_empty(value)


Text = Annotated[str, BeforeValidator(_text)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Free = Annotated[dict[str, Any], BeforeValidator(_free)]
Options = Annotated[dict[str, Any], BeforeValidator(_options)]
Raw = Annotated[dict[str, Any], BeforeValidator(_raw)]
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
RawTexts = Annotated[dict[str, str], BeforeValidator(_raw_texts)]
Listed = BeforeValidator(_without_nulls)
Pointers = BeforeValidator(_panics_on_null)
"""A list whose items Grafana holds by pointer."""
Organisation = Annotated[Whole, AfterValidator(lambda number: number if number >= 1 else 1)]


def refuse_blank(text: str) -> str:
    """Refuse a text of blanks."""
    if not text.strip():
        raise ValueError("is missing")
    return text


def refuse_empty(text: str) -> str:
    """Refuse an empty text."""
    if not text:
        raise ValueError("is missing")
    return text


Required = Annotated[Text, AfterValidator(refuse_blank)]


def since(release: str, alias: str | None = None) -> Any:
    """A field that older releases ignore."""
    return Field(default=None, alias=alias, json_schema_extra={"since": release})


class SinceRelease:
    """Marks a field that releases before one pass over, whatever stands in it."""

    def __init__(self, release: str) -> None:
        self._born = Release.of(release)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """The field's own schema, asked only where the release knows the field."""

        def read(value: Any, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            if is_null(value) or source_of(info).reading.release < self._born:
                return None
            return inner(value)

        return core_schema.with_info_wrap_validator_function(read, handler(source))


def camel(name: str) -> str:
    """org_id -> orgId."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Entry(BaseModel):
    """A mapping of a provisioning file, with the place of each of its fields."""

    model_config = ConfigDict(
        extra="allow",
        alias_generator=camel,
        arbitrary_types_allowed=True,
    )
    passed_over: ClassVar[Severity] = Severity.DOUBTFUL
    """What becomes of a key that is spelled otherwise than Grafana's."""
    if TYPE_CHECKING:  # pydantic's private attributes take three times as long, and there are many
        _record: Record
        _file: str

    @model_validator(mode="wrap")
    @classmethod
    def _remember(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Self:
        if isinstance(value, Scalar) and value.kind == "null":
            value = Record.empty(value.line)
        if not isinstance(value, Record):
            raise ValueError(f"is {NAMES.get(type(value), 'a text')} where a mapping belongs")
        _once(value)
        entry: Self = handler(value)
        entry.__dict__.update(_record=value, _file=source_of(info).file)
        return entry

    def place(self, *path: str | int) -> Place:
        """Where this entry, or what lies at a path below it, stands in its file."""
        return Place(self._file, line_of(self._record, path))

    def is_set(self, name: str) -> bool:
        """Whether a key is written, and not as null."""
        record = self._record
        if name not in record:
            return False
        value = record[name]
        return not (isinstance(value, Scalar) and value.kind == "null")

    def free(self, reading: Reading) -> dict[str, Any]:
        """The whole entry as a free-form mapping, expanded. Raises ValueError."""
        source = Source(reading, self._file)
        return {key: _deep(inner, source) for key, inner in _members(self._record)}

    def written(self, name: str) -> Any:
        """The value of a key as written, None where it is not."""
        return plain(self._record.get(name))


class OrganisationEntry(Entry):
    """What belongs to an organisation."""

    org_id: Organisation = 1
