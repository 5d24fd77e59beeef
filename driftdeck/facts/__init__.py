"""What holds of every Grafana, said once: whoever reads, writes or checks its files asks here.

Standard library only, so that the pre-flight can import it wherever it is installed.
"""

from typing import Any

Json = dict[str, Any]
"""An object of JSON or YAML: a dashboard, a panel, a rule."""
