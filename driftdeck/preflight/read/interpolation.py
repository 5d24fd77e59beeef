"""How Grafana expands `$` in the values of provisioning files.

As pkg/services/provisioning/values and pkg/setting/expanders.go of grafana/grafana do: a text is
cut at `$$`; in each part ${NAME}, $__env{NAME} and $__file{PATH} are replaced first, then whatever
is left is expanded once more as a shell would. So a secret that holds a `$` survives only in the
bare form, $NAME.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from driftdeck.errors import DriftdeckError

EXPANDER = re.compile(r"\$(|__\w+)\{([^}]+)\}")
NAME = re.compile(r"[A-Za-z0-9_]+")
SPECIAL = "*#$@!?-0123456789"


class MissingFileError(DriftdeckError, ValueError):
    """$__file{} names a file that is not there: Grafana does not start."""


@dataclass
class Expansion:
    """value: what Grafana reads. unset: names without a value. mangled: names expanded twice.

    secrets: what variables and files gave, by how the text names them.
    """

    value: str
    unset: list[str] = field(default_factory=list)
    mangled: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)


def expand(text: str, environment: Mapping[str, str], local: Callable[[str], Path]) -> Expansion:
    """Expand one value. local: where a path of Grafana's machine lies on this one.

    Raises: MissingFileError.
    """
    if "$" not in text:
        return Expansion(text)
    done = Expansion("")

    written = _names(text)

    def get(name: str) -> str:
        if name in written:  # and no part of a secret that is expanded once more
            done.secrets[f"${name}"] = environment.get(name, "")
            if name not in environment:
                done.unset.append(name)
        return environment.get(name, "")

    parts = [_shell(_expanders(part, get, local, done), get) for part in text.split("$$")]
    done.value = "$".join(parts)
    return done


def _names(text: str) -> set[str]:
    """The variables that a text names as it is written."""
    named = {match[2] for match in EXPANDER.finditer(text) if match[1] in ("", "__env")}

    def note(name: str) -> str:
        named.add(name)
        return ""

    for part in text.split("$$"):
        _shell(EXPANDER.sub("", part), note)
    return named


def _expanders(
    text: str, get: Callable[[str], str], local: Callable[[str], Path], done: Expansion
) -> str:
    for match in EXPANDER.finditer(text):
        kind, name = match.groups()
        if kind in ("", "__env"):
            value = get(name)
            if "$" in value:
                done.mangled.append(name)
            text = text.replace(match[0], value, 1)
    for match in EXPANDER.finditer(text):
        if match[1] == "__file":
            path = local(match[2])
            if not path.is_file():
                raise MissingFileError(
                    f"$__file{{{match[2]}}} names a file that is not there; Grafana does not start"
                    f" without it (is it elsewhere here? --map {match[2]}=HERE)"
                )
            value = path.read_text(encoding="utf-8").strip()
            done.secrets[match[0]] = value
            if "$" in value:
                done.mangled.append(match[0])
            text = text.replace(match[0], value, 1)
    return text


def _shell(text: str, get: Callable[[str], str]) -> str:
    """Go's os.ExpandEnv."""
    out, at = [], 0
    while 0 <= (dollar := text.find("$", at)) < len(text) - 1:
        out.append(text[at:dollar])
        name, width = _shell_name(text[dollar + 1 :])
        if name:
            out.append(get(name))
        elif width == 0:
            out.append("$")
        at = dollar + 1 + width
    return "".join([*out, text[at:]])


def _shell_name(rest: str) -> tuple[str, int]:
    """The name after a `$` and how many characters it takes; ('', 0) where there is none."""
    if rest[0] == "{":
        end = rest.find("}")
        if end < 0:
            return "", 1
        return (rest[1:end], end + 1) if end > 1 else ("", 2)
    if rest[0] in SPECIAL:
        return rest[0], 1
    match = NAME.match(rest)
    return (match[0], len(match[0])) if match else ("", 0)
