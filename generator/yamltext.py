"""Writes YAML for people: SQL as literal blocks, so that a change of it diffs line by line."""

from functools import lru_cache
from typing import Any

import yaml
from yaml.representer import SafeRepresenter

STR, MAP, SEQ = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
RESOLVER: Any = yaml.resolver.Resolver()


class _Dumper(yaml.CSafeDumper):
    """PyYAML's writer in C, which asks of each text whether it reads as one without quotes."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag that a reader would give a node; the same few texts come again and again."""
        if kind is yaml.ScalarNode:
            return _implied(value) if implicit[0] else STR
        return MAP if kind is yaml.MappingNode else SEQ


@lru_cache(maxsize=16_384)
def _implied(text: str) -> str:
    return str(RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))


def text(document: object) -> str:
    """A document of mappings, lists, texts and numbers as YAML.

    Everything is written out: Grafana's readers know no anchors in every place.
    """
    written: str = yaml.serialize(_node(document), Dumper=_Dumper, allow_unicode=True, width=10_000)
    return written


def _node(value: object) -> yaml.Node:
    """Straight to nodes, which PyYAML's representers reach by as many calls again."""
    if isinstance(value, str):
        return yaml.ScalarNode(STR, value, style="|" if "\n" in value else None)
    if isinstance(value, dict):
        pairs = [(_node(key), _node(inner)) for key, inner in value.items()]
        return yaml.MappingNode(MAP, pairs, flow_style=False)
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(SEQ, [_node(inner) for inner in value], flow_style=False)
    return yaml.ScalarNode(*_plain(value, repr(value)))


@lru_cache(maxsize=1024, typed=True)
def _plain(value: object, said: str) -> tuple[str, str]:
    """Tag and text of a number, a boolean or None. said: tells what is equal and not the same."""
    node = SafeRepresenter().represent_data(value)
    return node.tag, node.value
