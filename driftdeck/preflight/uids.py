"""What Grafana takes for a uid."""

import re

MOST = 40
PLAIN = re.compile(r"[a-zA-Z0-9_-]*")


def complaint(uid: str) -> str:
    """What Grafana has against a uid, '' where nothing."""
    if is_plain(uid) and len(uid) <= MOST:
        return ""
    return f"is not made of at most {MOST} letters, digits, - and _"


def is_plain(uid: str) -> bool:
    """Whether a uid has letters, digits, - and _ only."""
    return PLAIN.fullmatch(uid) is not None
