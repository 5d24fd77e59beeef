"""The same dashboards as objects of Grafana's newer API, rows as tabs: docs/v2.md."""

from driftdeck.generator.v2.features import describe_layout, features
from driftdeck.generator.v2.layout import layout_of, normal
from driftdeck.generator.v2.objects import API, GROUP, differences, files, object_of
from driftdeck.generator.v2.rows import in_rows, same

__all__ = [
    "API", "GROUP", "describe_layout", "differences", "features", "files", "in_rows", "layout_of",
    "normal", "object_of", "same",
]  # fmt: skip
