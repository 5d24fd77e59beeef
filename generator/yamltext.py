"""Writes YAML for people: SQL as literal blocks, so that a change of it diffs line by line."""

from typing import Any

import yaml

DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""In C where PyYAML has it; both write the same."""


class _Dumper(DUMPER):  # type: ignore[misc]  # which of the two, only a machine knows
    def ignore_aliases(self, data: object) -> bool:
        """Write everything out: Grafana's readers know no anchors in every place."""
        return True


def _represent_text(dumper: Any, text: str) -> yaml.ScalarNode:
    node: yaml.ScalarNode = dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )
    return node


_Dumper.add_representer(str, _represent_text)


def text(document: object) -> str:
    """A document of mappings, lists, texts and numbers as YAML, its keys in their order."""
    written: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
    )
    return written
