"""Every damage, and which kinds of sources can suffer it."""

from soak.days.damaged_files import COLUMN, LABELS, TIME, WHOLE
from soak.days.damaged_tables import IN_TABLES
from soak.days.house import Kind
from soak.days.scene import Damage

DAMAGES = [*WHOLE, *TIME, *COLUMN, *LABELS, *IN_TABLES]


def fits(damage: Damage, kind: Kind, labels: bool) -> bool:
    """Whether a kind's source, or that of its labels, can suffer a damage."""
    if kind.form not in damage.forms or damage.of_labels > labels:
        return False
    return not labels or damage.of_labels or damage in WHOLE
