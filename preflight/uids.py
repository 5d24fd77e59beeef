"""What Grafana takes for a uid."""

import re

MOST = 40
PLAIN = re.compile(r"[a-zA-Z0-9_-]*")


def is_plain(uid: str) -> bool:
    """Whether a uid has letters, digits, - and _ only."""
    return PLAIN.fullmatch(uid) is not None
